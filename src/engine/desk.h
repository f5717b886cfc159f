/* SPDX-License-Identifier: MIT */
/* The engine on a thread of its own, so that a key is answered whatever the server does. Orders go in, views come out;
   nothing here but the calls marked "waits" ever blocks. */
#ifndef GW_ENGINE_DESK_H
#define GW_ENGINE_DESK_H

#include "engine/engine.h"

struct desk;

/* What happened to the last order: read with desk_answer. */
struct answer { unsigned long long order; bool ok; struct err err; char done[160]; };

/* Takes the engine over (desk_close frees it) and starts looking every `every_ms`. */
struct desk *desk_open(struct engine *g, int every_ms, struct err *e);
void desk_close(struct desk *d);
/* Readable when a new view or answer is there; for ppoll. */
int desk_fd(const struct desk *d);
void desk_drain(struct desk *d);
/* The newest view, counted up for the caller; desk_unview gives it back. Never NULL after desk_open. */
const struct view *desk_view(struct desk *d);
void desk_unview(struct desk *d, const struct view *v);

/* Orders; each returns its number, 0 when the desk is full (16 waiting). Strings are copied. */
unsigned long long desk_do(struct desk *d, const struct act *a);
unsigned long long desk_look(struct desk *d);
unsigned long long desk_open_walk(struct desk *d, const char *word_or_plan);
unsigned long long desk_home(struct desk *d);
/* The newest answer; false when no order has been answered yet. */
bool desk_answer(struct desk *d, struct answer *out);

/* These wait until the engine is done with it: the terminal must be free (ssh-add, ssh-keygen ask there). */
bool desk_unlock(struct desk *d, struct err *e);
bool desk_do_waiting(struct desk *d, const struct act *a, struct err *e);
bool desk_drop(struct desk *d, const char *typed, struct err *e);
int desk_countdown(struct desk *d);

#endif
