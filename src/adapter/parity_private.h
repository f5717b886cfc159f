/* SPDX-License-Identifier: MIT */
/* Shared by parity.c (the row, what is asked of it), parity_chunk.c and parity_leaf.c. */
#ifndef GW_ADAPTER_PARITY_PRIVATE_H
#define GW_ADAPTER_PARITY_PRIVATE_H

#include "adapter/parity.h"

#define PARITY_MS 60000            /* ours; the server's own timeout comes first */
#define PARITY_KEPT 100            /* rows told of a round */

/* The tables that hold rows, with their keys. */
bool parity_leaves(struct parity *p, struct err *e);
/* Writes where it is, as the chunk behind the last, and commits. set: SQL assignments. */
bool parity_close_tx(struct parity *p, struct arena *a, const char *set, struct err *e);
bool parity_begin_tx(struct parity *p, struct arena *a, struct err *e);

#endif
