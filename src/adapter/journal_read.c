/* SPDX-License-Identifier: MIT */
/* One pass over a log's bytes. A line is judged against all that stands before it; nothing is believed before. */
#include "adapter/journal_private.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "core/body.h"
#include "port/jsonread.h"

#define SCRATCH_LINES 64        /* lines judged before the scratch memory is given back */
#define TAIL_LINES 8            /* whole but unreadable lines that a torn tail may hold: leavings of sealings that failed */
#define DEBRIS_MAX (16 * GWLOG_LINE_MAX)
#define TORN_MAX 1000           /* torn lines in a file; more is no accident */
#define TORN_MARK "\"op\":\"torn\""

static bool bad(struct err *e, const char *why)
{
	return err_set(e, ERR_VERIFY, NULL, "%s", why);
}

/* Canonical form and fields only. */
static bool decode(struct arena *a, const char *body, size_t len, struct record *out, struct err *e)
{
	struct json *v = json_read_canonical(a, body, len, e);
	return v && record_decode(a, v, out, e);
}

/* A signed rebind says from where to where, and is itself the first line of the new database. */
static bool switches(const struct journal *j, const struct record *r)
{
	return r->op == OP_REBIND && text_eq(json_str(r->b, "from"), j->db) && text_eq(json_str(r->b, "into"), r->db);
}

static bool judge_chain(const struct journal *j, const struct record *r, struct err *e)
{
	if ((j->count == 0) != (r->op == OP_BEGIN))
		return bad(e, j->count == 0 ? "a log must begin with a begin line" : "a second begin line");
	if (j->sid && strcmp(r->sid, j->sid) != 0)
		return bad(e, "it comes from another walk's log");
	if (j->db && strcmp(r->db, j->db) != 0 && !switches(j, r))
		return bad(e, "it speaks of another database");
	if (r->n != j->count)
		return err_set(e, ERR_VERIFY, NULL, "it is numbered %lld where %lld must stand", (long long)r->n, (long long)j->count);
	if (strcmp(r->prev, j->head) != 0)
		return bad(e, "what stands before it is not what stood there when it was written");
	return true;
}

static bool judge_signers(const struct journal *j, const struct record *r, struct err *e)
{
	const char *sha = json_str(r->b, "signers");
	if (r->op != OP_BEGIN || (sha && strcmp(sha, j->trust.sha) == 0))
		return true;
	return bad(e, "allowed_signers is not the list this log began with");
}

static bool judge_signature(const struct journal *j, const struct record *r, size_t body_len, struct err *e)
{
	if (r->signature)
		return signers_check(&j->trust, j->scratch, r->who, NS_ENTRY, r->signature, r->body, body_len, e);
	if (!record_op_signed(r->op))
		return true;
	return err_set(e, ERR_VERIFY, NULL, "a line \"%s\" must be signed, and this one is not", record_op_name(r->op));
}

bool journal_judge(struct journal *j, char *text, size_t len, struct record *out, struct err *e)
{
	if (len + 1 > GWLOG_LINE_MAX)
		return err_set(e, ERR_VERIFY, NULL, "it is longer than %d bytes", GWLOG_LINE_MAX);
	char *tab = memchr(text, '\t', len);
	if (!tab)
		return bad(e, "it is not BODY TAB SIGNATURE");
	size_t body_len = (size_t)(tab - text), sig_len = len - body_len - 1;
	if (!decode(j->scratch, text, body_len, out, e))
		return false;
	if (memchr(tab + 1, '\t', sig_len) || memchr(tab + 1, '\0', sig_len))
		return bad(e, "the signature is not base64");
	out->body = text;
	out->signature = sig_len ? arena_dupn(j->scratch, tab + 1, sig_len) : NULL;
	return judge_chain(j, out, e) && judge_signers(j, out, e) && judge_signature(j, out, body_len, e);
}

static const char *with_debris(struct arena *a, const struct piece *p)
{
	return arena_printf(a, "~%s\n%s", crypto_base64(a, p->debris, p->debris_len), p->text);
}

static void keep(struct journal *j, const struct piece *p, const struct record *r)
{
	j->lines = arena_grow(j->arena, j->lines, &j->n_lines, &j->cap_lines, sizeof *j->lines);
	struct line *l = &j->lines[j->n_lines - 1];
	l->mark = (struct line_mark){ .op = r->op, .is_signed = r->signature != NULL };
	memcpy(l->mark.head, r->head, sizeof l->mark.head);
	l->text = p->text;
	l->raw = p->debris ? with_debris(j->arena, p) : p->text;
	l->offset = r->offset;
}

/* It was judged when it was read, or written: nothing is asked again. */
const struct record *journal_line(const struct journal *j, struct arena *a, size_t i)
{
	if (i >= j->n_lines)
		return NULL;
	const struct line *l = &j->lines[i];
	size_t len = strlen(l->text), body_len = strcspn(l->text, "\t");
	struct record *r = arena_alloc(a, sizeof *r);
	char *text = arena_dupn(a, l->text, len);
	text[body_len] = '\0';
	if (!decode(a, text, body_len, r, NULL))
		return NULL;
	memcpy(r->head, l->mark.head, sizeof r->head);
	r->body = text;
	r->signature = l->mark.is_signed ? text + body_len + 1 : NULL;
	r->sealed = (int64_t)i < j->sealed;
	r->offset = l->offset;
	r->length = (int64_t)len + 1;
	return r;
}

void journal_step_over(struct journal *j, const struct piece *p)
{
	struct sha256 hash = j->hash;
	if (!p->debris)
		return;
	sha256_add(&hash, p->debris, p->debris_len);
	sha256_add(&hash, "\n", 1);
	sha256_hex(hash, j->head);
}

bool journal_push(struct journal *j, const struct piece *p, const struct record *r, struct err *e)
{
	struct record whole = *r;
	struct sha256 hash = j->hash;
	if (p->debris) {
		sha256_add(&hash, p->debris, p->debris_len);
		sha256_add(&hash, "\n", 1);
	}
	sha256_add(&hash, p->text, p->len);
	sha256_add(&hash, "\n", 1);
	sha256_hex(hash, whole.head);
	whole.offset = j->size + (p->debris ? (int64_t)p->debris_len + 1 : 0);
	whole.length = (int64_t)p->len + 1;
	if (j->fold && !walk_fold(j->fold, &whole, e))
		return false;
	j->sid = j->sid ? j->sid : arena_dup(j->arena, r->sid);
	j->db = j->db && strcmp(j->db, r->db) == 0 ? j->db : arena_dup(j->arena, r->db);
	j->hash = hash;
	memcpy(j->head, whole.head, sizeof j->head);
	j->size = whole.offset + whole.length;
	j->count++;
	if (!j->fold)
		keep(j, p, &whole);
	if (r->signature) {
		j->is_signed++;
		j->sealed = j->count;
	}
	return true;
}

/* ---- torn tails ---- */

/* Where OP_TORN lines stand, and what they say they cover. Looked up before the pass, since debris comes before its line. */
static void find_torn(struct journal *j, const char *data, size_t len)
{
	size_t mark = strlen(TORN_MARK);
	for (const char *p = data; (p = memmem(p, len - (size_t)(p - data), TORN_MARK, mark)) != NULL && j->n_torn < TORN_MAX; p += mark) {
		const char *from = memrchr(data, '\n', (size_t)(p - data));
		from = from ? from + 1 : data;
		const char *tab = memchr(from, '\t', len - (size_t)(from - data));
		struct record r;
		struct torn t = { .line_at = from - data };
		if (!tab || tab < p || !decode(j->scratch, from, (size_t)(tab - from), &r, NULL) || r.op != OP_TORN)
			continue;
		const char *sha = json_str(r.b, "sha256");
		if (!hex_is(sha, 64) || !json_int(r.b, "offset", &t.at) || !json_int(r.b, "length", &t.length))
			continue;
		memcpy(t.sha, sha, sizeof t.sha);
		j->torn = arena_grow(j->arena, j->torn, &j->n_torn, &j->cap_torn, sizeof *j->torn);
		j->torn[j->n_torn - 1] = t;
	}
}

/* Is what begins at `at` debris that a later line covers to the byte? The last such line counts: one that was itself torn
   while it was being written stands inside the debris of the next. */
static const struct torn *covered(const struct journal *j, const char *data, int64_t at)
{
	const struct torn *found = NULL;
	char sha[65];
	for (size_t i = 0; i < j->n_torn; i++) {
		const struct torn *t = &j->torn[i];
		if (t->at != at || t->length <= 0 || t->length > DEBRIS_MAX || t->line_at != at + t->length + 1 || data[t->line_at - 1] != '\n')
			continue;
		crypto_sha256_hex(data + at, (size_t)t->length, sha);
		if (strcmp(sha, t->sha) == 0)
			found = t;
	}
	return found;
}

/* The file ends without LF, and from here on no line can be read: what a crash in the middle of an append leaves. */
static bool is_torn_tail(struct journal *j, const char *data, size_t len)
{
	if (len == 0 || len > DEBRIS_MAX || data[len - 1] == '\n')
		return false;
	for (int i = 0; i <= TAIL_LINES; i++) {
		const char *lf = memchr(data, '\n', len);
		if (!lf)
			return true;
		const char *tab = memchr(data, '\t', (size_t)(lf - data));
		struct record r;
		if (tab && decode(j->scratch, data, (size_t)(tab - data), &r, NULL))
			return false;
		len -= (size_t)(lf + 1 - data);
		data = lf + 1;
	}
	return false;
}

static void note_tail(struct journal *j, const char *tail, size_t len)
{
	j->torn_at = j->size;
	j->torn_len = (int64_t)len;
	crypto_sha256_hex(tail, len, j->torn_sha);
}

/* ---- the pass ---- */

static void refresh_scratch(struct journal *j)
{
	if (++j->scratch_lines < SCRATCH_LINES)
		return;
	arena_free(j->scratch);
	j->scratch = arena_new();
	j->scratch_lines = 0;
}

static int64_t lines_in(const char *s, int64_t len)
{
	int64_t n = 0;
	for (int64_t i = 0; i < len; i++)
		n += s[i] == '\n';
	return n;
}

/* Takes the line at j->size. False with e set: bad. False with e clear: a torn tail begins here. */
static bool take_next(struct journal *j, char *data, size_t len, struct err *e)
{
	struct piece p = { .text = data + j->size };
	struct record r;
	const struct torn *t = covered(j, data, j->size);
	refresh_scratch(j);
	j->at_line++;
	if (t) {
		p = (struct piece){ .text = data + t->line_at, .debris = data + t->at, .debris_len = (size_t)t->length };
		j->at_line += 1 + lines_in(p.debris, t->length);
	}
	size_t left = len - (size_t)(p.text - data);
	char *lf = memchr(p.text, '\n', left);
	if (!lf)
		return left <= DEBRIS_MAX ? false : bad(e, "it does not end");
	p.len = (size_t)(lf - p.text);
	journal_step_over(j, &p);
	if (!journal_judge(j, p.text, p.len, &r, e)) {
		if (is_torn_tail(j, p.text, left))
			err_clear(e);
		sha256_hex(j->hash, j->head);
		return false;
	}
	if (r.op == OP_TORN && !t)
		return bad(e, "a torn line that covers nothing");
	*lf = '\0';
	return journal_push(j, &p, &r, e);
}

bool journal_take(struct journal *j, char *data, size_t len, struct err *e)
{
	struct err why = { 0 };
	find_torn(j, data, len);
	while ((size_t)j->size < len) {
		if (take_next(j, data, len, &why))
			continue;
		if (why.code != ERR_NONE) {
			if (e)
				*e = why;
			return err_in(e, "%s, line %lld", j->shown, (long long)j->at_line);
		}
		note_tail(j, data + j->size, len - (size_t)j->size);
		break;
	}
	if (j->count > 0)
		return true;
	return err_set(e, ERR_VERIFY, "the walk never began: its folder can be removed", "%s has no whole line", j->shown);
}
