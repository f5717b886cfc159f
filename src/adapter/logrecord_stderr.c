/* SPDX-License-Identifier: MIT */
/* stderr: the line's prefix as log_line_prefix has it, "WORD:  message", further lines of it behind a tab, then lines with the prefix
   again for DETAIL, QUERY, CONTEXT, STATEMENT. */
#include "adapter/logrecord_private.h"

#include <stddef.h>
#include <string.h>

#include "base/arena.h"

static const char *const parts[] = { "DETAIL:  ", "HINT:  ", "QUERY:  ", "CONTEXT:  ", "LOCATION:  ", "BACKTRACE:  ", "STATEMENT:  " };

/* The first "WORD:  " of capitals; translated ones have letters beyond ASCII. */
static const char *severity(const char *line, size_t len)
{
	for (const char *p = line; (p = memmem(p, len - (size_t)(p - line), ":  ", 3)); p++) {
		const char *w = p;
		while (w > line && ((w[-1] >= 'A' && w[-1] <= 'Z') || (unsigned char)w[-1] >= 0x80 || (w[-1] >= '0' && w[-1] <= '9')))
			w--;
		if (w < p && (*w < '0' || *w > '9'))
			return w;
	}
	return NULL;
}

bool logrecord_belongs(const char *line, size_t len)
{
	const char *w = severity(line, len);
	for (size_t i = 0; w && i < sizeof parts / sizeof *parts; i++)
		if (strncmp(w, parts[i], strlen(parts[i])) == 0)
			return true;
	return false;
}

/* Where the prefix's next literal stands; what lies before it is the escape's value. */
static char *value_end(char *from, const char *rest, const char *word)
{
	size_t n = 0;
	while (rest[n] && (rest[n] != '%' || rest[n + 1] == '%'))
		n++;
	if (n == 0)
		return rest[0] ? from : (char *)(word > from ? word : from);
	if (!rest[n] && word - from >= (ptrdiff_t)n && strncmp(word - n, rest, n) == 0)
		return from + (word - from) - n;   /* the last one: it may hold the literal itself */
	char *at = memmem(from, strlen(from), rest, n);
	return at && at <= word ? at : NULL;
}

/* "2026-11-26 04:30:00.123 CET": it has spaces of its own. */
static char *time_end(char *p)
{
	for (int i = 0; i < 2; i++)
		p += strcspn(p, " \n") + 1 - (p[strcspn(p, " \n")] != ' ');
	size_t letters = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	return p + (letters ? letters : strspn(p, "+-:0123456789"));
}

/* Takes apart what stands before the severity. An escape right behind another one cannot be told from it. */
static void read_prefix(struct arena *a, char *line, const char *word, const char *prefix, struct log_record *out)
{
	char *p = line;
	for (const char *f = prefix; *f && p; ) {
		if (*f != '%') {
			p = *p == *f ? p + 1 : NULL;
			f++;
			continue;
		}
		f++;
		f += strspn(f, "-0123456789");
		char what = *f ? *f++ : '\0';
		if (what == 'q')
			continue;
		char *end = what == 't' || what == 'm' || what == 's' ? time_end(p) : value_end(p, f, word);
		const char *v = end && end > p ? arena_dupn(a, p, (size_t)(end - p)) : NULL;
		const char **to = what == 't' || what == 'm' ? &out->at : what == 'u' ? &out->role : what == 'd' ? &out->database : what == 'a' ? &out->app
			: what == 'h' || what == 'r' ? &out->addr : what == 'e' ? &out->state : NULL;
		if (to)
			*to = v;
		p = end;
	}
}

/* The text behind from, up to the next part; the tab of each further line taken out, its newline kept. */
static char *untab(struct arena *a, const char *from, size_t len)
{
	char *s = arena_dupn(a, from, len), *to = s;
	for (const char *p = s; *p; p++) {
		*to++ = *p;
		if (p[0] == '\n' && p[1] == '\t')
			p++;
	}
	while (to > s && to[-1] == '\n')
		to--;
	*to = '\0';
	return s;
}

static size_t part_len(const char *from)
{
	const char *p = from;
	while ((p = strchr(p, '\n')) && p[1] == '\t')
		p++;
	return p ? (size_t)(p - from) : strlen(from);
}

/* Verbose: "ERROR:  42703: column ..." */
static const char *take_state(struct arena *a, const char *message, struct log_record *out)
{
	if (strspn(message, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5 || strncmp(message + 5, ": ", 2) != 0 || strcspn(message, "0123456789") > 4)
		return message;
	out->state = arena_dupn(a, message, 5);
	return message + 7;
}

static void take_parts(struct arena *a, const char *p, struct log_record *out)
{
	while (*p) {
		const char *line_end = strchrnul(p, '\n'), *w = severity(p, (size_t)(line_end - p));
		size_t len = part_len(p);
		if (w && strncmp(w, "STATEMENT:  ", 12) == 0)
			out->statement = untab(a, w + 12, len - (size_t)(w + 12 - p));
		else if (w && strncmp(w, "CONTEXT:  ", 10) == 0)
			out->context = untab(a, w + 10, len - (size_t)(w + 10 - p));
		p += len;
		p += *p == '\n';
	}
}

bool logrecord_stderr(struct arena *a, char *text, const char *prefix, struct log_record *out)
{
	size_t first = part_len(text);
	const char *word = severity(text, strcspn(text, "\n"));
	if (!word) {
		out->message = untab(a, text, first);   /* what another program wrote there, or the rest of an entry */
		return true;
	}
	read_prefix(a, text, word, prefix, out);
	const char *message = strstr(word, ":  ") + 3;
	out->message = take_state(a, untab(a, message, first - (size_t)(message - text)), out);
	take_parts(a, text + first + (text[first] == '\n'), out);
	return true;
}
