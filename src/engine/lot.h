/* SPDX-License-Identifier: MIT */
/* An arena that several views share: counted, freed with the last of them. What is in a lot never changes once a view shows
   it; lists in it only grow at their end. */
#ifndef GW_ENGINE_LOT_H
#define GW_ENGINE_LOT_H

struct arena;
struct lot;

struct lot *lot_new(void);
struct lot *lot_keep(struct lot *l);      /* one more holder; NULL stays NULL */
void lot_drop(struct lot *l);             /* one less; NULL is fine */
struct arena *lot_arena(struct lot *l);

#endif
