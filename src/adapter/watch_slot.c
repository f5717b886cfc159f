/* SPDX-License-Identifier: MIT */
/* The logical slot: what was committed to the target, read a piece of WAL at a time. Each piece is first peeked at, then noted in the
   ledger, then confirmed to the server: a sample that ends in between is read once more and counted once. The slot bridges all time in
   which nobody looked, as long as it is the same slot and was read by nobody else. */
#include "adapter/watch_private.h"

#include "adapter/audit.h"
#include "adapter/own.h"
#include "adapter/slot.h"
#include "adapter/slotread.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "port/db.h"
#include "port/files.h"

/* Each piece begins anew where the oldest transaction of the slot does, so that small ones cost more in all; its text stands in the
   server's temporary files meanwhile. */
#define PIECE (INT64_C(64) << 20)
#define BUDGET (30 * US_SECOND)   /* of one sample; what is left waits for the next */

struct slotted {
	struct tick *k;
	const char *name;
	struct slot_kept kept;
	struct slot_seen seen;
	struct slot_names names;
	const char *gap;
};

/* Cannot be read now, and loses nothing by that: no gap. */
static bool fault(struct slotted *s, const struct err *why, struct err *e)
{
	if (why->code == ERR_DB_LOST || !db_alive(s->k->db)) {
		*e = *why;
		return false;
	}
	const struct source_look l = { .source = SOURCE_SLOT, .server = PRIMARY, .gap = s->gap, .why = arena_printf(s->k->a, "it cannot be read: %s", why->msg), .keep_state = true };
	return source_write(s->k, &l, e);
}

/* Not there: what it would have kept is lost. What gatewalk itself noted when it took it away stands. */
static bool gone(struct slotted *s, struct err *e)
{
	const struct slot_kept *k = &s->kept;
	const char *why = k->known && !k->ok ? k->why : NULL, *cannot = NULL;
	if (!why && !slot_may(s->k->db, s->k->a, &cannot, e))
		return false;
	if (!why && k->known)
		why = SLOT_GONE;
	else if (!why)
		why = cannot ? cannot : "it was not made yet: start the watch";
	const struct source_look l = { .source = SOURCE_SLOT, .server = PRIMARY, .gap = why, .why = why, .keep_state = true };
	return source_write(s->k, &l, e);
}

static void count(struct slot_kept *k, const struct slot_changes *c)
{
	k->inserts += c->hits[SLOT_INSERT];
	k->updates += c->hits[SLOT_UPDATE];
	k->deletes += c->hits[SLOT_DELETE];
	k->truncates += c->hits[SLOT_TRUNCATE];
	k->open += c->open;
	k->unread += c->unread;
	k->first = k->first ? k->first : c->first;
	k->last = c->last > k->last ? c->last : k->last;
	k->xid = c->xid ? c->xid : k->xid;
}

static bool sight(struct slotted *s, const struct slot_changes *c, struct err *e)
{
	struct tick *k = s->k;
	int64_t n = slot_changes_hits(c) + c->unread;
	k->explained = k->explained || n || c->open;
	if (!n)
		return true;
	const struct seen see = { .source = SOURCE_SLOT, .server = PRIMARY, .consumer = SLOT_CONSUMER, .touch = TOUCH_WRITE, .use = USE_NAME, .at = c->last,
		.who = n == 1 ? arena_printf(k->a, "transaction %s", c->xid) : arena_printf(k->a, "transaction %s (%lld changes up to it)", c->xid, (long long)n) };
	return sighting_write(k, &see, e);
}

static bool note(struct slotted *s, const struct slot_changes *c, struct err *e)
{
	struct tick *k = s->k;
	int64_t left = s->seen.end - s->kept.read;
	const char *why = s->names.blind ? s->names.blind : left > 0 ? arena_printf(k->a, "%lld MB of WAL are left to be read", (long long)(left >> 20) + 1) : NULL;
	const struct source_look l = { .source = SOURCE_SLOT, .server = PRIMARY, .gap = s->gap, .ok = !why, .why = why, .state = slot_kept_json(k->a, &s->kept) };
	if (!db_script(k->db, k->a, OWN_TAG "BEGIN", 5000, NULL, e))
		return false;
	if (sight(s, c, e) && source_write(k, &l, e))
		return db_commit(k->db, 10000, e) == DB_COMMITTED;
	db_rollback(k->db);
	return false;
}

/* False with e unset: *fault says why the slot could not be read. */
static bool piece(struct slotted *s, struct err *why, struct err *e)
{
	struct tick *k = s->k;
	struct slot_changes c = { .xid = NULL };
	int64_t to = s->seen.end - s->kept.read > PIECE ? s->kept.read + PIECE : s->seen.end;
	if (!slotread_piece(k->db, k->a, s->name, &s->names, to, &c, why))
		return false;
	count(&s->kept, &c);
	s->kept.read = to;
	s->kept.identity = s->names.identity;
	s->kept.members = s->names.members;
	if (!note(s, &c, e))
		return false;
	s->gap = NULL;
	return slotread_confirm(k->db, k->a, s->name, to, why);
}

static bool read_on(struct slotted *s, struct err *e)
{
	struct err why = { 0 };
	int64_t until = clock_mono() + BUDGET;
	bool ok = s->seen.confirmed >= s->kept.read || slotread_confirm(s->k->db, s->k->a, s->name, s->kept.read, &why);
	do
		ok = ok && piece(s, &why, e);
	while (ok && s->kept.read < s->seen.end && clock_mono() < until);
	return ok || (why.code && fault(s, &why, e));
}

/* It was read up to where we left it, or not so far when the server fell back behind a crash; never further. */
static void same(struct slotted *s)
{
	struct slot_kept *k = &s->kept;
	if (!k->known)
		s->gap = "it can be read again from here on";
	else if (s->seen.confirmed > k->read || s->seen.end < k->read)
		s->gap = "somebody else read it or made it anew: what it kept until then was not seen";
	if (s->gap)
		k->read = s->seen.confirmed;
	else if (s->names.lost)
		s->gap = "a table below the target was taken away or got another name: its last writes were not seen";
}

bool watch_slot(struct tick *k, struct err *e)
{
	struct slotted s = { .k = k, .name = own_slot_name(k->a, k->sid) };
	struct err soft = { 0 };
	const char *what;
	/* Without the right to take one away it stands, and doctor and status say how much it keeps. */
	if (!slot_care(k->db, k->a, &what, &soft) || (!k->plan->slot && !slot_take(k->db, k->a, k->sid, &soft)))
		if (soft.code == ERR_DB_LOST)
			return err_set(e, ERR_DB_LOST, soft.hint, "%s", soft.msg);
	if (!k->plan->slot)
		return true;
	if (!slot_kept_read(k->db, k->a, k->sid, &s.kept, e) || !slot_look(k->db, k->a, k->sid, &s.seen, e) ||
		!slotread_names(k->db, k->a, k->target, &s.kept, &s.names, e))
		return false;
	s.kept.limit = (int64_t)k->plan->slot_max_mb << 20;
	if (!s.seen.there)
		return gone(&s, e);
	same(&s);
	return read_on(&s, e);
}
