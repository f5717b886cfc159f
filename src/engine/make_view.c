/* SPDX-License-Identifier: MIT */
/* A view: a picture of the engine that never changes. It shares what cannot change any more (lots) and copies the rest. */
#include "engine/engine_private.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/when.h"
#include "core/sql.h"

#define HELD 4

/* What the caller sees is the first field. */
struct held {
	struct view view;
	struct lot *lots[HELD];
	struct walk walk;
	struct facts facts;
};

void view_free(struct view *v)
{
	if (!v)
		return;
	struct held *h = (struct held *)v;
	struct lot *lots[HELD];
	memcpy(lots, h->lots, sizeof lots);
	arena_free(v->arena);
	for (size_t i = 0; i < HELD; i++)
		lot_drop(lots[i]);
}

static void server_side(struct engine *g, struct view *v, struct arena *a)
{
	const struct fact_server *s = &g->facts.server;
	v->now = g->facts.now;
	v->connected = g->db && g->facts.now;
	v->label = s->label ? arena_dup(a, s->label) : g->journal ? json_str(journal_line(g->journal, a, 0)->b, "server") : NULL;
	v->version = arena_dup(a, s->version_text);
	v->env = g->journal ? g->walk.env : g->facts.mark.env;
	v->weak_tls = s->tcp && v->env == ENV_PRODUCTION && g->db && strcmp(db_sslmode(g->db), "verify-full") != 0;
	if (!v->connected && g->journal)   /* home is not about one server */
		v->trouble = arena_dup(a, g->db_err.msg[0] ? g->db_err.msg : g->last.msg);
}

static void restore_side(struct engine *g, struct view *v, struct arena *a)
{
	char span[WHEN_MAX], at[WHEN_MAX];
	const struct fact_drill *d = &g->walk.drill;
	v->statement = sql_statement(a, g->plan, &g->facts.target);
	v->target_name = plan_target_name(a, g->plan);
	v->restore_command = arena_printf(a, "gatewalk restore %s", g->walk.name);
	v->restore_span = d->passed ? arena_printf(a, "about %s (drilled %s)", when_span(d->restore_us, span), when_short(d->at, at)) : "not measured";
}

static void walk_side(struct engine *g, struct held *h, struct arena *a)
{
	struct view *v = &h->view;
	h->walk = g->walk;
	h->facts = g->facts;
	v->plan = g->plan;
	v->walk = &h->walk;
	v->facts = &h->facts;
	memcpy(v->findings, g->findings, sizeof v->findings);
	v->open_gates = gates_open(v->findings);
	/* view_judge marks the job of the item: older views share what the look gave. */
	v->n_jobs = g->n_jobs;
	v->jobs = arena_array(a, g->n_jobs, sizeof *v->jobs);
	if (g->n_jobs)
		memcpy(v->jobs, g->jobs, g->n_jobs * sizeof *v->jobs);
	v->series = g->series;
	v->n_series = g->n_series;
	v->rejects = g->rejects;
	v->n_rejects = g->n_rejects;
	v->mismatches = g->mismatches;
	v->n_mismatches = g->n_mismatches;
	v->since_left = g->since_left;
	v->n_since_left = g->n_since_left;
	v->left_for = g->left_for;
	v->n_lines = g->n_lines;
	v->lines = g->lines;
	restore_side(g, v, a);
	view_judge(v);
}

static const char *user_name(void)
{
	const struct passwd *pw = getpwuid(geteuid());
	return pw ? pw->pw_name : "operator";
}

struct view *engine_view(struct engine *g)
{
	struct arena *a = arena_new();
	struct held *h = arena_alloc(a, sizeof *h);
	struct view *v = &h->view;
	char host[256] = "";
	gethostname(host, sizeof host - 1);
	v->arena = a;
	v->serial = ++g->serial;
	h->lots[0] = lot_keep(g->walk_lot);
	h->lots[1] = lot_keep(g->look_lot);
	h->lots[2] = lot_keep(g->audit_lot);
	h->lots[3] = lot_keep(g->home_lot);
	server_side(g, v, a);
	v->who = g->signer ? arena_dup(a, signer_principal(g->signer)) : arena_printf(a, "%s@%s", user_name(), host);
	v->key = g->signer ? arena_dup(a, signer_key_path(g->signer)) : g->opts.key;
	v->demo_hint = g->opts.demo_hint;
	v->unlocked = engine_unlocked(g);
	v->walks = g->walks;
	v->n_walks = g->n_walks;
	if (g->last.code != ERR_NONE) {
		v->last_error = arena_dup(a, g->last.msg);
		v->last_hint = arena_dup(a, g->last.hint);
	}
	v->last_done = g->last_done[0] ? arena_dup(a, g->last_done) : NULL;
	v->busy = g->busy;
	if (g->audited) {
		h->facts = g->facts;
		v->facts = &h->facts;
		v->audited = g->audited;
	}
	if (g->journal && g->plan)
		walk_side(g, h, a);
	else
		view_judge(v);
	return v;
}
