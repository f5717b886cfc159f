/* SPDX-License-Identifier: MIT */
/* walk --fetch: the folder made again from the database's mirror, on a machine that lacks it or has an older copy. What the
   mirror does not hold (evidence, the snapshots' files) stays where it was made, and is named. */
#include "engine/engine_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapter/probe.h"
#include "adapter/remember.h"
#include "base/arena.h"
#include "core/body.h"
#include "port/crypto.h"
#include "port/files.h"
#include "port/jsonread.h"

/* The name that the log knows its writer by: a machine with another name is no other operator. Only a label here: what is
   trusted is the key. */
static const char *writer_of(struct arena *a, const char *line)
{
	const struct json *v = json_read(a, line, strcspn(line, "\t"), NULL);
	return v ? json_str(v, "who") : NULL;
}

/* The signers of a fetched log cannot come from the same place as the log: they are the operator's own key, and whoever
   else stands in this machine's trusted list. */
static const char *trusted_signers(struct engine *g, struct arena *a, const char *first, struct err *e)
{
	char *data;
	size_t len;
	const char *path = path_join(a, path_config(a), "allowed_signers");
	if (file_exists(path))
		return file_read(a, path, 65536, &data, &len, e) ? data : NULL;
	struct signer *s = engine_signer(g, e);
	if (!s)
		return NULL;
	const char *who = writer_of(a, first);
	if (who)
		signer_go_by(s, who);   /* not where a name was given: then that one must be the log's */
	return arena_printf(a, "%s\n", signer_allowed_line(s));
}

/* What the database says becomes names of folders and files here, so it is believed only in the very form it must have. */
static bool fetch_fits(const struct ledger_walk *w, struct err *e)
{
	char sha[65];
	crypto_sha256_hex(w->plan, strlen(w->plan), sha);
	if (hex_is(w->sid, 32) && hex_is(w->plan_digest, 64) && strcmp(sha, w->plan_digest) == 0)
		return true;
	return err_set(e, ERR_VERIFY, "Fetch nothing from here before it is known who changed the gatewalk schema.",
		"the walk's row in the database was changed: its id, or its plan, is not what gatewalk wrote");
}

/* What the mirror gave. aside: where an older copy of the folder is now, NULL when there was none. */
struct fetched { const char *name, *dir, **lines, *aside; size_t n; };

static bool is_older(const struct journal *j, const struct fetched *f)
{
	size_t have = journal_count(j);
	for (size_t i = 0; i < have && i < f->n; i++)
		if (strcmp(journal_raw(j, i), f->lines[i]) != 0)
			return false;
	return have < f->n;
}

/* An older copy of the same log goes aside, whole. One that is as new, newer or another log is left alone. */
static bool put_aside(struct engine *g, struct arena *a, struct fetched *f, struct err *e)
{
	const char *dir = f->dir;
	if (!file_exists(dir))
		return true;
	struct signer *s = engine_signer(g, e);
	struct journal *j = s ? journal_open(dir, s, e) : NULL;   /* takes the lock: nobody is on it */
	if (!j)
		return false;
	const char *to = arena_printf(a, "%s.of-%zu-lines", dir, journal_count(j));
	bool ok = is_older(j, f);
	if (!ok)
		err_set(e, ERR_USE, arena_printf(a, "gatewalk walk %s", f->name), "the walk %s is on this machine already", f->name);
	else if (file_exists(to) || rename(dir, to) != 0)
		ok = err_set(e, ERR_SYSTEM, "Put it aside by hand.", "the older copy %s cannot be put aside: %s", dir, file_exists(to) ? to : strerror(errno));
	journal_close(j);
	f->aside = ok ? to : NULL;
	return ok;
}

/* The older copy's evidence is good: each piece bears its digest as its name, and is checked when it is read. */
static bool keep_evidence(struct arena *a, const char *aside, const char *dir, struct err *e)
{
	const char **names, *from = aside ? path_join(a, aside, "blobs") : NULL, *to = path_join(a, dir, "blobs");
	size_t n = 0;
	if (!from || !file_exists(from))
		return true;
	if (!dir_list(a, from, &names, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (hex_is(names[i], 64) && rename(path_join(a, from, names[i]), path_join(a, to, names[i])) != 0)
			return err_set(e, ERR_SYSTEM, NULL, "%s cannot be moved to %s: %s", path_join(a, from, names[i]), to, strerror(errno));
	return dir_sync(to, e);
}

static bool fetch_into(struct engine *g, struct arena *a, const struct ledger_walk *w, struct err *e)
{
	struct fetched f = { .name = w->name };
	if (!fetch_fits(w, e) || !ledger_lines(g->db, a, w->sid, &f.lines, &f.n, e))
		return false;
	if (f.n == 0)
		return err_set(e, ERR_VERIFY, "Fetch from the machine that wrote the log instead.", "the database has no line of the walk %s", w->name);
	const char *signers = trusted_signers(g, a, f.lines[0], e);
	f.dir = path_join(a, path_walks(a), w->sid);
	if (!signers || !dir_make(path_walks(a), e) || !put_aside(g, a, &f, e))
		return false;
	if (!journal_rebuild(f.dir, f.lines, f.n, signers, e)) {
		if (f.aside && rename(f.aside, f.dir) != 0)
			err_in(e, "the older copy is in %s now", f.aside);
		return false;
	}
	return keep_evidence(a, f.aside, f.dir, e) && file_write(path_join(a, path_join(a, f.dir, "blobs"), w->plan_digest), w->plan, strlen(w->plan), e);
}

static void tell(struct engine *g, size_t *cap, const char *sentence)
{
	g->since_left = arena_grow(lot_arena(g->walk_lot), g->since_left, &g->n_since_left, cap, sizeof *g->since_left);
	g->since_left[g->n_since_left - 1] = sentence;
}

/* What the mirror does not hold, and what that means. */
static void tell_missing(struct engine *g)
{
	struct arena *a = lot_arena(g->walk_lot);
	size_t blobs = 0, cap = 0;
	const char *dir = path_join(a, journal_dir(g->journal), "blobs");
	for (size_t i = 0; i < journal_count(g->journal); i++) {
		const char *sha = json_str(journal_line(g->journal, a, i)->b, "blob");
		blobs += hex_is(sha, 64) && !file_exists(path_join(a, dir, sha));
	}
	const struct { const char *path, *which, *means; } copies[] = {
		{ g->walk.first.path, "first", "the log proves it, and a restore from it needs them" },
		{ g->walk.final.path, "final", "gate C stays shut, and nothing can be put back, until they are there or it is taken again" },
	};
	g->n_since_left = 0;
	if (blobs)
		tell(g, &cap, arena_printf(a, "%zu piece%s of evidence stayed on the machine that wrote the log: it verifies without, and cannot show them", blobs, blobs == 1 ? "" : "s"));
	for (size_t i = 0; i < 2; i++)
		if (copies[i].path && !file_exists(copies[i].path))
			tell(g, &cap, arena_printf(a, "the %s snapshot's files are not on this machine (%s): %s", copies[i].which, copies[i].path, copies[i].means));
	engine_say(g, "fetched: %zu lines verify%s", journal_count(g->journal), g->n_since_left ? "; what stayed behind stands under \"since you left\"" : "");
}

/* As known_hosts does at the first meeting: the signed log, the mark and the comment must all name the same environment. */
static bool meet(struct engine *g, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot);
	const struct fact_mark *m = &g->facts.mark;
	const struct fact_server *s = &g->facts.server;
	bool same = m->installed && m->env == g->walk.env && m->comment_env == m->env && m->dboid == s->dboid && m->sysid && strcmp(m->sysid, s->sysid) == 0;
	if (!same || m->remembered_env != ENV_NONE)
		return true;
	return remember_write(a, s->sysid, s->dboid, m->install_id, m->env, false, e) && engine_look(g, e);
}

bool engine_walk_fetch(struct engine *g, const char *word, struct err *e)
{
	engine_walk_close(g);
	struct arena *a = arena_new();
	struct ledger_walk *w;
	size_t n = 0;
	bool ok = engine_connect(g, e) && ledger_find(g->db, a, word, &w, &n, e);
	if (ok && n == 0)
		ok = err_set(e, ERR_USE, "`gatewalk status` with -d shows the walks of a database.", "no walk \"%s\" in this database", word);
	ok = ok && fetch_into(g, a, &w[0], e);
	char sid[40] = "";
	if (ok)
		snprintf(sid, sizeof sid, "%s", w[0].sid);
	lot_drop(g->home_lot);
	g->home_lot = NULL;
	engine_use(g, NULL);   /* the walk is opened over a link of its own, which holds it */
	ok = ok && walk_load(g, path_join(a, path_walks(a), sid), false, e);
	if (ok)
		summary_write(g);
	ok = ok && walk_resume(g, e) && meet(g, e);
	if (ok)
		tell_missing(g);
	arena_free(a);
	return ok;
}
