/* SPDX-License-Identifier: MIT */
/* Beginning a walk, going on with one, and fetching one from the database. */
#include "engine/engine_private.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "adapter/planfile.h"
#include "adapter/probe.h"
#include "adapter/remember.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "core/body.h"
#include "port/crypto.h"
#include "port/files.h"

#define PLAN_MAX (1 << 20)

void engine_walk_close(struct engine *g)
{
	if (g->journal && !g->read_only && g->walk.sid)
		since_keep(g);
	journal_close(g->journal);
	g->journal = NULL;
	lot_drop(g->walk_lot);
	lot_drop(g->audit_lot);
	moment_forget(&g->calendar);
	g->walk_lot = g->audit_lot = NULL;
	g->plan = NULL;
	g->lines = NULL;
	g->n_lines = g->cap_lines = 0;
	g->read_only = g->owed = false;
	g->state = g->under = g->differs = LOG_AGREES;
	g->verified_at = 0;
	g->look_failed = false;
	g->blocker = (struct fact_blocker){ 0 };
	g->added = (struct fact_added){ 0 };
	g->added_unfit = NULL;
	g->last_done[0] = '\0';   /* what became of the last act there says nothing about the next walk */
	err_clear(&g->last);
	memset(&g->walk, 0, sizeof g->walk);
	memset(&g->audit, 0, sizeof g->audit);
	memset(&g->facts, 0, sizeof g->facts);
	g->n_jobs = g->n_series = g->n_since_left = 0;
	/* The ledger's hold ends with its session. */
	engine_use(g, NULL);
}

static bool plan_from(struct engine *g, struct arena *a, const char *name, const char *text, size_t len, struct err *e)
{
	struct plan_error *errs;
	size_t n;
	g->plan = planfile_parse(a, name, text, len, &errs, &n);
	if (g->plan)
		return true;
	if (n == 0)
		return err_set(e, ERR_USE, NULL, "%s: not a plan", name);
	return err_set(e, ERR_USE, errs[0].instead, "%s:%d:%d: %s%s", name, errs[0].at.line, errs[0].at.column, errs[0].what,
		n > 1 ? " (`gatewalk check` shows all errors)" : "");
}

/* The plan that the log's lines speak of, from the walk's own folder: the file the operator edits may be another by now. */
static bool plan_of_log(struct engine *g, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot);
	char *text;
	size_t len;
	if (!journal_blob_get(g->journal, a, g->walk.plan_digest, &text, &len, e))
		return false;
	return plan_from(g, a, "plan of the log", text, len, e);
}

/* Each line by itself: what fold and view keep of it is theirs. */
static bool lines_take(struct engine *g, struct err *e)
{
	bool good = true;
	for (size_t i = 0; good && i < journal_count(g->journal); i++) {
		struct arena *a = arena_new();
		const struct record *r = journal_line(g->journal, a, i);
		good = walk_fold(&g->walk, r, e);
		if (good)
			line_show(g, r);
		arena_free(a);
		if (!good) {
			e->code = ERR_VERIFY;
			err_in(e, "%s, line %zu", journal_path(g->journal), i + 1);
		}
	}
	return good;
}

bool walk_load(struct engine *g, const char *dir, bool read_only, struct err *e)
{
	g->walk_lot = lot_new();
	g->read_only = read_only;
	walk_init(&g->walk, lot_arena(g->walk_lot));
	struct signer *s = read_only ? NULL : engine_signer(g, e);
	if (!read_only && !s)
		return false;
	g->journal = read_only ? journal_read(dir, e) : journal_open(dir, s, e);
	if (!g->journal)
		return false;
	if (!lines_take(g, e))
		return false;
	g->verified_at = clock_mono();
	if (!plan_of_log(g, e))
		return false;
	since_open(g);
	return true;
}

const char *walk_find_dir(struct engine *g, struct arena *a, const char *word, struct err *e)
{
	const char *found = NULL;
	if (!g->home_lot && !summary_list(g, e))
		return NULL;
	for (size_t i = 0; i < g->n_walks; i++) {
		const struct view_walk *w = &g->walks[i];
		bool same = strncmp(w->sid, word, strlen(word)) == 0 || strcmp(w->name, word) == 0;
		if (!same || (found && w->closed))
			continue;
		found = path_join(a, path_walks(a), w->sid);
		if (!w->closed)
			break;
	}
	if (!found)
		err_set(e, ERR_USE, "`gatewalk status` lists the walks; `gatewalk walk --fetch WALK` takes one from its database.",
			"no walk \"%s\" on this machine", word);
	return found;
}

/* Connected and held: what must stand before anything is written. A server that is gone leaves the walk readable. */
static bool attach(struct engine *g, struct err *e)
{
	struct err why = { 0 };
	if (engine_connect(g, &why))
		return true;
	if (why.code != ERR_DB_CONNECT && why.code != ERR_DB_LOST) {
		*e = why;
		return false;
	}
	g->last = why;
	return true;
}

bool walk_resume(struct engine *g, struct err *e)
{
	if (!attach(g, e))
		return false;
	struct err soft = { 0 };
	if (!engine_look(g, &soft))
		g->last = soft;
	return true;
}

static bool open_word(struct engine *g, const char *word, bool read_only, struct err *e)
{
	struct arena *a = arena_new();
	engine_walk_close(g);
	const char *dir = walk_find_dir(g, a, word, e);
	bool ok = dir && walk_load(g, dir, read_only, e) && walk_resume(g, e);
	if (!ok)
		engine_walk_close(g);
	arena_free(a);
	return ok;
}

bool engine_walk_open(struct engine *g, const char *word, struct err *e)
{
	return open_word(g, word, false, e);
}

bool engine_walk_read(struct engine *g, const char *word, struct err *e)
{
	return open_word(g, word, true, e);
}

static bool fit_server(struct engine *g, struct arena *a, struct fact_server *s, struct fact_mark *m, struct err *e)
{
	if (!engine_connect(g, e) || !probe_direct(g->db, e) || !probe_server(g->db, a, s, e) || !probe_mark(g->db, a, m, e))
		return false;
	if (!remember_read(a, s->sysid, s->dboid, m, e))
		return false;
	if (s->in_recovery)
		return err_set(e, ERR_USE, "Give the primary's address with -d.", "%s is a standby", s->label);
	if (!m->installed)
		return err_set(e, ERR_USE, "gatewalk init --environment production|staging|development|rehearsal", "%s is not marked: gatewalk does not know what it is", s->label);
	if (m->env != m->comment_env || (m->remembered_env != ENV_NONE && m->remembered_env != m->env))
		return err_set(e, ERR_VERIFY, "Find out who changed it; `gatewalk doctor` shows all three marks.",
			"the marks of %s do not agree: schema says %s, the database's comment %s, this machine remembers %s",
			s->label, env_name(m->env), env_name(m->comment_env), env_name(m->remembered_env));
	return true;
}

static bool fit_target(struct arena *a, const struct fact_target *t, const struct plan *p, struct err *e)
{
	if (!t->found)
		return err_set(e, ERR_USE, "Correct the plan's target.", "%s:%d:%d: %s", p->file, plan_mark(p, "target").line, plan_mark(p, "target").column, t->missing);
	if (t->unfit)
		return err_set(e, ERR_USE, "gatewalk does not walk this target.", "%s: %s", plan_target_name(a, p), t->unfit);
	if (!t->may_alter)
		return err_set(e, ERR_USE, "Log in as the table's owner, or have its role granted to you.", "%s.%s belongs to %s, and this login may not alter it",
			t->schema, t->table, t->owner);
	return true;
}

static const char *database_id(struct arena *a, const struct fact_server *s, const struct fact_mark *m)
{
	return arena_printf(a, "%s.%u.%s", s->sysid, s->dboid, m->install_id);
}

static struct json *begin_body(struct engine *g, const struct fact_server *s, const struct fact_mark *m, const struct fact_target *t)
{
	struct arena *a = lot_arena(g->walk_lot);
	struct json *b = json_obj(a);
	const char *allowed = signer_allowed_line(g->signer);
	char signers[65];
	double day_s = m->env == ENV_REHEARSAL ? g->plan->rehearsal_day_s : 86400;
	char *file;
	size_t len;
	if (file_read(a, path_join(a, journal_dir(g->journal), "allowed_signers"), 65536, &file, &len, NULL))
		crypto_sha256_hex(file, len, signers);
	else
		crypto_sha256_hex(allowed, strlen(allowed), signers);
	if (g->plan->archetype != ARCH_DESTRUCTIVE)
		json_add_str(b, "archetype", archetype_name(g->plan->archetype));
	json_add_int(b, "attnum", t->attnum);
	json_add_int(b, "day_us", (int64_t)(day_s * 1e6));
	json_add_str(b, "environment", env_name(m->env));
	json_add_str(b, "gatewalk", GATEWALK_VERSION);
	json_add_str(b, "install_id", m->install_id);
	json_add_str(b, "kind", target_noun(plan_target(g->plan)));
	json_add_str(b, "name", g->plan->name);
	json_add_str(b, "plan", g->plan->digest);
	json_add_int(b, "relid", t->relid);
	json_add_str(b, "server", s->label);
	json_add_str(b, "signers", signers);
	json_add_str(b, "target", plan_target_name(a, g->plan));
	return b;
}

static bool begin(struct engine *g, const char *text, size_t len, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot);
	struct fact_server s = { 0 };
	struct fact_mark m = { 0 };
	struct fact_target t = { 0 };
	char sid[33], sha[65], host[256] = "";
	if (!fit_server(g, a, &s, &m, e) || !probe_target(g->db, a, g->plan, &t, e) ||
		!probe_where(g->db, a, g->plan->where, &t, e) || !probe_added(g->db, a, g->plan, &t, e) || !fit_target(a, &t, g->plan, e))
		return false;
	if (!engine_unlock(g, e))
		return false;
	crypto_random_hex(16, sid);
	const char *dir = path_join(a, path_walks(a), sid);
	const char *id = database_id(a, &s, &m);
	if (!dir_make(path_walks(a), e))
		return false;
	g->journal = journal_create(dir, sid, id, g->signer, e);
	walk_init(&g->walk, a);
	if (!g->journal || !journal_blob_put(g->journal, text, len, sha, e))
		return false;
	if (!line_write(g, OP_BEGIN, begin_body(g, &s, &m, &t), false, e))
		return false;
	gethostname(host, sizeof host - 1);
	return ledger_hold(g->db, sid, 0, e) && ledger_open(g->db, &g->walk, g->plan, host, e) && line_sync(g, e) &&
		remember_write(a, s.sysid, s.dboid, m.install_id, m.env, false, e);
}

/* A walk whose database moved (upgraded, restored from a dump) is not begun anew there: the ledger that moved along knows it. */
static bool known_here(struct engine *g, struct arena *a, const char *sid)
{
	struct ledger_walk *w;
	size_t n = 0;
	return g->db && ledger_find(g->db, a, sid, &w, &n, NULL) && n > 0;
}

/* The open walk of this plan's name on the database we are connected to, in this machine's folders. Not by the server's label:
   two servers of one host may have databases of one name, and one server has many addresses. A schema that was made anew is
   another installation: its walks begin anew. */
static const char *same_walk(struct engine *g, struct arena *a, const char *name)
{
	struct fact_server s = { 0 };
	struct fact_mark m = { 0 };
	bool known = engine_connect(g, NULL) && probe_server(g->db, a, &s, NULL) && probe_mark(g->db, a, &m, NULL) && m.installed;
	const char *db = known ? database_id(a, &s, &m) : "";
	lot_drop(g->home_lot);
	g->home_lot = NULL;
	if (!summary_list(g, NULL))
		return NULL;
	for (size_t i = 0; i < g->n_walks; i++) {
		const struct view_walk *w = &g->walks[i];
		if (!w->closed && strcmp(w->name, name) == 0 && (!known || !w->db || strcmp(w->db, db) == 0 || known_here(g, a, w->sid)))
			return w->sid;
	}
	return NULL;
}

bool engine_walk_plan(struct engine *g, const char *plan_path, struct err *e)
{
	engine_walk_close(g);
	struct lot *lot = lot_new();
	struct arena *a = lot_arena(lot);
	char *text = NULL;
	size_t len = 0;
	bool ok = file_read(a, plan_path, PLAN_MAX, &text, &len, e) && plan_from(g, a, plan_path, text, len, e);
	const char *sid = ok ? same_walk(g, a, g->plan->name) : NULL;
	char digest[65];
	crypto_sha256_hex(text ? text : "", len, digest);
	if (sid) {
		ok = engine_walk_open(g, sid, e);
		if (ok && strcmp(g->walk.plan_digest, digest) != 0) {
			ok = err_set(e, ERR_USE, arena_printf(a, "gatewalk amend %s %s   takes the new version in; or put the old file back.", g->walk.name, plan_path),
				"%s was edited after its walk began", plan_path);
			engine_walk_close(g);
		}
		lot_drop(lot);
		return ok;
	}
	if (ok) {
		g->walk_lot = lot;
		ok = begin(g, text, len, e);
		struct err soft = { 0 };
		if (ok && !engine_look(g, &soft))
			g->last = soft;
	} else {
		lot_drop(lot);
	}
	if (!ok)
		engine_walk_close(g);
	return ok;
}
