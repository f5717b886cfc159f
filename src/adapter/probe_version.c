/* SPDX-License-Identifier: MIT */
#include "adapter/probe_version.h"

#include <stddef.h>

#include "base/err.h"

/* The queries in use were written so that they hold from 15 to 18: grown views are read by name, NOT NULL rows of 18 are left out. */
static const struct probe_version VERSIONS[] = {
	{ 15, "postgresql-client-15" },
	{ 16, "postgresql-client-16" },
	{ 17, "postgresql-client-17" },
	{ 18, "postgresql-client-18" },
};
#define N_VERSIONS (sizeof VERSIONS / sizeof VERSIONS[0])

const struct probe_version *probe_version(int server_version_num)
{
	const struct probe_version *best = &VERSIONS[0];
	for (size_t i = 0; i < N_VERSIONS; i++)
		if (VERSIONS[i].major <= server_version_num / 10000)
			best = &VERSIONS[i];
	return best;
}

bool probe_supported(int server_version_num, struct err *e)
{
	int major = server_version_num / 10000;
	if (major >= VERSIONS[0].major && major <= VERSIONS[N_VERSIONS - 1].major)
		return true;
	return err_set(e, ERR_USE, "gatewalk audit works; walks, snapshots and drops need PostgreSQL 15 to 18.",
		"this server is PostgreSQL %d: audit only", major);
}
