/* SPDX-License-Identifier: MIT */
/* known_databases: one line a database, "SYSID DBOID INSTALL_ID ENVIRONMENT". A line that is not understood refuses: what it
   would have remembered is not known. */
#include "adapter/remember.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/body.h"
#include "port/files.h"

#define KNOWN_MAX (1024 * 1024)
#define WORD_MAX 80

struct known { char sysid[WORD_MAX + 1], install_id[WORD_MAX + 1]; unsigned dboid; enum env env; };
struct list { struct known *all; size_t n, cap; };

static const char *known_path(struct arena *a)
{
	return path_join(a, path_state(a), "known_databases");
}

/* Words come from a server: nothing in them may look like another field or line. */
static bool is_word(const char *s)
{
	size_t n = s ? strlen(s) : 0;
	return n > 0 && n <= WORD_MAX && strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") == n;
}

static bool line_read(const char *line, struct known *k)
{
	char env[WORD_MAX + 1];
	int end = 0;
	if (sscanf(line, "%80s %u %80s %80s%n", k->sysid, &k->dboid, k->install_id, env, &end) != 4 || line[end] != '\0')
		return false;
	k->env = env_parse(env);
	return is_word(k->sysid) && is_word(k->install_id) && k->env != ENV_NONE;
}

static bool list_read(struct arena *a, struct list *l, struct err *e)
{
	char *text;
	size_t len;
	int number = 0;
	const char *path = known_path(a);
	if (!file_exists(path))
		return true;
	if (!file_read(a, path, KNOWN_MAX, &text, &len, e))
		return false;
	for (char *line = text; line && *line; ) {
		char *next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		number++;
		l->all = arena_grow(a, l->all, &l->n, &l->cap, sizeof *l->all);
		if (!line_read(line, &l->all[l->n - 1]))
			return err_set(e, ERR_VERIFY, "put it right by hand: SYSID DBOID INSTALL_ID ENVIRONMENT", "%s, line %d is not understood", path, number);
		line = next;
	}
	return true;
}

static struct known *find(struct list *l, const char *sysid, unsigned dboid)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->all[i].dboid == dboid && strcmp(l->all[i].sysid, sysid) == 0)
			return &l->all[i];
	return NULL;
}

bool remember_read(struct arena *a, const char *sysid, unsigned dboid, struct fact_mark *m, struct err *e)
{
	struct list l = { 0 };
	m->remembered_env = ENV_NONE;
	m->remembered_install_id = NULL;
	if (!list_read(a, &l, e))
		return false;
	const struct known *k = find(&l, sysid, dboid);
	if (k) {
		m->remembered_env = k->env;
		m->remembered_install_id = k->install_id;
	}
	return true;
}

/* production above staging above development above rehearsal */
static int rank(enum env env)
{
	static const int ranks[] = { [ENV_NONE] = 0, [ENV_REHEARSAL] = 1, [ENV_DEVELOPMENT] = 2, [ENV_STAGING] = 3, [ENV_PRODUCTION] = 4 };
	return (size_t)env < sizeof ranks / sizeof *ranks ? ranks[env] : 0;
}

static bool not_lower(const struct known *k, enum env env, struct err *e)
{
	if (!k || rank(env) >= rank(k->env))
		return true;
	return err_set(e, ERR_VERIFY, "gatewalk uninstall forgets it; or mark it as it was",
		"this machine remembers this database as %s, which is more than %s", env_name(k->env), env_name(env));
}

bool remember_allows(struct arena *a, const char *sysid, unsigned dboid, enum env env, struct err *e)
{
	struct list l = { 0 };
	return list_read(a, &l, e) && not_lower(find(&l, sysid, dboid), env, e);
}

static bool list_write(struct arena *a, const struct list *l, struct err *e)
{
	struct text t = { 0 };
	for (size_t i = 0; i < l->n; i++) {
		const struct known *k = &l->all[i];
		if (k->env != ENV_NONE)
			text_addf(&t, "%s %u %s %s\n", k->sysid, k->dboid, k->install_id, env_name(k->env));
	}
	bool good = file_write(known_path(a), text_str(&t), t.len, e);
	text_free(&t);
	return good;
}

static bool change(struct arena *a, const struct known *want, bool forget, struct err *e)
{
	struct list l = { 0 };
	if (!list_read(a, &l, e))
		return false;
	struct known *k = find(&l, want->sysid, want->dboid);
	if (!k && forget)
		return true;
	if (!k) {
		l.all = arena_grow(a, l.all, &l.n, &l.cap, sizeof *l.all);
		k = &l.all[l.n - 1];
	} else if (!forget && !not_lower(k, want->env, e)) {
		return false;
	} else if (!forget && k->env == want->env && strcmp(k->install_id, want->install_id) == 0) {
		return true;
	}
	*k = *want;
	k->env = forget ? ENV_NONE : want->env;
	return list_write(a, &l, e);
}

/* Two gatewalks may meet here: the file is read and written under a lock. */
bool remember_write(struct arena *a, const char *sysid, unsigned dboid, const char *install_id, enum env env, bool forget, struct err *e)
{
	struct known k = { .dboid = dboid, .env = env };
	if (!is_word(sysid) || (!forget && (!is_word(install_id) || rank(env) == 0)))
		return err_set(e, ERR_VERIFY, NULL, "the database's identity is not well formed");
	snprintf(k.sysid, sizeof k.sysid, "%s", sysid);
	snprintf(k.install_id, sizeof k.install_id, "%s", forget ? "" : install_id);
	if (!dir_make(path_state(a), e))
		return false;
	const char *path = path_join(a, path_state(a), "known_databases.lock");
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) != 0) {
		err_set(e, ERR_SYSTEM, NULL, "cannot lock %s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	bool good = change(a, &k, forget, e);
	close(fd);
	return good;
}

static const char *look_path(struct arena *a, const char *sid)
{
	if (!hex_is(sid, 32))
		return NULL;
	return path_join(a, path_join(a, path_state(a), "looks"), sid);
}

bool remember_look(struct arena *a, const char *sid, struct last_look *out)
{
	char *text;
	size_t len;
	const char *path = look_path(a, sid);
	*out = (struct last_look){ 0 };
	if (!path || !file_exists(path) || !file_read(a, path, 256, &text, &len, NULL))
		return path != NULL;
	if (sscanf(text, "%" SCNd64 " %" SCNd64 " %63s", &out->at, &out->line, out->held) < 2)
		*out = (struct last_look){ 0 };
	return true;
}

/* Losing it costs nothing: no error. */
void remember_looked(struct arena *a, const char *sid, const struct last_look *l)
{
	const char *path = look_path(a, sid);
	if (!path || !dir_make(path_join(a, path_state(a), "looks"), NULL))
		return;
	const char *text = arena_printf(a, "%" PRId64 " %" PRId64 " %s\n", l->at, l->line, l->held);
	file_write(path, text, strlen(text), NULL);
}
