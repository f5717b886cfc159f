/* SPDX-License-Identifier: MIT */
/* A real standby beside a private cluster, for the db_* tests: named db2, reached by its folder as the host. */
#ifndef GW_TESTS_STANDBY_FIXTURE_H
#define GW_TESTS_STANDBY_FIXTURE_H

#include <check.h>
#include <unistd.h>

#include "adapter/cluster.h"
#include "base/arena.h"
#include "base/err.h"
#include "port/child.h"

static inline const char *standby_command(struct arena *a, const char *command)
{
	return arena_printf(a, "cd / && %s%s", geteuid() == 0 ? "/usr/sbin/runuser -u postgres -- " : "", command);
}

/* As the user that runs servers here. */
static inline void standby_shell(struct arena *a, const char *command)
{
	struct child_end end;
	struct err e = { 0 };
	ck_assert_msg(child_shell(a, standby_command(a, command), NULL, 60000, &end, &e), "%s", e.msg);
	ck_assert_msg(end.status == 0, "%s: %s", command, end.err);
}

static inline void standby_start(struct arena *a, const struct cluster *primary, const char *copy, const char *settings)
{
	standby_shell(a, arena_printf(a, "%s/pg_ctl -D %s -o '-c unix_socket_directories=%s -c cluster_name=db2 %s' -l %s/start.log -w start", primary->bindir, copy, copy, settings, copy));
}

/* settings: as the server's command line has them. */
static inline void standby_make(struct arena *a, const struct cluster *primary, const char *copy, const char *settings)
{
	standby_shell(a, arena_printf(a, "%s/pg_basebackup -h %s -U postgres -D %s -R -X stream -c fast -d application_name=db2", primary->bindir, primary->host, copy));
	standby_start(a, primary, copy, settings);
}

/* Both servers; nothing there is fine. */
static inline void standby_remove(struct arena *a, const struct cluster *primary, const char *copy)
{
	struct child_end end;
	struct err e = { 0 };
	if (access(copy, F_OK) == 0)
		child_shell(a, standby_command(a, arena_printf(a, "%s/pg_ctl -D %s -m immediate -w stop; rm -rf %s", primary->bindir, copy, copy)), NULL, 60000, &end, NULL);
	cluster_remove(a, primary, &e);
}

#endif
