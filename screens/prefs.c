/* SPDX-License-Identifier: MIT */
#include "screens/prefs.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"

/* What can be kept, by name: its values, and how each is read and told. */
enum known { P_THEME, P_SIGNS, P_BELL, P_COUNT };
static const struct { const char *name, *values; } known[P_COUNT] = {
	[P_THEME] = { "theme", "safe, dark, light, mono" }, [P_SIGNS] = { "signs", "unicode, ascii" }, [P_BELL] = { "bell", "on, off" },
};

static const char *told(enum known k, const struct settings *s)
{
	return k == P_THEME ? theme_name(s->theme) : k == P_SIGNS ? (s->ascii ? "ascii" : "unicode") : s->bell ? "on" : "off";
}

/* Whether value is the first (0) or the second (1) of two words; -1 neither. */
static int which(const char *value, const char *first, const char *second)
{
	return strcmp(value, first) == 0 ? 0 : strcmp(value, second) == 0 ? 1 : -1;
}

static bool set(struct settings *s, enum known k, const char *value)
{
	int two;
	enum theme t;
	switch (k) {
	case P_THEME:
		t = theme_named(value);
		s->theme = t == THEME_COUNT ? s->theme : t;
		return t != THEME_COUNT;
	case P_SIGNS:
		two = which(value, "unicode", "ascii");
		s->ascii = two == 1;
		return two >= 0;
	default:
		two = which(value, "off", "on");
		s->bell = two < 0 ? s->bell : two;
		return two >= 0;
	}
}

static char *trim(char *s)
{
	s += strspn(s, " \t\r");
	size_t n = strlen(s);
	while (n > 0 && strchr(" \t\r", s[n - 1]))
		s[--n] = '\0';
	return s;
}

/* The line as name and value; P_COUNT when it is none of ours. */
static enum known line_read(char *line, char **value)
{
	char *eq = strchr(line, '=');
	if (!eq)
		return P_COUNT;
	*eq = '\0';
	*value = trim(eq + 1);
	const char *name = trim(line);
	for (int k = 0; k < P_COUNT; k++)
		if (strcmp(known[k].name, name) == 0)
			return (enum known)k;
	return P_COUNT;
}

/* The next line, without its end; NULL after the last. */
static char *line_next(struct arena *a, const char **text)
{
	if (**text == '\0')
		return NULL;
	size_t n = strcspn(*text, "\n");
	char *line = arena_dupn(a, *text, n);
	*text += n + ((*text)[n] == '\n');
	return line;
}

struct settings prefs_parse(struct arena *a, const char *text, const char **complaint)
{
	struct settings s = SETTINGS_DEFAULT;
	char *line, *value;
	*complaint = NULL;
	for (int n = 1; (line = line_next(a, &text)); n++) {
		enum known k = line_read(line, &value);
		if (k == P_COUNT || set(&s, k, value) || *complaint)
			continue;
		*complaint = arena_printf(a, "line %d: %s is one of %s, not \"%s\": %s is used", n, known[k].name, known[k].values, value, told(k, &s));
	}
	return s;
}

const char *prefs_text(struct arena *a, const char *old, const struct settings *s)
{
	struct text t = { 0 };
	char *line, *value;
	for (const char *rest = old; (line = line_next(a, &rest));)
		if (line_read(arena_dup(a, line), &value) == P_COUNT)
			text_addf(&t, "%s\n", line);
	for (int k = 0; k < P_COUNT; k++)
		text_addf(&t, "%s = %s\n", known[k].name, told((enum known)k, s));
	const char *copy = arena_dup(a, text_str(&t));
	text_free(&t);
	return copy;
}
