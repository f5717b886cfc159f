/* SPDX-License-Identifier: MIT */
/* The façade: everything above this line (command line, screens) does its work through here, and nothing above it sees the
   database, the writer or the log. Blocking calls: the screens run them on desk.h's thread. */
#ifndef GW_ENGINE_ENGINE_H
#define GW_ENGINE_ENGINE_H

#include "base/err.h"
#include "core/view.h"

struct engine;
struct json;

struct engine_opts {
	const char *dbname;      /* -d, or NULL */
	const char *key;         /* --key FILE, or NULL */
	const char *principal;   /* --as NAME, or NULL */
	const char *program;     /* path of this program, for jobs */
	bool tty;                /* standard input and output are a terminal */
	const char *demo_hint;   /* shown where the passphrase is asked; demo only */
};

/* Connects. Never NULL on a mere connection failure of a walk that is on disk: then view.connected is false. */
struct engine *engine_new(const struct engine_opts *o, struct err *e);
void engine_free(struct engine *g);

/* Home: the walks on disk, told apart by database. */
bool engine_home(struct engine *g, struct err *e);
/* Begins the walk of a plan file, or goes on with the open walk of the same plan name on this database. */
bool engine_walk_plan(struct engine *g, const char *plan_path, struct err *e);
/* Goes on with a walk by sid (or its start) or name. */
bool engine_walk_open(struct engine *g, const char *word, struct err *e);
/* Rebuilds the folder of a walk from the database on this machine, verifies it, opens it. */
bool engine_walk_fetch(struct engine *g, const char *word, struct err *e);
/* The same without its lock, key or a single written line: status, gates, window. */
bool engine_walk_read(struct engine *g, const char *word, struct err *e);
void engine_walk_close(struct engine *g);
/* No walk, but one audit: view.audited and the facts of it. engine_look does it again. target: as subject_find takes it; trees: source
   trees to search too. Strings must outlive the engine. */
struct audit_of { const char *target; const char *const *trees; size_t n_trees; };
bool engine_audit(struct engine *g, const struct audit_of *of, struct err *e);

/* Looks at everything that can be seen now, takes in what jobs left, judges. Reconnects when the link is gone. */
bool engine_look(struct engine *g, struct err *e);
/* fn shows the view as it is then, while an act is under way that takes long; called on the engine's own thread. */
void engine_on_news(struct engine *g, void (*fn)(void *ctx), void *ctx);
/* Does one act, after judging it again. */
bool engine_do(struct engine *g, const struct act *a, struct err *e);
/* The view as of the last look or act; the caller frees view->arena by view_free. */
struct view *engine_view(struct engine *g);
void view_free(struct view *v);

/* Unlocks the session's key; the terminal must be free for ssh-add's question. */
bool engine_unlock(struct engine *g, struct err *e);
bool engine_unlocked(struct engine *g);
/* The drop, once the name was typed and the countdown has ended: signs the intent (the terminal must be free), mints,
   drops, writes the outcome. typed must equal view->target_name. */
bool engine_drop(struct engine *g, const char *typed, struct err *e);
int engine_countdown(const struct engine *g);   /* seconds: 30 alone */

bool engine_amend(struct engine *g, const char *walk, const char *plan_path, const char **what, struct err *e);

/* From another thread: makes a running query return. */
void engine_interrupt(struct engine *g);

#endif
