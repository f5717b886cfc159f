/* SPDX-License-Identifier: MIT */
/* Work on what others wrote, in a process of its own: a text on which it crashes, hangs or runs out of stack ends that process
   alone. The process is ours as it stands (fork, no exec) with nothing open but its two pipes. It ends when we do. */
#ifndef GW_PORT_APART_H
#define GW_PORT_APART_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Runs in the other process: ctx is what it was at the first question. out is zeroed, of the size that apart_new was told. */
typedef void apart_work(const void *ctx, const char *text, void *out);

struct apart;
/* Owned by a; starts nothing yet. ms: for one text. */
struct apart *apart_new(struct arena *a, apart_work *work, const void *ctx, size_t out_size, int ms);
/* False: no answer came for this text; the next one is asked of a new process. */
bool apart_ask(struct apart *w, const char *text, void *out);
/* Ends the process, if there is one; another question starts another. */
void apart_end(struct apart *w);

#endif
