/* SPDX-License-Identifier: MIT */
/* The one table of what differs between server versions. A query that has to differ takes its words from here. */
#ifndef GW_ADAPTER_PROBE_VERSION_H
#define GW_ADAPTER_PROBE_VERSION_H

#include <stdbool.h>

struct err;

struct probe_version {
	int major;
	const char *client_package;     /* Debian package with this major's pg_dump */
};

/* The row of this server_version_num; the nearest one for a major outside the table. Never NULL. */
const struct probe_version *probe_version(int server_version_num);
/* 15 to 18. Another major: ERR_USE, audit only. */
bool probe_supported(int server_version_num, struct err *e);

#endif
