/* SPDX-License-Identifier: MIT */
/* A constraint's walk, where its stages differ from those of a new column: what deploys write holds to it, then every row is asked. An index is built by a
   job; what is not unique refuses nothing, so nobody is asked what it writes. */
#include "core/view_parts.h"

#include "base/arena.h"
#include "base/text.h"
#include "core/gate_rules.h"
#include "core/rule.h"

#define WRITES "writes only what holds to it"
#define NEW_NAME "uses the new name alone"
#define NEW_TABLE "uses the new table alone"

void view_ask_broken(struct view *v)
{
	if (!rule_binds(v->plan))
		return;
	const struct fact_broken *b = &v->facts->broken;
	char n[32];
	struct challenge *c = view_ask(v, "broken", view_is_index(v) ? "is every key there once?" : "does every row hold to it?", view_fills(v) ? "yes, or the backfill fills those that do not" : "no row that does not");
	c->seen = b->at;
	c->verdict = !b->at ? WAITS : b->rows && !view_fills(v) ? REFUSED : HOLDS;
	if (!b->at)
		put_text(c->now, sizeof c->now, "counted when it is begun");
	else if (b->rows)
		put_text(c->now, sizeof c->now, "%s do not: %s", grouped(b->rows, n), b->first ? b->first : "");
	else
		put_text(c->now, sizeof c->now, "every row does");
	put_text(c->source, sizeof c->source, "table");
}

bool view_next_broken(struct view *v)
{
	const struct fact_broken *b = &v->facts->broken;
	char n[32];
	if (!b->rows || view_fills(v))
		return false;
	view_line(v, 0, "%s row%s not hold to it: %s", grouped(b->rows, n), b->rows == 1 ? " does" : "s do", b->first ? b->first : "");
	view_line(v, 1, "Nothing was changed. Mend them, then begin it again.");
	return true;
}

static bool is_split(const struct view *v)
{
	return plan_rule(v->plan) == RULE_SPLIT;
}

/* What a job brings: is it whole? */
static bool built(const struct view *v)
{
	enum rule_step is = rule_step(v->plan, &v->facts->target);
	return is_split(v) ? is >= RULE_ALL_ROWS : !view_is_index(v) || is == RULE_DONE;
}

static const struct view_job *bringing(const struct view *v)
{
	return view_job_of(v, is_split(v) ? "split" : "index");
}

static bool is_name(const struct view *v)
{
	return plan_rule(v->plan) == RULE_NAME;
}

static const char *take_label(const struct view *v)
{
	return is_name(v) ? "give it its old name back" : is_split(v) ? "take its triggers away" : arena_printf(v->arena, "take the %s away", view_noun(v));
}

static void offers_writes(struct view *v)
{
	if (!built(v) && !view_job_alive(bringing(v)))
		view_offer_plain(v, ACT_BUILD, is_split(v) ? "bring the rows over" : "build the index");
	if (built(v) && !rule_binds(v->plan))
		view_offer_confirm(v, ITEM_DUAL_WRITE, "type \"written\"", "written");
	if (!rule_binds(v->plan) || !built(v)) {
		view_offer_asks(v, ACT_TAKE, take_label(v), "why it goes again", "a reason");
		return;
	}
	view_offer_deploys(v, "writes_fill", WRITES);
	if (!walk_deploy_left(v->walk, v->plan, "writes_fill", NULL))
		view_offer_confirm(v, ITEM_DUAL_WRITE, "type \"written\"", "written");
	view_offer_asks(v, ACT_TAKE, take_label(v), "why it goes again", "a reason");
}

static void asks_writes(struct view *v)
{
	size_t done = 0;
	const struct view_job *job = bringing(v);
	if (view_is_index(v) || is_split(v)) {
		struct challenge *c = view_ask(v, "built", is_split(v) ? "has every row come over?" : "does the index stand?", is_split(v) ? "none is missing, all are the same" : "finished, beside reads and writes");
		c->seen = v->facts->target.at;
		c->verdict = built(v) ? HOLDS : view_job_alive(job) ? WAITS : REFUSED;
		c->offer = view_offered(v, ACT_BUILD, NULL);
		put_text(c->now, sizeof c->now, "%s", built(v) ? is_split(v) ? "every row" : "it does" : view_job_alive(job) ? is_split(v) ? "coming over" : "being built" : is_split(v) ? "not all" : "not built");
		put_text(c->source, sizeof c->source, "catalogue");
	}
	if (!rule_binds(v->plan)) {
		view_ask_typed(v, ITEM_DUAL_WRITE, is_name(v) ? "do both names work?" : is_split(v) ? "may it be read?" : "is it to stay?", "written", is_name(v) ? "a view bears the old one" : is_split(v) ? built(v) ? "kept by triggers" : "not whole yet" : built(v) ? "it stands" : "not built yet");
		return;
	}
	walk_deploy_left(v->walk, v->plan, "writes_fill", &done);
	view_ask_deploys(v, "writes_fill", "write only that");
	view_ask_typed(v, ITEM_DUAL_WRITE, "does everybody write only what holds to it?", "written", arena_printf(v->arena, "%zu of %zu deploys declared", done, v->plan->n_deploys));
}

static void next_writes(struct view *v)
{
	size_t done = 0;
	if (!built(v) && is_split(v)) {
		view_two(v, "Not every row stands in the new table. Bring them over: a job does.", "Or take its triggers away; the table itself stays then, as it is.");
		return;
	}
	if (!built(v)) {
		view_two(v, "The index does not stand. Build it; what was begun is cleared away.", "Or take it away, and the walk goes back to where nothing was built.");
		return;
	}
	if (!rule_binds(v->plan)) {
		if (is_name(v))
			view_two(v, "Both names work, and mean the same rows. Type \"written\" (item 5).", "Then each deploy moves to the new name (item 8).");
		else if (is_split(v))
			view_two(v, "Every row stands in both, and every write goes to both. Type \"written\".", "Then each deploy moves to the new table, reads before writes (item 8).");
		else
			view_two(v, "The index stands, and refuses nothing. Type \"written\" (item 5).", "Then queries that need it are looked at (item 8).");
		return;
	}
	const char *name = walk_deploy_left(v->walk, v->plan, "writes_fill", &done);
	if (name) {
		view_line(v, 0, "Deploy %s so that all it writes holds to it, then declare that release.", name);
		view_line(v, 1, "And when its last old instance ended. %zu of %zu are declared.", done, v->plan->n_deploys);
		return;
	}
	view_line(v, 0, "Every deploy writes only what holds to it. Type \"written\" (item 5).");
	if (view_fills(v))
		view_line(v, 1, "Then the rows that have no value are filled.");
	else
		view_line(v, 1, "Then every row that stands is asked, %d h later.", v->plan->writes_hours);
}

/* What is done next, by how far it has come. */
static const char *const holds[] = { [RULE_NEW_ROWS] = "ask every row that stands", [RULE_ALL_ROWS] = "set NOT NULL" };

static void offers_reads(struct view *v)
{
	enum rule_step is = rule_step(v->plan, &v->facts->target);
	int64_t passed, whole;
	if (view_reads_wait(v, &passed, &whole))
		return;
	if (is_name(v) || is_split(v))
		view_offer_deploys(v, "reads_moved", is_name(v) ? NEW_NAME : NEW_TABLE);
	if (is_split(v) && is == RULE_ALL_ROWS && !view_deploy_left(v, NULL))
		view_offer_change(v, CHANGE_HOLD, "take the triggers off", NULL, NULL);
	else if (is_split(v) && is != RULE_DONE)
		return;
	else if (is == RULE_DONE && (!is_name(v) || !view_deploy_left(v, NULL)))
		view_offer_confirm(v, ITEM_READS, "type \"held\"", "held");
	else if (is != RULE_ABSENT && !view_is_index(v) && !is_name(v))
		view_offer_change(v, CHANGE_HOLD, holds[is], NULL, NULL);
}

static void asks_reads(struct view *v)
{
	static const char *const steps[] = { [RULE_ABSENT] = "it is not there", [RULE_NEW_ROWS] = "asked of new rows alone", [RULE_ALL_ROWS] = "every row holds to it, NOT NULL is not set yet",
		[RULE_DONE] = "every row holds to it" };
	enum rule_step is = rule_step(v->plan, &v->facts->target);
	static const char *const before[] = { "B7", "B3", "C3", "C4" };
	for (size_t i = 0; i < sizeof before / sizeof *before; i++)
		view_ask_sensed(v, before[i]);
	if (v->facts->broken.at)
		view_ask_broken(v);
	if (is_name(v) || is_split(v)) {
		size_t done = 0;
		view_deploy_left(v, &done);
		view_ask_deploys(v, "reads_moved", is_name(v) ? "use the new name" : "use the new table");
		view_ask_typed(v, ITEM_READS, is_name(v) ? "does everybody use the new name?" : "does it stand by itself?", "held", is_split(v) && is == RULE_DONE ? "it does" : arena_printf(v->arena, "%zu of %zu deploys declared", done, v->plan->n_deploys));
		return;
	}
	view_ask_typed(v, ITEM_READS, view_is_index(v) ? "do queries use it as they should?" : "has every row been asked?", "held", view_is_index(v) ? is == RULE_DONE ? "it stands" : "it does not stand" : steps[is]);
}

static void next_moved(struct view *v)
{
	size_t done = 0;
	const char *name = view_deploy_left(v, &done);
	if (name) {
		view_line(v, 0, "Deploy %s so that it uses the new name, then declare that release.", name);
		view_line(v, 1, "And when its last old instance ended. %zu of %zu are declared.", done, v->plan->n_deploys);
		return;
	}
	view_two(v, "Every deploy uses the new name. Type \"held\" (item 8).", "The view under the old name stays; gatewalk audit says who else uses it.");
}

static void next_split(struct view *v)
{
	size_t done = 0;
	const char *name = view_deploy_left(v, &done);
	if (name) {
		view_line(v, 0, "Deploy %s so that it uses the new table alone, reads before writes.", name);
		view_line(v, 1, "Declare it when its last old instance ended. %zu of %zu are declared.", done, v->plan->n_deploys);
	} else {
		view_two(v, "Take the triggers off: nobody writes the old columns any more.", "A short lock; the old columns stay, for walks that drop them.");
	}
}

static void next_reads(struct view *v)
{
	const struct finding *f = view_change_shut(v, CHANGE_HOLD);
	enum rule_step is = rule_step(v->plan, &v->facts->target);
	if (is == RULE_ABSENT || (view_is_index(v) && is != RULE_DONE)) {
		view_two(v, arena_printf(v->arena, "The %s that this walk added is not there any more.", view_noun(v)), "Find out who took it away; leave the walk, if it is not to go on.");
	} else if (is_name(v)) {
		next_moved(v);
	} else if (is == RULE_DONE) {
		view_line(v, 0, view_is_index(v) ? "Queries may use it: look at their plans. Type \"held\" (item 8)." : is_split(v) ? "The new table stands by itself. Type \"held\" (item 8)." : "Every row holds to it. Type \"held\" (item 8).");
		view_line(v, 1, "Then it is watched for %d h.", v->plan->monitor_hours);
	} else if (f) {
		view_waits_or_because(v, is_split(v) ? "The triggers stay" : "Rows that stand are not asked yet", f);
	} else if (v->facts->blocker.at) {
		view_line(v, 0, "Not done: %s.", view_blocker(v));
		view_line(v, 1, "Nothing was changed, and nobody waits behind it. Try again later.");
	} else if (is_split(v)) {
		next_split(v);
	} else if (view_next_broken(v)) {
		return;
	} else if (is == RULE_NEW_ROWS) {
		view_two(v, "Ask every row that stands: all are read, and nobody is kept out.", "It may take a while; reads and writes go on beside it.");
	} else {
		view_two(v, "Set NOT NULL: the check has been held, so no row is read.", "A short lock, asked for again if it is not free; the check goes with it.");
	}
}

const struct view_stage *view_rule(enum stage s)
{
	static const struct view_stage writing = { offers_writes, asks_writes, next_writes }, reading = { offers_reads, asks_reads, next_reads };
	return s == AT_WRITES ? &writing : s == AT_READS ? &reading : NULL;
}
