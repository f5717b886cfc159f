/* SPDX-License-Identifier: MIT */
/* What an operator can do, one function an act, in one table. Each looks again and judges for itself: that a screen offered
   it means nothing here. */
#include "engine/drop_parts.h"

#include <stdlib.h>
#include <string.h>

#include "adapter/audit.h"
#include "adapter/job.h"
#include "adapter/probe.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "core/consumers.h"
#include "core/deploy.h"
#include "engine/adding.h"
#include "engine/altering.h"
#include "engine/closing.h"
#include "engine/comparing.h"
#include "engine/filling.h"
#include "engine/hiding.h"
#include "engine/indexing.h"
#include "engine/watching.h"
#include "port/files.h"

static bool wrong(struct err *e, const char *hint, const char *what)
{
	return err_set(e, ERR_USE, hint, "%s", what);
}

static bool at_stage(struct engine *g, enum stage low, enum stage high, const char *act, struct err *e)
{
	if (g->walk.stage >= low && g->walk.stage <= high)
		return true;
	return err_set(e, ERR_USE, NULL, "%s does not belong to this part of the walk (%s)", act, stage_name(g->walk.stage));
}

bool job_begin(struct engine *g, const char *kind, struct json *args, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot);
	bool running = false;
	long long id = 0;
	struct text t = { 0 };
	if (!job_running(g->db, a, g->walk.sid, kind, &running, e))
		return false;
	if (running)
		return true;
	json_write(&t, args);
	bool ok = job_make(g->db, a, g->walk.sid, kind, text_str(&t), &id, e);
	text_free(&t);
	const struct job_order o = { g->opts.program, db_conninfo(g->db, a, NULL), id, path_join(a, journal_dir(g->journal), "jobs") };
	if (!ok || !job_start(g->db, a, &o, e))
		return false;
	struct json *b = line_body(g);
	json_add_str(b, "event", "start");
	json_add_int(b, "job", id);
	json_add_str(b, "kind", kind);
	json_add_str(b, "note", "");
	return line_write(g, OP_JOB, b, false, e);
}

static bool do_look(struct engine *g, const struct act *act, struct err *e)
{
	(void)act;
	return engine_look(g, e);
}

static bool do_audit(struct engine *g, const struct act *act, struct err *e)
{
	(void)act;
	return look_facts(g, true, e);
}

static bool do_drill(struct engine *g, const struct act *act, struct err *e)
{
	(void)act;
	struct json *args = json_obj(lot_arena(g->walk_lot));
	const char *path = g->walk.final.path && g->walk.final.equal ? g->walk.final.path : g->walk.first.path;
	if (!at_stage(g, AT_SNAPSHOT, AT_ARMED, "a drill", e))
		return false;
	if (!path)
		return wrong(e, "Take the snapshot first.", "there is no snapshot to drill with");
	json_add_str(args, "path", path);
	return job_begin(g, "drill", args, e);
}

static bool do_snapshot(struct engine *g, const struct act *act, struct err *e)
{
	bool first = g->walk.stage <= AT_GATE_A, reads = g->walk.stage == AT_COPY, served = false;
	struct json *args = json_obj(lot_arena(g->walk_lot));
	if (!at_stage(g, AT_SNAPSHOT, AT_ARMED, "a snapshot", e))
		return false;
	if (!first && !reads && g->walk.stage < AT_FINAL)
		return wrong(e, "The final snapshot is taken when gate B is open.", "this walk has its first snapshot already");
	if (!first && !reads && !(gates_open(g->findings) & GATE_B))
		return gate_refusal(g->findings, GATE_B, e);
	if (!take_serving(g, &served, e))
		return false;
	if (served)
		return do_drill(g, act, e);
	json_add_int(args, "drill", first);
	json_add_str(args, "role", first ? "first" : reads ? "reads" : "final");
	if (!job_begin(g, "snapshot", args, e))
		return false;
	engine_say(g, "the snapshot runs as a job of its own");
	return true;
}

/* What the operator has to type for an item, so that nobody confirms by a mere Enter. */
static const char *answer_of(struct engine *g, struct arena *a, enum item item)
{
	struct consumers_state s;
	consumers_count(g->plan, &g->walk, &g->facts.audit, &s);
	switch (item) {
	case ITEM_ARCHETYPE: return archetype_name(g->plan->archetype);
	case ITEM_DOCUMENT: return g->plan->rollback_floor;
	case ITEM_CONSUMERS: return arena_printf(a, "%zu", s.all);
	case ITEM_DUAL_WRITE: return "written";
	case ITEM_WINDOW: return "over";
	case ITEM_READS: return g->walk.kind == TARGET_CONSTRAINT ? "held" : "moved";
	case ITEM_UNUSED: return "relaxed";
	case ITEM_MONITOR: return arena_printf(a, "%d", g->walk.alarms);
	default: return NULL;
	}
}

/* Item 4 asks for everybody by name. Whether those who name the column have stopped is B1's question, at gate B. */
static bool all_named(const struct engine *g, struct err *e)
{
	if (g->facts.audit.at == 0)
		return wrong(e, "Look for consumers first.", "nobody has looked at the consumers yet");
	struct consumers_state s;
	consumers_count(g->plan, &g->walk, &g->facts.audit, &s);
	return s.named == s.all || err_set(e, ERR_GATE, s.todo, "%s: %s", s.first ? s.first : "a consumer", s.why ? s.why : "not cleared");
}

static bool item_ready(struct engine *g, enum item item, struct err *e)
{
	char buf[WHEN_MAX];
	if (g->walk.archetype != ARCH_DESTRUCTIVE && item >= ITEM_DUAL_WRITE && item <= ITEM_UNUSED)
		return adding_ready(g, item, e);
	if (item == ITEM_CONSUMERS) {
		if (!g->facts.watch.tripwire_there || !g->facts.watch.tripwire_enabled)
			return wrong(e, "Put the tripwire on the table first.", "the watch has not begun");
		return all_named(g, e);
	}
	const char *left = item == ITEM_READS ? walk_deploy_left(&g->walk, g->plan, "reads_moved", NULL) : NULL;
	if (left)
		return err_set(e, ERR_USE, "Declare its release and when its last old instance ended.", "deploy %s has not said that it uses the target no more", left);
	if (item == ITEM_MONITOR) {
		int64_t end = walk_watch_end(&g->walk, g->plan);
		if (g->facts.now == 0 || g->facts.now < end)
			return err_set(e, ERR_WAIT, "The monitor's job watches meanwhile.", "the watch of %d h ends %s UTC", g->plan->monitor_hours, when_short(end, buf));
		if (g->facts.monitor.at == 0 || g->facts.monitor.at < end)
			return wrong(e, "gatewalk job tick WALK   takes a sample now.", "nobody has looked since the watch should have ended");
	}
	return true;
}

static bool do_confirm(struct engine *g, const struct act *act, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot);
	enum item item = act->key ? (enum item)atoi(act->key) : ITEM_NONE;
	const char *answer = answer_of(g, a, item);
	if (!answer || stage_item(g->walk.stage) != item)
		return wrong(e, NULL, "that item cannot be confirmed now");
	if (!item_ready(g, item, e))
		return false;
	if (!act->text || strcmp(act->text, answer) != 0)
		return err_set(e, ERR_USE, "Type it exactly.", "the answer to item %d is not \"%s\"", item, act->text ? act->text : "");
	struct json *b = line_body(g);
	if (item == ITEM_DUAL_WRITE)
		json_add_int(b, "backfill", g->plan->backfill.value != NULL);
	json_add_int(b, "item", item);
	json_add_str(b, "typed", act->text);
	if (!line_write(g, OP_CONFIRM, b, false, e))
		return false;
	engine_say(g, "item %d confirmed", item);
	return true;
}

static bool known_deploy(const struct engine *g, const char *name)
{
	for (size_t i = 0; i < g->plan->n_deploys; i++)
		if (strcmp(g->plan->deploys[i].name, name) == 0)
			return true;
	return false;
}

static bool do_declare(struct engine *g, const struct act *act, struct err *e)
{
	static const char *const known[] = { "reads_moved", "writes_fill", "writes_both", "reads_both", "writes_new", "rehearsed", "tests", "releases" };
	const char *slash = act->key ? strchr(act->key, '/') : NULL;
	size_t len = slash ? (size_t)(slash - act->key) : act->key ? strlen(act->key) : 0;
	const char *what = NULL, *key = slash ? slash + 1 : "";
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (act->key && strlen(known[i]) == len && strncmp(act->key, known[i], len) == 0)
			what = known[i];
	bool of_deploy = what && (walk_ask(what) >= 0 || strcmp(what, "writes_fill") == 0);
	if (!what || (of_deploy && !known_deploy(g, key)))
		return err_set(e, ERR_USE, NULL, "nothing is declared under \"%s\"", act->key ? act->key : "");
	if (archetype_beside(g->walk.archetype) && of_deploy && !walk_asks_now(&g->walk, g->plan, what))
		return wrong(e, "Do what NEXT says: a release that does so too early reads what is not there yet, or writes what nobody sees.",
			arena_printf(lot_arena(g->walk_lot), "\"%s\" is declared before its time: the walk is at \"%s\"", what, stage_name(g->walk.stage)));
	if (!act->text || strspn(act->text, " ") == strlen(act->text))
		return wrong(e, "Type the value: a release, a time, a digest.", "an empty answer declares nothing");
	if ((of_deploy && !(look_facts(g, false, e) && deploy_word_holds(&g->walk, g->plan, what, act->text, g->facts.now, e))) || !line_declare(g, what, key, act->text, e))
		return false;
	engine_say(g, of_deploy ? "%s: its release is declared" : "declared: %s", of_deploy ? key : what);
	return true;
}

static const struct consumer *consumer_of(const struct engine *g, const char *key)
{
	for (size_t i = 0; key && i < g->facts.audit.n; i++)
		if (strcmp(g->facts.audit.found[i].key, key) == 0)
			return &g->facts.audit.found[i];
	return NULL;
}

static bool blind_spot(const struct engine *g, const char *key)
{
	for (size_t i = 0; key && i < g->facts.audit.n_blind_keys; i++)
		if (strcmp(g->facts.audit.blind_keys[i], key) == 0)
			return true;
	return false;
}

static bool do_clear(struct engine *g, const struct act *act, struct err *e)
{
	const struct consumer *c = consumer_of(g, act->key);
	if (!c && !blind_spot(g, act->key))
		return err_set(e, ERR_USE, "Look again: the list may have changed.", "no consumer \"%s\" was found", act->key ? act->key : "");
	if (c && c->structural)
		return err_set(e, ERR_USE, "Change or remove it, then look again.", "%s would be lost or would block the drop: a word cannot clear it", c->key);
	if (act->survives && (!c || !c->may_survive))
		return err_set(e, ERR_USE, "Clear it without \"survives\" once it has stopped.", "%s names what goes: it cannot survive the drop", act->key);
	if (!act->text || strlen(act->text) < 4)
		return wrong(e, "Say who decided and by what evidence.", "a clearing needs a reason");
	struct json *b = line_body(g);
	json_add_str(b, "consumer", act->key);
	if (c && c->counted)
		json_add_str(b, "counted", c->counted);
	json_add_str(b, "reason", act->text);
	json_add_int(b, "survives", act->survives);
	if (!line_write(g, OP_CLEAR, b, false, e))
		return false;
	engine_say(g, "cleared: %s", act->key);
	return true;
}

static bool do_quiet(struct engine *g, const struct act *act, struct err *e)
{
	struct json *b = line_body(g);
	(void)act;
	if (!at_stage(g, AT_PARITY, AT_UNUSED, "the count of item 9", e) || !look_fresh(g, e) || (g->walk.stage == AT_PARITY && !altering_may_end(g, e)))
		return false;
	if (g->walk.stage == AT_PARITY)
		json_add_int(b, "parity", g->walk.parity_n);
	if (!g->facts.watch.tripwire_there || !g->facts.watch.tripwire_enabled)
		return wrong(e, "Put the tripwire on the table first.", "nobody would see a write");
	if (g->walk.archetype == ARCH_DESTRUCTIVE && (g->facts.target.not_null || g->facts.target.def) &&
	    !apply_relax(g->db, lot_arena(g->walk_lot), g->plan, &g->walk, &g->facts, e))
		return false;
	if (!line_write(g, OP_QUIET, b, false, e))
		return false;
	engine_say(g, "the count has begun");
	return job_begin(g, "watch", json_obj(lot_arena(g->walk_lot)), e);
}

static struct json *gate_body(struct engine *g, enum gate gate)
{
	static const char *const words[] = { [NOT_NEEDED] = "not needed", [HOLDS] = "holds", [REFUSED] = "refused", [UNKNOWN] = "unknown", [WAITS] = "waits" };
	struct json *b = line_body(g), *list = json_add_arr(b, "conditions");
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		const struct finding *f = &g->findings[i];
		if (f->gate != gate && gate != GATE_C)
			continue;
		struct json *o = json_add_obj(list, NULL);
		json_add_str(o, "id", f->id);
		json_add_str(o, "now", f->now);
		json_add_str(o, "verdict", words[f->verdict]);
	}
	json_add_strf(b, "gate", "%c", gate_letter(gate));
	return b;
}

static bool do_pass(struct engine *g, const struct act *act, struct err *e)
{
	static const enum gate all[] = { GATE_A, GATE_B, GATE_C };
	enum gate gate = act->key && *act->key >= 'A' && *act->key <= 'C' ? all[*act->key - 'A'] : (enum gate)0;
	if (!gate)
		return wrong(e, NULL, "which gate? A, B or C");
	if (!look_facts(g, gate == GATE_B, e) || !look_fresh(g, e))
		return false;
	for (size_t i = 0; i < 3; i++)
		if ((all[i] == gate || gate == GATE_C) && !(gates_open(g->findings) & all[i]))
			return gate_refusal(g->findings, all[i], e);
	if ((gate == GATE_B && !take_audit(g, e)) || !line_write(g, OP_GATE, gate_body(g, gate), false, e))
		return false;
	engine_say(g, "gate %c passed", gate_letter(gate));
	return true;
}

static bool do_drop(struct engine *g, const struct act *act, struct err *e)
{
	(void)g;
	(void)act;
	return wrong(e, "Go to the drop's own screen: it asks for the name, counts down, and has a person sign.", "the drop is not done from here");
}

static bool do_restore(struct engine *g, const struct act *act, struct err *e)
{
	(void)act;
	if (!at_stage(g, AT_MONITOR, AT_CLOSED, "a restore", e))
		return false;
	if (!g->walk.dropped || !g->walk.final.path)
		return wrong(e, NULL, "nothing was dropped by this walk");
	struct json *args = json_obj(lot_arena(g->walk_lot));
	json_add_str(args, "path", g->walk.final.path);
	if (!job_begin(g, "restore", args, e))
		return false;
	engine_say(g, "the %s: being put back, as a job of its own", target_noun(g->walk.kind));
	return true;
}

static bool do_job(struct engine *g, const struct act *act, struct err *e)
{
	static const char *const control[] = { [ACT_JOB_PAUSE] = "pause", [ACT_JOB_RESUME] = "run", [ACT_JOB_STOP] = "stop" };
	return job_control(g->db, act->job, control[act->kind], e);
}

typedef bool doer(struct engine *g, const struct act *act, struct err *e);
static doer *const doers[ACT_COUNT] = {
	[ACT_LOOK] = do_look, [ACT_CHECK] = do_look, [ACT_SNAPSHOT] = do_snapshot, [ACT_DRILL] = do_drill, [ACT_CONFIRM] = do_confirm,
	[ACT_DECLARE] = do_declare, [ACT_AUDIT] = do_audit, [ACT_CLEAR] = do_clear, [ACT_WATCH] = watching_begin, [ACT_QUIET] = do_quiet,
	[ACT_ADD] = adding_begin, [ACT_TAKE] = adding_take, [ACT_ALTER] = altering_begin, [ACT_HIDE] = hiding_begin, [ACT_UNHIDE] = hiding_end, [ACT_PASS] = do_pass, [ACT_DROP] = do_drop, [ACT_REMOVE] = rows_resume, [ACT_REMOVE_END] = rows_end, [ACT_SCHEMA_LOG] = closing_schema_log, [ACT_RESTORE] = do_restore,
	[ACT_BACK] = closing_back, [ACT_LEAVE] = closing_leave, [ACT_JOB_PAUSE] = do_job, [ACT_JOB_RESUME] = do_job, [ACT_JOB_STOP] = do_job,
	[ACT_BACKFILL] = filling_begin, [ACT_BUILD] = indexing_begin, [ACT_RETRY] = filling_begin, [ACT_JOB_SET] = filling_set, [ACT_PARITY] = comparing_begin,
};

/* Acts that change the database before their line is written must not begin when no line can be. */
static bool leaves_traces(enum act_kind kind)
{
	return kind != ACT_LOOK && kind != ACT_CHECK && kind != ACT_AUDIT && kind != ACT_UNHIDE && kind != ACT_JOB_PAUSE && kind != ACT_JOB_STOP && kind != ACT_JOB_SET;
}

bool engine_do(struct engine *g, const struct act *act, struct err *e)
{
	struct err why = { 0 };
	g->last_done[0] = '\0';
	err_clear(&g->last);
	bool ok;
	if (act->kind <= ACT_NONE || act->kind >= ACT_COUNT || !doers[act->kind])
		ok = wrong(&why, NULL, "no such act");
	else if (!g->journal)
		ok = wrong(&why, "Open a walk first.", "no walk is open");
	else if (!g->db && act->kind != ACT_LOOK)
		ok = err_set(&why, ERR_DB_LOST, "Wait for the server; r looks again.", "no connection to the server");
	else if (g->state != LOG_AGREES && leaves_traces(act->kind))
		ok = line_disagree(g, &why);
	else
		ok = doers[act->kind](g, act, &why);
	if (ok && act->kind != ACT_LOOK && act->kind != ACT_CHECK) {
		struct err soft = { 0 };
		engine_look(g, &soft);
	} else {
		look_judge(g);
	}
	if (!ok) {
		g->last = why;
		if (e)
			*e = why;
	}
	return ok;
}
