/* SPDX-License-Identifier: MIT */
/* Log and database brought together again. The database has less than the log (resync), or it is another one that holds this
   walk's ledger (rebind). What the operator decided stays in the log; what was proven or counted on the server does not. */
#include "core/walk_fold.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "core/body.h"

enum drop { DROP_NONE, DROP_STANDS, DROP_WAS_LOST };

/* What both kinds of line say: where ledger and log were one, and what that leaves of the drop. */
struct agreed { int64_t last, mirrored; enum drop drop; const char *to; bool add_lost; };

static bool common_entry(const struct walk *w, const struct json *b, struct agreed *g, struct err *e)
{
	const char *head;
	if (!body_int(b, "last_n", -1, w->n - 1, &g->last))
		return fold_refuse(e, "field \"last_n\" is missing or no line before this one");
	if (!body_text(b, "last_head", &head, e) || !body_count(b, "mirrored", &g->mirrored, e))
		return false;
	if (g->last < 0 ? *head != '\0' : !hex_is(head, 64))
		return fold_refuse(e, "field \"last_head\" does not fit the entry it names");
	if (g->mirrored > w->n)
		return fold_refuse(e, "field \"mirrored\" counts lines that are not there");
	return true;
}

static bool agreed_read(const struct walk *w, const struct record *r, struct agreed *g, struct err *e)
{
	static const char *const drops[] = { "none", "stands", "lost", NULL };
	const char *text;
	size_t drop;
	int64_t tli;
	if (!fold_timed(r, e) || !common_entry(w, r->b, g, e) || !body_choice(r->b, "drop", drops, &drop, e) ||
	    !body_count(r->b, "tli_was", &tli, e) || !body_text(r->b, "lsn_was", &text, e) || !body_word(r->b, "typed", &text, e) ||
	    !body_word(r->b, "why", &text, e) || !body_word(r->b, "to", &g->to, e))
		return false;
	g->drop = (enum drop)drop;
	if (g->drop != (!w->dropped ? DROP_NONE : g->last < w->intent_n ? DROP_WAS_LOST : DROP_STANDS))
		return fold_refuse(e, "field \"drop\" is not what log and ledger say");
	g->add_lost = g->last < w->changed_n && w->archetype == ARCH_ADDITIVE && w->added_at;
	if (g->last < w->changed_n && !g->add_lost)
		return fold_refuse(e, "the database is of before the last change of its table: its columns are not those of this walk");
	if (w->stage == AT_DROPPING && g->last >= w->intent_n)
		return fold_refuse(e, "the ledger has an entry of the open drop: its outcome comes first");
	if (w->change != CHANGE_NONE && g->last >= w->intent_n)
		return fold_refuse(e, "the ledger has an entry of the open change: its outcome comes first");
	return true;
}

static void forget_drop(struct walk *w, int64_t t)
{
	w->dropped = w->schema_logged = false;
	w->dropped_at = w->watch_from = w->restored_at = 0;
	w->drop_lost_at = t;
	w->alarms = 0;
	w->alarm = NULL;
}

/* The table of this database never had the column: it may come again. */
static void forget_column(struct walk *w)
{
	w->added_attnum = 0;
	w->added_at = w->watch_from = 0;
	w->changed_n = -1;
	w->schema_logged = false;
}

/* By the table's rows; what was signed and never done is over with it. */
static bool recounted(struct walk *w, const struct agreed *g, struct err *e)
{
	enum stage to;
	if (!walk_recounts(w, g->drop == DROP_WAS_LOST || g->add_lost, &to))
		return err_set(e, ERR_VERIFY, NULL, "it may not stand at \"%s\"", stage_name(w->stage));
	w->stage = to;
	w->change = CHANGE_NONE;
	return true;
}

/* Waits, watch and audit count anew from here. */
static void count_anew(struct walk *w, const struct record *r, const struct agreed *g)
{
	w->agreed_n = r->n;
	w->agreed_last = g->last;
	w->outcome_known = w->outcome_known || w->intent_n >= 0;   /* an open intent that the ledger does not have came to nothing */
	if (g->drop == DROP_WAS_LOST)
		forget_drop(w, r->t);
	if (g->add_lost)
		forget_column(w);
	if (w->stage <= AT_UNUSED) {
		fold_undo(w);
		w->gate_passed[1] = w->gate_passed[2] = 0;
		w->quiet_since = w->baseline_at = 0;
		w->final = (struct fact_snapshot){ .begun = 0 };
	} else if (w->stage == AT_MONITOR) {
		w->watch_from = r->t;
		w->confirmed[ITEM_MONITOR] = 0;
	}
}

static bool leads_to(const struct walk *w, const struct agreed *g, struct err *e)
{
	if (strcmp(g->to, stage_name(w->stage)) == 0)
		return true;
	return err_set(e, ERR_VERIFY, NULL, "it leads to \"%s\"", stage_name(w->stage));
}

/* Does the first snapshot go on counting? Only one that the database knew of may. */
static bool snapshot_word(const struct walk *w, const struct json *b, const struct agreed *g, bool *again, struct err *e)
{
	static const char *const words[] = { "stands", "again", NULL };
	int64_t known = g->mirrored > g->last + 1 ? g->mirrored : g->last + 1;
	size_t word;
	if (!body_choice(b, "snapshot", words, &word, e))
		return false;
	*again = word == 1;
	if (!*again && w->first.begun && w->first_n >= known && w->stage <= AT_UNUSED)
		return fold_refuse(e, "the first snapshot is younger than the database, and cannot stand");
	return true;
}

bool fold_resync(struct walk *w, const struct record *r, struct err *e)
{
	struct agreed g;
	bool again;
	if (!agreed_read(w, r, &g, e) || !recounted(w, &g, e) ||
	    !snapshot_word(w, r->b, &g, &again, e))
		return false;
	if (again && !fold_move(w, EV_RESTART, NULL, e))
		return false;
	if (again)
		w->first = (struct fact_snapshot){ .begun = 0 };
	count_anew(w, r, &g);
	return leads_to(w, &g, e);
}

/* "SYSID.DBOID.INSTALL": only the first two may change. The install id is in the ledger itself, and moves with it. */
static bool same_install(const char *a, const char *b)
{
	const char *x = strchr(a, '.'), *y = strchr(b, '.');
	x = x ? strchr(x + 1, '.') : NULL;
	y = y ? strchr(y + 1, '.') : NULL;
	return x && y && strcmp(x, y) == 0;
}

static bool moved(const struct walk *w, const struct record *r, struct err *e)
{
	const char *from, *into;
	if (!body_word(r->b, "from", &from, e) || !body_word(r->b, "into", &into, e))
		return false;
	if (strcmp(into, r->db) != 0)
		return fold_refuse(e, "field \"into\" is not the database that the line speaks of");
	if (strcmp(from, w->db) != 0)
		return fold_refuse(e, "it moves the walk from another database than the one it was in");
	if (strcmp(r->db, w->db) == 0)
		return fold_refuse(e, "it moves the walk to the database it was in");
	if (!same_install(r->db, w->db))
		return fold_refuse(e, "it moves the walk to another ledger");
	return true;
}

/* A new column that had come stands in the other database too, by a number of its own. */
static bool rebound_column(struct walk *w, const struct json *b, struct err *e)
{
	if (!body_attnum(b, "added", &w->added_attnum, e))
		return false;
	if (w->added_attnum <= 0)
		return fold_refuse(e, "field \"added\" is no column's number");
	return true;
}

bool fold_rebind(struct walk *w, const struct record *r, struct err *e)
{
	struct agreed g;
	const char *server;
	bool adds = w->archetype == ARCH_ADDITIVE, stays = w->dropped || (adds && (w->added_at || w->change != CHANGE_NONE));
	if (!moved(w, r, e) || !agreed_read(w, r, &g, e) || !body_word(r->b, "server", &server, e) ||
	    !body_oid(r->b, "relid", &w->relid, e) || !body_attnum(r->b, "attnum", &w->attnum, e) ||
	    (stays && !recounted(w, &g, e)))
		return false;
	bool there = adds && w->added_at && !g.add_lost;
	if (there ? w->kind == TARGET_ADDED && !rebound_column(w, r->b, e) : w->stage <= AT_DROPPING && !fold_move(w, EV_RESTART, NULL, e))
		return false;
	if (w->stage == AT_SNAPSHOT) {
		w->first = (struct fact_snapshot){ .begun = 0 };
		w->drill = (struct fact_drill){ .at = 0 };
	}
	w->db = arena_dup(w->arena, r->db);
	count_anew(w, r, &g);
	return leads_to(w, &g, e);
}
