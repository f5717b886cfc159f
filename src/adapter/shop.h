/* SPDX-License-Identifier: MIT */
/* The demo's shop: a database with some 200,000 orders, three columns that nobody needs any more, an application's login,
   and the traffic it makes. Only for private clusters of our own (cluster.h). */
#ifndef GW_ADAPTER_SHOP_H
#define GW_ADAPTER_SHOP_H

#include <stdbool.h>

struct arena;
struct cluster;
struct err;

/* Makes database shop. *conninfo (owned by a) reaches it as the cluster's owner. */
bool shop_make(struct arena *a, const struct cluster *c, const char **conninfo, struct err *e);
/* Starts pgbench as the application, two clients, bounded rate and two hours at most. *pid to end it. dir holds its script. */
bool shop_traffic(struct arena *a, const struct cluster *c, const char *dir, int *pid, struct err *e);

#endif
