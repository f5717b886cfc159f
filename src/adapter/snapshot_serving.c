/* SPDX-License-Identifier: MIT */
/* A copy that was taken by another walk, for one that takes nothing away. */
#include "adapter/snapshot_parts.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "port/files.h"

static bool serves(const struct fact_snapshot *s, const struct snapshot_wanted *w)
{
	return s->equal && s->proved && s->scope == SNAP_TABLE && s->attnum == 0 && s->begun >= w->since && s->relid == w->target->relid && s->dboid == w->dboid &&
		strcmp(s->sysid, w->sysid) == 0 && strcmp(s->definition_digest, w->target->definition_digest) == 0;
}

/* A folder alone proves nothing: some walk of this database took it in. */
static bool known(struct db *db, struct arena *a, const struct fact_snapshot *s, bool *is, struct err *e)
{
	const char *args[] = { arena_printf(a, "\"manifest_sha256\":\"%s\"", s->manifest_sha256) };
	const struct query q = { .sql = "/* gatewalk */ SELECT EXISTS (SELECT FROM gatewalk.line WHERE strpos(line, $1) > 0 AND strpos(line, '\"op\":\"evidence\"') > 0)",
		.args = args, .nargs = 1, .ms = SNAP_QUERY_MS, .cols = 1, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "looking for a snapshot that serves");
	*is = cell_bool(r.cell[0][0]);
	return true;
}

bool snapshot_serving(struct db *db, struct arena *a, const struct snapshot_wanted *w, struct fact_snapshot *out, struct err *e)
{
	const char *store = w->store && !strchr(w->store, ':') ? w->store : path_join(a, path_data(a), "snapshots");   /* what went to a remote stands here, too */
	const char **names;
	size_t n;
	struct err soft = { 0 };
	*out = (struct fact_snapshot){ 0 };
	if (!w->target->found || !dir_list(a, store, &names, &n, &soft))
		return true;
	for (size_t i = 0; i < n; i++) {
		struct manifest m;
		const char *path = path_join(a, store, names[i]);
		bool is = false;
		if (*names[i] == '.' || !manifest_read(a, path, NULL, &m, &soft) || !serves(&m.fact, w) || m.fact.begun <= out->begun)
			continue;
		if (!known(db, a, &m.fact, &is, e))
			return false;
		if (is && snapshot_check(a, path, m.fact.manifest_sha256, &soft))
			*out = m.fact;
	}
	return true;
}
