/* SPDX-License-Identifier: MIT */
/* The doctor's checks of this machine. */
#include "adapter/probe_doctor.h"

#include <stdlib.h>
#include <string.h>

#include "adapter/probe_version.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "port/child.h"
#include "port/db.h"
#include "port/files.h"

#define CLOCK_MAX (5 * US_SECOND)
#define DISK_MIN (INT64_C(1) << 30)

bool doctor_say(struct doctor_row *row, enum doctor_state state, const char *now, const char *fix)
{
	row->state = state;
	row->now = now;
	row->fix = fix;
	return true;
}

/* "pg_dump (PostgreSQL) 15.18 (Debian ...)": 15; 0 when it cannot be told. */
static int dump_major(struct arena *a, const char **version)
{
	const char *argv[] = { "pg_dump", "--version", NULL };
	struct child_end end = { 0 };
	if (!child_run(a, &(struct child){ .argv = argv, .ms = 10000 }, &end, NULL) || end.status != 0 || !end.out)
		return 0;
	const char *at = strstr(end.out, "(PostgreSQL) ");
	if (!at)
		return 0;
	at += strlen("(PostgreSQL) ");
	*version = arena_dupn(a, at, strcspn(at, " \n"));
	return atoi(at);
}

bool doctor_pg_dump(const struct patient *p, struct doctor_row *row, struct err *e)
{
	(void)e;
	const char *version = "";
	const char *fix = arena_printf(p->a, "apt install %s", probe_version(p->server.version)->client_package);
	int major = dump_major(p->a, &version), needed = p->server.version / 10000;
	if (major == 0)
		return doctor_say(row, DOCTOR_MISSING, "pg_dump is not found", fix);
	const char *now = arena_printf(p->a, "pg_dump %s, server %s", version, p->server.version_text);
	return doctor_say(row, major < needed ? DOCTOR_MISSING : DOCTOR_OK, now, major < needed ? fix : NULL);
}

bool doctor_ssh_keygen(const struct patient *p, struct doctor_row *row, struct err *e)
{
	(void)e;
	const char *path = child_find(p->a, "ssh-keygen");
	return doctor_say(row, path ? DOCTOR_OK : DOCTOR_MISSING, path ? path : "ssh-keygen is not found", path ? NULL : "apt install openssh-client");
}

bool doctor_clock(const struct patient *p, struct doctor_row *row, struct err *e)
{
	(void)e;
	int64_t off = p->server.local_us - p->server.at;
	int64_t away = off < 0 ? -off : off;
	char span[WHEN_MAX];
	const char *now = arena_printf(p->a, "this machine is %s %s the server", when_span(away, span), off < 0 ? "behind" : "ahead of");
	return doctor_say(row, away > CLOCK_MAX ? DOCTOR_WARN : DOCTOR_OK, now, away > CLOCK_MAX ? "timedatectl set-ntp true" : NULL);
}

static double gib(int64_t bytes)
{
	return (double)bytes / (double)(INT64_C(1) << 30);
}

/* The nearest folder above that exists: the data folder is made only when it is needed. */
static int64_t free_below(struct arena *a, const char *path)
{
	char *dir = arena_dup(a, path);
	while (dir[0] && !file_exists(dir) && strrchr(dir, '/') && strrchr(dir, '/') != dir)
		*strrchr(dir, '/') = '\0';
	return disk_free(dir);
}

bool doctor_disk(const struct patient *p, struct doctor_row *row, struct err *e)
{
	const struct query q = { .sql = "SELECT coalesce(max(relpages::bigint), 0) * current_setting('block_size')::bigint FROM pg_class WHERE relkind = 'r'", };
	const char *largest = db_value(p->db, p->a, &q, e), *store = path_data(p->a);
	if (!largest)
		return false;
	int64_t free_bytes = free_below(p->a, store), need = cell_int(largest) > DISK_MIN ? cell_int(largest) : DISK_MIN;
	if (free_bytes < 0)
		return doctor_say(row, DOCTOR_WARN, arena_printf(p->a, "the free space of %s cannot be read", store), NULL);
	const char *now = arena_printf(p->a, "%.1f GiB free for %s; the largest table has %.1f GiB", gib(free_bytes), store, gib(cell_int(largest)));
	return doctor_say(row, free_bytes < need ? DOCTOR_WARN : DOCTOR_OK, now, free_bytes < need ? "name a folder with room as snapshot.store in the plan" : NULL);
}
