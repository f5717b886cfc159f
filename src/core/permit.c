/* SPDX-License-Identifier: MIT */
#include "core/permit.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "core/gate_rules.h"
#include "core/rule.h"
#include "core/sql.h"

#define MAC_LEN 32

/* What a permit is bound to. */
static const char *const names[] = { "walk", "plan", "statement", "snapshot", "log head", "nonce", "table", "column", "intent", "batch" };
#define BOUND (sizeof names / sizeof *names)

struct bound { const char *text[BOUND]; char numbers[4][24]; };

/* No pointers and no texts: each binding as a keyed hash, and a seal over all of it, also over whether it was spent. */
struct permit {
	int64_t issued;
	uint64_t spent;
	unsigned char bound[BOUND][MAC_LEN];
	unsigned char seal[MAC_LEN];
};

size_t permit_size(void)
{
	return sizeof(struct permit);
}

int64_t permit_expires(const struct permit *pm)
{
	return pm->issued + PERMIT_LIFE;
}

static void bound_of(const struct permit_binding *b, struct bound *out)
{
	snprintf(out->numbers[0], sizeof out->numbers[0], "%u", b->relid);
	snprintf(out->numbers[1], sizeof out->numbers[1], "%d", b->attnum);
	snprintf(out->numbers[2], sizeof out->numbers[2], "%lld", (long long)b->intent_n);
	snprintf(out->numbers[3], sizeof out->numbers[3], "%lld", (long long)b->batch);
	const char *all[BOUND] = {
		b->sid, b->plan_digest, b->statement, b->snapshot_sha256, b->intent_head, b->nonce,
		out->numbers[0], out->numbers[1], out->numbers[2], out->numbers[3],
	};
	memcpy(out->text, all, sizeof all);
}

static bool is_whole(const struct bound *b)
{
	for (size_t i = 0; i < BOUND; i++)
		if (!b->text[i] || b->text[i][0] == '\0')
			return false;
	return true;
}

/* Place, time of issue and text: the same text in another place or another permit has another hash. */
static void mac_one(const struct permit_mac *m, int64_t issued, size_t i, const char *s, unsigned char out[MAC_LEN])
{
	struct text t = { 0 };
	text_addf(&t, "gatewalk-permit-v1 %zu %lld ", i, (long long)issued);
	text_add(&t, s);
	m->mac(m->key, text_str(&t), t.len, out);
	text_free(&t);
}

static void mac_seal(const struct permit_mac *m, const struct permit *pm, unsigned char out[MAC_LEN])
{
	unsigned char data[sizeof pm->issued + sizeof pm->spent + sizeof pm->bound];
	memcpy(data, &pm->issued, sizeof pm->issued);
	memcpy(data + sizeof pm->issued, &pm->spent, sizeof pm->spent);
	memcpy(data + sizeof pm->issued + sizeof pm->spent, pm->bound, sizeof pm->bound);
	m->mac(m->key, data, sizeof data, out);
}

/* Takes the same time wherever they differ. */
static bool same_mac(const unsigned char a[MAC_LEN], const unsigned char b[MAC_LEN])
{
	unsigned char differ = 0;
	for (size_t i = 0; i < MAC_LEN; i++)
		differ |= a[i] ^ b[i];
	return differ == 0;
}

static bool no_permit(struct err *e, const char *why)
{
	return err_set(e, ERR_VERIFY, "Nothing was sent. Look again, and begin it again.", "no permit: %s", why);
}

static bool changes(const struct walk *w)
{
	return walk_is_changing(w) && w->change != CHANGE_NONE;
}

static bool intent_open(const struct walk *w, struct err *e)
{
	if ((w->stage != AT_DROPPING && !changes(w)) || w->intent_n < 0)
		return no_permit(e, "no intent stands in the log");
	if (w->outcome_known || w->dropped)
		return no_permit(e, "its intent has an outcome already");
	return true;
}

const char *permit_batch_nonce(struct arena *a, const char *intent_nonce, int64_t batch)
{
	return arena_printf(a, "%s.%lld", intent_nonce ? intent_nonce : "", (long long)batch);
}

static bool is_batch(const struct walk *w, const struct permit_binding *b, int64_t now, struct err *e)
{
	if ((w->kind == TARGET_ROWS) != (b->batch > 0))
		return no_permit(e, "rows are removed in numbered batches, and nothing else is");
	if ((b->batch == 1 || changes(w)) && now > w->intent_expires)
		return err_set(e, ERR_GATE, "Begin it again, and sign it again.", "no permit: its intent expired before %s", changes(w) ? "it was sent" : "the first batch");
	return true;
}

int permit_attnum(const struct walk *w)
{
	return changes(w) && w->change == CHANGE_TAKE ? w->added_attnum : w->attnum;
}

static const char *known(const char *s)
{
	return s ? s : "";
}

static const char *way_back(struct arena *a, const struct walk *w)
{
	const char *all = "";
	for (size_t i = 0; i < w->n_tighten; i++)
		all = arena_printf(a, "%s%s%s", all, i ? ";\n" : "", w->tighten[i]);
	return all;
}

const char *permit_statement(struct arena *a, const struct plan *p, const struct walk *w, const struct facts *f)
{
	switch (changes(w) ? w->change : CHANGE_NONE) {
	case CHANGE_ADD: return plan_rule(p) == RULE_SPLIT ? known(f->dual.put) : sql_add(a, p);
	case CHANGE_TAKE: return sql_take(a, p);
	case CHANGE_DUAL: case CHANGE_AGAIN: return known(f->dual.put);
	case CHANGE_UNDUAL: case CHANGE_END: return known(f->dual.take);
	case CHANGE_RELAX: return sql_relax(a, p, &f->target);
	case CHANGE_TIGHTEN: return way_back(a, w);
	case CHANGE_HOLD: return rule_hold(a, p, &f->target);
	default: return sql_statement(a, p, &f->target);
	}
}

static bool is_intent(struct arena *a, const struct walk *w, const struct permit_binding *b, struct err *e)
{
	const struct permit_binding open = {
		.sid = w->sid, .plan_digest = w->plan_digest, .statement = w->intent_statement,
		.snapshot_sha256 = changes(w) ? w->first.manifest_sha256 : w->intent_snapshot,
		.intent_head = w->intent_head, .nonce = b->batch > 0 ? permit_batch_nonce(a, w->intent_nonce, b->batch) : w->intent_nonce,
		.relid = w->relid, .attnum = permit_attnum(w), .intent_n = w->intent_n, .batch = b->batch,
	};
	struct bound asked, stands;
	bound_of(b, &asked);
	bound_of(&open, &stands);
	if (!is_whole(&asked) || !is_whole(&stands))
		return no_permit(e, "a part of the intent is missing");
	for (size_t i = 0; i < BOUND; i++)
		if (strcmp(asked.text[i], stands.text[i]) != 0)
			return err_set(e, ERR_VERIFY, "Nothing was sent.", "no permit: the %s is not that of the open intent", names[i]);
	return true;
}

static bool gates_hold(const struct plan *p, const struct walk *w, const struct facts *f, struct err *e)
{
	struct finding found[CONDITION_COUNT];
	if (w->kind == TARGET_ROWS)
		return gate_batch_allowed(p, w, f, e);
	if (changes(w))
		return gate_alter_allowed(p, w, f, w->change, e);
	gate_judge_all(p, w, f, found);
	return gate_refusal_any(found, e);
}

struct permit *permit_mint(struct arena *a, const struct plan *p, const struct walk *w, const struct facts *f,
	const struct permit_binding *b, const struct permit_mac *mac, struct err *e)
{
	struct bound bound;
	if (!intent_open(w, e) || !is_batch(w, b, f->now, e) || !is_intent(a, w, b, e))
		return NULL;
	if (w->kind != plan_target(p)) {
		no_permit(e, "the plan's target is of another kind than the walk's");
		return NULL;
	}
	if (!same_known(p->digest, w->plan_digest) || !same_known(permit_statement(a, p, w, f), b->statement)) {
		no_permit(e, "the statement is not the one the plan makes");
		return NULL;
	}
	if (!gates_hold(p, w, f, e))
		return NULL;
	bound_of(b, &bound);
	struct permit *pm = arena_alloc(a, sizeof *pm);
	pm->issued = f->now;
	for (size_t i = 0; i < BOUND; i++)
		mac_one(mac, pm->issued, i, bound.text[i], pm->bound[i]);
	mac_seal(mac, pm, pm->seal);
	return pm;
}

static bool bound_the_same(const struct permit *pm, const struct permit_binding *b, const struct permit_mac *mac, struct err *e)
{
	unsigned char one[MAC_LEN];
	struct bound bound;
	bound_of(b, &bound);
	for (size_t i = 0; i < BOUND; i++) {
		mac_one(mac, pm->issued, i, bound.text[i] ? bound.text[i] : "", one);
		if (!same_mac(one, pm->bound[i]))
			return err_set(e, ERR_VERIFY, "Nothing was sent.", "the permit is for another %s", names[i]);
	}
	return true;
}

/* No sign of tampering: a server that was slow, or whose clock was set. A new look makes a new one. */
static bool has_expired(const struct permit *pm, int64_t now, struct err *e)
{
	if (now <= permit_expires(pm))
		return false;
	err_set(e, ERR_GATE, "Nothing was sent. Go to the drop again.", "the permit has expired: it holds for 60 s");
	return true;
}

bool permit_check(const struct permit *pm, const struct permit_binding *b, int64_t now, const struct permit_mac *mac, struct err *e)
{
	unsigned char seal[MAC_LEN];
	if (!pm || !b || !mac || !mac->mac)
		return no_permit(e, "there is none");
	mac_seal(mac, pm, seal);
	if (!same_mac(seal, pm->seal))
		return err_set(e, ERR_VERIFY, "Nothing was sent. Restart gatewalk.", "the permit's seal does not hold: it was not made by this program's engine");
	if (pm->spent)
		return err_set(e, ERR_VERIFY, "Nothing was sent. A new drop needs a new intent.", "the permit has been used already");
	if (now < pm->issued)
		return err_set(e, ERR_VERIFY, "Nothing was sent. Have the server's clock looked at.", "the permit was issued later than now, by the server's clock");
	if (has_expired(pm, now, e))
		return false;
	return bound_the_same(pm, b, mac, e);
}

bool permit_spend(struct permit *pm, const struct permit_binding *b, int64_t now, const struct permit_mac *mac, struct err *e)
{
	if (!permit_check(pm, b, now, mac, e))
		return false;
	pm->spent = 1;
	mac_seal(mac, pm, pm->seal);
	return true;
}

/* What can have changed between the mint and the lock. C6 judges identity too. Rows are compared one by one: no C2. What goes again
   waits for no window. */
static const char *const *under_lock_ids(const struct walk *w)
{
	static const char *const drop[] = { "C2", "C3", "C5", "C6", "C9", NULL };
	static const char *const change[][5] = {
		[CHANGE_ADD] = { "A1", "C3", "C6" }, [CHANGE_TAKE] = { "C6" }, [CHANGE_DUAL] = { "A1", "C3", "C6" }, [CHANGE_UNDUAL] = { "C6" },
		[CHANGE_RELAX] = { "B4", "C3", "C6" }, [CHANGE_TIGHTEN] = { "C6" }, [CHANGE_END] = { "B3", "B4", "C6" }, [CHANGE_AGAIN] = { "C6" },
		[CHANGE_HOLD] = { "B3", "C3", "C6" },
	};
	return changes(w) ? change[w->change] : drop + (w->kind == TARGET_ROWS);
}

/* The table says what is taken off the old column, and the lock is for that alone. */
static bool states_the_same(const struct plan *p, const struct walk *w, const struct facts *under_lock, struct err *e)
{
	if (!changes(w))
		return true;
	struct arena *a = arena_new();
	bool same = same_known(permit_statement(a, p, w, under_lock), w->intent_statement);
	arena_free(a);
	if (!same)
		err_set(e, ERR_GATE, "Look again, and begin it again.", "under the lock: what the table has asks for another statement than the one that was signed");
	return same;
}

/* Behind the end of a split's triggers nothing brings over what is written to the old columns. */
static bool nobody_needs(const struct plan *p, const struct walk *w, struct err *e)
{
	bool ends = changes(w) && w->change == CHANGE_HOLD && plan_rule(p) == RULE_SPLIT;
	return !ends || !walk_deploy_left(w, p, "reads_moved", NULL) || no_permit(e, "not every deploy uses the new table alone");
}

bool permit_rejudge(const struct permit *pm, const struct plan *p, const struct walk *w, const struct facts *under_lock, struct err *e)
{
	const char *const *ids = under_lock_ids(w);
	int64_t now = under_lock->now;
	if (!pm || !under_lock->locked)
		return no_permit(e, "the facts were not read under the lock");
	if (now < pm->issued)
		return no_permit(e, "it is not valid at the server's time under the lock");
	if (has_expired(pm, now, e))
		return false;
	if (!intent_open(w, e))
		return false;
	for (; *ids; ids++) {
		struct finding f;
		gate_judge_one(p, w, under_lock, *ids, &f);
		if (!finding_passes(&f))
			return err_set(e, ERR_GATE, f.todo, "under the lock: %s, %s: %s", f.id, f.question, f.because);
	}
	return nobody_needs(p, w, e) && states_the_same(p, w, under_lock, e);
}
