/* SPDX-License-Identifier: MIT */
#include "adapter/logrecord.h"

#include <string.h>

#include "adapter/logrecord_private.h"
#include "base/arena.h"
#include "base/text.h"

struct logread {
	struct log_opts o;
	struct text now;            /* the entry being read, as far as it is kept */
	struct text line;           /* stderr: the line being read, which may belong to it or begin another */
	size_t bytes;               /* not given out yet, kept or not; stderr: of the line alone */
	bool quoted;                /* csv: inside a field in quotes */
	bool cut;
	struct arena *own, *scratch;   /* its own; of one entry */
	struct log_count count;
	char first[64];
};

const char *log_format_name(enum log_format f)
{
	static const char *const names[] = { [LOG_CSV] = "csvlog", [LOG_JSON] = "jsonlog", [LOG_STDERR] = "stderr" };
	return names[f];
}

struct logread *logread_new(const struct log_opts *o)
{
	struct arena *own = arena_new();
	struct logread *r = arena_alloc(own, sizeof *r);
	*r = (struct logread){ .o = *o, .own = own, .scratch = arena_new() };
	return r;
}

void logread_free(struct logread *r)
{
	if (!r)
		return;
	text_free(&r->now);
	text_free(&r->line);
	arena_free(r->scratch);
	arena_free(r->own);
}

static void start(struct logread *r)
{
	text_clear(&r->now);
	r->quoted = r->cut = false;
}

static bool is_wanted(const struct logread *r)
{
	for (size_t i = 0; r->o.wanted && r->o.wanted[i]; i++)
		if (strcasestr(r->now.s, r->o.wanted[i]))
			return true;
	return r->o.wanted == NULL;
}

/* What no string of ours may hold: bytes that are not UTF-8 (a database in another encoding), and NUL. */
static void make_text(struct text *t)
{
	for (size_t i = 0, used; i < t->len; i += used) {
		uint32_t c = text_next(t->s + i, t->len - i, &used);
		bool odd = c == 0xFFFD && !(used == 3 && memcmp(t->s + i, "\xEF\xBF\xBD", 3) == 0);
		if (odd || c == 0)
			memset(t->s + i, '?', used);
	}
}

static bool read_entry(struct logread *r, struct log_record *out)
{
	switch (r->o.format) {
	case LOG_CSV: return logrecord_csv(r->scratch, r->now.s, r->now.len, out);
	case LOG_JSON: return logrecord_json(r->scratch, r->now.s, r->now.len, out);
	default: return logrecord_stderr(r->scratch, r->now.s, r->o.prefix ? r->o.prefix : "", out);
	}
}

static void end_entry(struct logread *r)
{
	struct log_record rec = { .cut = r->cut };
	r->count.entries++;
	r->count.cut += r->cut;
	if (!text_utf8_valid(r->now.s, r->now.len) || memchr(r->now.s, '\0', r->now.len))
		make_text(&r->now);
	bool given = is_wanted(r);
	if (given || r->count.entries == 1) {
		bool good = read_entry(r, &rec);
		if (good && rec.at && !r->first[0])
			strncat(r->first, rec.at, sizeof r->first - 1);
		if (!good)
			r->count.unreadable += given;
		else if (given)
			r->o.sink(r->o.ctx, &rec);
		arena_free(r->scratch);
		r->scratch = arena_new();
	}
	start(r);
	r->bytes = 0;
}

static void keep(struct logread *r, struct text *to, const char *s, size_t n)
{
	size_t room = LOG_RECORD_MAX - to->len;
	if (n > room)
		r->cut = true;
	text_addn(to, s, n < room ? n : room);
}

/* stderr: another entry than the lines before it is begun by every line that is neither indented nor a DETAIL and the like. */
static void end_line(struct logread *r)
{
	if (r->now.len > 0 && *r->line.s != '\t' && !logrecord_belongs(r->line.s, r->line.len)) {
		bool cut = r->cut && r->line.len == LOG_RECORD_MAX;
		end_entry(r);
		r->cut = cut;
	}
	keep(r, &r->now, r->line.s, r->line.len);
	text_clear(&r->line);
	r->bytes = 0;
}

static void end_of_line(struct logread *r)
{
	if (r->o.format == LOG_STDERR)
		end_line(r);
	else if (!r->quoted)
		end_entry(r);
}

static void count_quotes(struct logread *r, const char *s, size_t n)
{
	for (const char *q = s; r->o.format == LOG_CSV && (q = memchr(q, '"', n - (size_t)(q - s))); q++)
		r->quoted = !r->quoted;
}

void logread_feed(struct logread *r, const char *bytes, size_t n)
{
	while (n > 0) {
		const char *nl = memchr(bytes, '\n', n);
		size_t line = nl ? (size_t)(nl - bytes) + 1 : n;
		count_quotes(r, bytes, line);
		keep(r, r->o.format == LOG_STDERR ? &r->line : &r->now, bytes, line);
		r->bytes += line;
		if (nl)
			end_of_line(r);
		bytes += line;
		n -= line;
	}
}

size_t logread_end(struct logread *r)
{
	size_t left = r->bytes;
	if (r->o.format == LOG_STDERR && r->now.len > 0)
		end_entry(r);
	start(r);
	text_clear(&r->line);
	r->bytes = 0;
	return left;
}

struct log_count logread_count(const struct logread *r)
{
	return r->count;
}

const char *logread_first(const struct logread *r)
{
	return r->first[0] ? r->first : NULL;
}

bool log_prefix_tells(const char *prefix)
{
	bool role = false, database = false;
	for (const char *p = prefix; (p = strchr(p, '%')) && p[1]; p += 2) {
		size_t pad = strspn(p + 1, "-0123456789");
		role = role || p[1 + pad] == 'u';
		database = database || p[1 + pad] == 'd';
	}
	return role && database;
}
