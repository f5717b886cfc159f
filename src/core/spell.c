/* SPDX-License-Identifier: MIT */
#include "core/spell.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"

#define AFFIX_MAX 32

static bool lower(char c) { return c >= 'a' && c <= 'z'; }
static bool upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool counts(char c) { return lower(c) || upper(c) || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80; }
static char fold(char c) { return upper(c) ? (char)(c - 'A' + 'a') : c; }

bool spell_in_word(char c)
{
	return counts(c) || c == '_';
}

/* A capital behind something else, or the last capital of several that opens a word: HTTP|Server. */
static bool hump(const char *text, size_t len, size_t i)
{
	return upper(text[i]) && (!upper(text[i - 1]) || (i + 1 < len && lower(text[i + 1])));
}

bool spell_starts(const char *text, size_t len, size_t i)
{
	return i == 0 || !counts(text[i - 1]) || hump(text, len, i);
}

bool spell_ends(const char *text, size_t len, size_t i)
{
	return i >= len || !counts(text[i]) || hump(text, len, i);
}

struct spell spell_of(struct arena *a, const char *name)
{
	size_t len = strlen(name), n = 0, words = 0;
	char *folded = arena_alloc(a, len + 1);
	size_t *at = arena_array(a, len + 1, sizeof *at);
	bool *word = arena_array(a, len + 1, sizeof *word);
	for (size_t i = 0; i < len; i++) {
		if (!counts(name[i]))
			continue;
		word[n] = n == 0 || at[n - 1] + 1 != i || hump(name, len, i);
		words += word[n];
		at[n] = i;
		folded[n++] = fold(name[i]);
	}
	return (struct spell){ .name = arena_dup(a, name), .fold = folded, .n = n, .words = words, .at = at, .word = word };
}

/* What may stand between two words: underscores, one hyphen, or just what stands there in the name. */
static size_t gap(const struct spell *s, size_t i, const char *text, size_t len)
{
	const char *own = s->name + s->at[i - 1] + 1;
	size_t n = s->at[i] - s->at[i - 1] - 1;
	if (n > len || memcmp(text, own, n) != 0)
		n = 0;
	if (n == 0 && len && text[0] == '-')
		return 1;
	while (n < len && text[n] == '_')
		n++;
	return n;
}

size_t spell_match(const struct spell *s, const char *text, size_t len)
{
	size_t at = 0;
	for (size_t i = 0; i < s->n; i++) {
		if (i && s->word[i])
			at += gap(s, i, text + at, len - at);
		if (at >= len || fold(text[at]) != s->fold[i])
			return 0;
		at++;
	}
	return at;
}

enum spell_form spell_form(const char *text, size_t len)
{
	bool low = false, up = false, line = false, hyphen = false, other = false;
	for (size_t i = 0; i < len; i++) {
		low = low || lower(text[i]);
		up = up || upper(text[i]);
		line = line || text[i] == '_';
		hyphen = hyphen || text[i] == '-';
		other = other || !(spell_in_word(text[i]) || text[i] == '-');
	}
	if (other || (line && hyphen) || ((line || hyphen) && low && up))
		return SPELL_OTHER;
	if (hyphen)
		return SPELL_KEBAB;
	if (line)
		return up ? SPELL_SCREAMING : SPELL_SNAKE;
	if (!up)
		return SPELL_LOWER;
	if (!low)
		return SPELL_UPPER;
	return upper(text[0]) ? SPELL_PASCAL : SPELL_CAMEL;
}

const char *spell_form_name(enum spell_form f)
{
	static const char *const names[] = {
		[SPELL_LOWER] = "lower case", [SPELL_SNAKE] = "snake_case", [SPELL_CAMEL] = "camelCase", [SPELL_PASCAL] = "PascalCase",
		[SPELL_UPPER] = "UPPER CASE", [SPELL_SCREAMING] = "SCREAMING_CASE", [SPELL_KEBAB] = "kebab-case", [SPELL_OTHER] = "as it stands",
	};
	return names[f];
}

static bool listed(const char *const *list, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (text_eq(list[i], word))
			return true;
	return false;
}
#define LISTED(list, word) listed(list, sizeof list / sizeof *list, word)

static const char *const common[] = {
	"account", "action", "active", "address", "amount", "archived", "author", "balance", "body", "category", "city", "code", "color", "comment",
	"company", "config", "content", "count", "country", "created", "createdat", "createdby", "currency", "data", "date", "default", "deleted",
	"deletedat", "description", "details", "disabled", "email", "enabled", "enddate", "endtime", "event", "field", "file", "filename", "firstname",
	"flag", "flags", "format", "group", "hash", "height", "image", "index", "info", "input", "item", "items", "kind", "label", "language",
	"lastname", "level", "limit", "link", "list", "locale", "location", "login", "message", "meta", "metadata", "method", "mode", "model",
	"name", "note", "notes", "number", "object", "options", "order", "orders", "output", "owner", "parent", "parentid", "password", "path", "payload",
	"phone", "position", "price", "priority", "product", "products", "quantity", "rank", "rate", "reason", "reference", "region", "result", "role",
	"score", "service", "session", "settings", "size", "slug", "sort", "source", "start", "startdate", "starttime", "state", "status", "street",
	"subject", "summary", "table", "tags", "target", "text", "time", "timestamp", "title", "token", "total", "type", "units", "updated",
	"updatedat", "updatedby", "user", "userid", "username", "users", "uuid", "value", "values", "version", "weight", "width",
};

bool spell_is_common(const struct spell *s)
{
	return s->n <= 3 || LISTED(common, s->fold);
}

/* What ORMs and people put before and behind a field's name. */
static const char *const opening[] = {
	"get", "set", "is", "has", "with", "by", "add", "find", "findby", "findallby", "findfirstby", "findoneby", "getby", "countby",
	"existsby", "deleteby", "removeby", "readby", "queryby", "streamby", "orderby", "sortby", "groupby", "where", "filterby", "whereby", "updateby", "setby",
	"clear", "reset", "will", "saved", "before", "after", "validate", "validates", "m", "f", "k", "col", "column", "colname", "columnname", "field", "fieldname", "attr", "db",
};
static const char *const closing[] = {
	"was", "changed", "change", "willchange", "didchange", "beforelastsave", "beforetypecast", "inwas", "indatabase", "previouslychanged",
	"previouslywas", "column", "col", "field", "attribute", "attr", "property", "eq", "noteq", "in", "notin", "gt", "gte", "lt", "lte", "like", "ilike", "contains",
	"startswith", "endswith", "isnull", "isnotnull", "notnull", "null", "between", "asc", "desc", "cont", "matches", "present", "blank",
};

static bool affix(const char *const *list, size_t n, const char *text, size_t len)
{
	char folded[AFFIX_MAX + 1];
	size_t used = 0;
	for (size_t i = 0; i < len && used < AFFIX_MAX; i++)
		if (counts(text[i]))
			folded[used++] = fold(text[i]);
	folded[used] = '\0';
	return used == 0 || listed(list, n, folded);
}

bool spell_opens(const char *text, size_t len)
{
	return affix(opening, sizeof opening / sizeof *opening, text, len);
}

bool spell_closes(const char *text, size_t len)
{
	return affix(closing, sizeof closing / sizeof *closing, text, len);
}
