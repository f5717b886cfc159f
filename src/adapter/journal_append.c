/* SPDX-License-Identifier: MIT */
/* MUST 3 and 4 of journal.h: one write, one fsync, and no second try on the same handle. */
#include "adapter/journal_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "port/files.h"

static bool may_write(const struct journal *j, struct err *e)
{
	struct stat st;
	if (j->fd < 0 || !j->signer)
		return err_set(e, ERR_USE, NULL, "this log was opened for reading only");
	if (j->dead)
		return err_set(e, ERR_SYSTEM, "open the walk again: gatewalk then looks at what stands in the file",
			"%s could not be written before, and is not written again", j->shown);
	if (fstat(j->fd, &st) != 0)
		return err_set(e, ERR_SYSTEM, NULL, "cannot look at %s: %s", j->shown, strerror(errno));
	if (st.st_nlink == 0)
		return err_set(e, ERR_VERIFY, "look who did it before you go on", "%s was taken away while it was open", j->shown);
	if (st.st_size != j->size + (j->torn_at >= 0 ? j->torn_len : 0))
		return err_set(e, ERR_VERIFY, "look who did it before you go on", "%s was changed while it was open", j->shown);
	return true;
}

static void describe(const struct journal *j, enum record_op op, const struct json *b, const struct stamp *st, struct record *r)
{
	*r = (struct record){
		.n = j->count, .op = op, .sid = j->sid, .db = op == OP_REBIND ? json_str(b, "into") : j->db, .who = signer_principal(j->signer),
		.t = st->t, .t_why = st->t_why, .local = st->local, .mono_ms = st->mono_ms, .boot = st->boot,
		.lsn = st->lsn, .xid = st->xid, .tli = st->tli, .b = b,
	};
	memcpy(r->prev, j->head, sizeof r->prev);
	if (!r->t && (!r->t_why || !*r->t_why))
		r->t_why = "the server's time is not known";
}

static const char *sign(struct journal *j, bool person, const struct text *body, struct err *e)
{
	if (person)
		return signer_sign_person(j->signer, j->arena, NS_ENTRY, body->s, body->len, e);
	return signer_sign(j->signer, j->arena, NS_ENTRY, body->s, body->len, e);
}

/* BODY TAB SIGNATURE, without LF; the same judge that readers use must accept it. */
static bool compose(struct journal *j, const struct record *want, bool person, struct piece *out, struct record *made, struct err *e)
{
	struct text t = { 0 };
	struct json *tree = record_encode(j->scratch, want);
	bool good = json_is_log_subset(tree);
	const char *sig = "";
	if (!good)
		err_set(e, ERR_INTERNAL, NULL, "a line \"%s\" does not fit the log's form", record_op_name(want->op));
	else
		json_write(&t, tree);
	if (good && t.len + 1 > GWLOG_LINE_MAX - 1024)
		good = err_set(e, ERR_INTERNAL, NULL, "a line \"%s\" is too long for the log", record_op_name(want->op));
	if (good && (person || record_op_signed(want->op))) {
		sig = sign(j, person, &t, e);
		good = sig != NULL;
	}
	if (good) {
		text_addn(&t, "\t", 1);
		text_add(&t, sig);
		out->text = arena_dupn(j->arena, t.s, t.len);
		out->len = t.len;
		good = journal_judge(j, out->text, out->len, made, e) || err_in(e, "gatewalk's own line is refused");
	}
	text_free(&t);
	return good;
}

static bool is_full(int why)
{
	return why == ENOSPC || why == EDQUOT || why == EFBIG;
}

/* Asks for the room first: a disk that is full is then found before a byte is written. Not every file system can tell. */
static bool reserve(struct journal *j, enum record_op op, int64_t at, size_t len, struct err *e)
{
	bool must = op == OP_OUTCOME || op == OP_TORN;
	for (int tries = 0; tries < 2; tries++) {
		if (fallocate(j->fd, FALLOC_FL_KEEP_SIZE, at, (off_t)len) == 0 || !is_full(errno))
			return true;
		if (!must)
			break;
		journal_ballast(j, false);
	}
	return err_set(e, ERR_SYSTEM, "the disk is full: make room, then go on. Nothing was written", "no room for the next line of %s", j->shown);
}

static bool put(struct journal *j, const struct text *bytes, struct err *e)
{
	errno = 0;
	if (file_write_all(j->fd, bytes->s, bytes->len, j->path, e) && file_sync(j->fd, j->path, e))
		return true;
	if (is_full(errno))
		journal_ballast(j, false);
	j->dead = true;
	return false;
}

static const struct record *append(struct journal *j, struct record *want, bool person, struct piece *p, struct err *e)
{
	struct record made;
	struct text bytes = { 0 };
	int64_t end = j->size;
	if (!compose(j, want, person, p, &made, e) || !may_write(j, e))
		return NULL;
	if (p->debris) {
		end += j->torn_len;
		text_addn(&bytes, "\n", 1);
	}
	text_addn(&bytes, p->text, p->len);
	text_addn(&bytes, "\n", 1);
	bool good = end + (int64_t)bytes.len <= GWLOG_FILE_MAX
		|| err_set(e, ERR_SYSTEM, NULL, "%s has reached its limit of %d MiB", j->shown, GWLOG_FILE_MAX >> 20);
	good = good && reserve(j, want->op, end, bytes.len, e) && put(j, &bytes, e) && journal_push(j, p, &made, e);
	text_free(&bytes);
	return good ? journal_line(j, j->scratch, j->n_lines - 1) : NULL;
}

static void fresh_scratch(struct journal *j)
{
	arena_free(j->scratch);
	j->scratch = arena_new();
}

const struct record *journal_append(struct journal *j, enum record_op op, const struct json *b, const struct stamp *st, bool person, struct err *e)
{
	struct record want;
	struct piece p = { .text = NULL };
	if (!may_write(j, e))
		return NULL;
	if (op == OP_TORN || j->torn_at >= 0) {
		err_set(e, ERR_VERIFY, "open the walk again: it is sealed over first", "the last line of %s is torn", j->shown);
		return NULL;
	}
	fresh_scratch(j);
	describe(j, op, b, st, &want);
	return append(j, &want, person, &p, e);
}

/* The tail's own bytes, read again: they must still be those that were looked at. */
static const char *tail_bytes(struct journal *j, struct err *e)
{
	char *data, sha[65];
	size_t len;
	if (!file_read(j->scratch, j->path, GWLOG_FILE_MAX, &data, &len, e))
		return NULL;
	if ((int64_t)len >= j->torn_at + j->torn_len) {
		crypto_sha256_hex(data + j->torn_at, (size_t)j->torn_len, sha);
		if (strcmp(sha, j->torn_sha) == 0)
			return arena_dupn(j->arena, data + j->torn_at, (size_t)j->torn_len);
	}
	err_set(e, ERR_VERIFY, "look who did it before you go on", "%s was changed while it was open", j->shown);
	return NULL;
}

/* A sealing that failed half way: its own bytes, which nobody has believed, go again, so that debris never ends in a LF of ours
   alone. Where the file may only grow, they stay, and are debris themselves. */
static void take_back(const struct journal *j)
{
	bool taken = ftruncate(j->fd, (off_t)(j->torn_at + j->torn_len)) == 0;
	(void)taken;
}

bool journal_seal_torn(struct journal *j, const struct stamp *st, struct err *e)
{
	if (j->torn_at < 0)
		return true;
	if (!may_write(j, e))
		return false;
	fresh_scratch(j);
	struct piece p = { .debris = tail_bytes(j, e), .debris_len = (size_t)j->torn_len };
	if (!p.debris)
		return false;
	struct json *b = json_obj(j->arena);
	struct record want;
	json_add_int(b, "length", j->torn_len);
	json_add_int(b, "offset", j->torn_at);
	json_add_str(b, "sha256", j->torn_sha);
	journal_step_over(j, &p);
	describe(j, OP_TORN, b, st, &want);
	bool good = append(j, &want, false, &p, e) != NULL;
	if (good) {
		j->torn_at = -1;
	} else {
		take_back(j);
		sha256_hex(j->hash, j->head);
	}
	j->dead = j->dead || !good;
	return good;
}
