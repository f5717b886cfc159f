/* SPDX-License-Identifier: MIT */
/* The engine's own rooms share this; nobody above includes it. One walk is open at a time. */
#ifndef GW_ENGINE_ENGINE_PRIVATE_H
#define GW_ENGINE_ENGINE_PRIVATE_H

#include <pthread.h>

#include "adapter/journal.h"
#include "adapter/ledger.h"
#include "adapter/probe_moment.h"
#include "adapter/remember.h"
#include "adapter/sign.h"
#include "core/permit.h"
#include "core/view.h"
#include "engine/engine.h"
#include "engine/look_moment.h"
#include "engine/lot.h"
#include "port/db.h"

struct engine {
	struct engine_opts opts;
	struct arena *arena;           /* the engine's life */
	struct db *db;                 /* NULL when the server is gone; changed by engine_use alone */
	pthread_mutex_t db_lock;       /* for engine_interrupt, which another thread calls */
	struct err db_err;             /* why */
	struct signer *signer;         /* opened when first needed */
	unsigned char mac_key[32];     /* seals permits; never leaves this process */
	struct permit_mac mac;

	struct lot *walk_lot;          /* plan, walk, lines */
	struct plan *plan;
	struct walk walk;
	struct journal *journal;
	bool read_only;                /* looked at without the lock: nothing is written */
	enum log_state state;          /* how log and database stand to each other; what is not LOG_AGREES stops all writing */
	enum log_state under;          /* the same without regard to the database's identity */
	enum log_state differs;        /* what the last whole comparison with ledger and mirror found */
	bool rebinding;                /* gatewalk rebind opens a walk in a database whose schema may be older yet */
	bool owed;                     /* a line stands in the log that ledger or mirror may lack */
	int64_t home_again;            /* when home asks a server that did not answer once more; this machine's clock */
	bool look_failed;              /* `last` is of a look, and goes with the next good one */
	int64_t verified_at;           /* local clock of the last whole check of the log */
	struct view_line *lines;
	size_t n_lines, cap_lines;

	struct lot *look_lot;          /* one look: facts, jobs, series */
	struct facts facts;
	struct finding findings[CONDITION_COUNT];
	struct view_job *jobs;
	size_t n_jobs;
	struct view_series *series;
	size_t n_series;
	struct view_reject *rejects;
	size_t n_rejects;
	struct view_mismatch *mismatches;
	size_t n_mismatches;
	bool compare_again;            /* the comparison was told to end for something that is over by the next look */
	struct lot *audit_lot;
	struct fact_audit audit;
	struct audit_of audit_of;      /* an audit without a walk; target NULL: none */
	const char *audited;           /* its target's label */
	int64_t audited_at;            /* clock_mono() */
	struct moment_calendar calendar;
	struct fact_blocker blocker;   /* who held the table when a change was tried last; strings of the walk's lot */
	struct fact_added added;
	struct fact_broken broken;
	struct fact_dual dual;         /* of the change of its trigger that is under way; strings of the walk's lot */
	const char *added_unfit;       /* why the new column's statement is not run, as it was tried last; NULL nothing speaks against it */
	void (*shows)(void *ctx);      /* shows what has changed while an act is under way; or NULL */
	void *shows_ctx;

	struct lot *home_lot;
	struct view_walk *walks;
	size_t n_walks;

	const char **since_left;
	size_t n_since_left, cap_since_left;
	int64_t left_for;
	struct last_look last_look;    /* since.c */
	bool news_due;                 /* nothing was looked at yet since the walk was opened */

	unsigned long long serial;
	struct err last;
	char last_done[160];
	const char *busy;
};

/* connect.c */
/* No-op while connected. With a walk open, a new link is only kept when it holds the walk and log and ledger were compared. */
bool engine_connect(struct engine *g, struct err *e);
void engine_use(struct engine *g, struct db *db);              /* closes the old connection; NULL: none */
void engine_disconnect(struct engine *g, const struct err *why);
struct signer *engine_signer(struct engine *g, struct err *e);

/* line.c: writes one line: judged by the fold first, then log, mirror, anchor (not for an intent), the walk's row. */
bool line_write(struct engine *g, enum record_op op, const struct json *b, bool person, struct err *e);
/* A word about the walk, unsigned: "watch", the tripwire's name, "tripwire put". */
bool line_declare(struct engine *g, const char *what, const char *key, const char *value, struct err *e);
/* Would line_write take it now? For acts that change the database before their line is written. */
bool line_may(struct engine *g, enum record_op op, const struct json *b, struct err *e);
/* Everything the log has and the mirror lacks; then C6's facts: does the ledger agree? */
bool line_sync(struct engine *g, struct err *e);
/* Seals a torn last line over. Only on a link that holds the walk. */
bool line_seal_torn(struct engine *g, struct err *e);
void line_check(struct engine *g);                             /* fills facts.log */
struct json *line_body(struct engine *g);                      /* a new empty object in the walk's lot */
void line_show(struct engine *g, const struct record *r);      /* adds it to the view's lines */
struct anchor line_last_anchor(struct engine *g, struct err *e);

/* line_compare.c: sets state; false when the database could not be asked. */
bool line_compare(struct engine *g, struct err *e);
bool line_compare_all(struct engine *g, struct err *e);
/* Sets e for a state that is not LOG_AGREES: what it is, and the way on. False. */
bool line_disagree(const struct engine *g, struct err *e);
bool line_anchored(const struct line_mark *m);                      /* a decision that has an entry of its own in the ledger */

/* open.c */
bool walk_load(struct engine *g, const char *dir, bool read_only, struct err *e);
/* Connects, holds, looks: a server that is gone leaves the walk readable. */
bool walk_resume(struct engine *g, struct err *e);
const char *walk_find_dir(struct engine *g, struct arena *a, const char *word, struct err *e);

/* take.c: what jobs and the watch left in the database, checked and taken into the log. */
bool take_all(struct engine *g, struct err *e);
/* A proven copy of the very table, of any walk on this database and at most seven days old, serves a column that comes: its line is written, and
   *served. None when this walk has one already: it is taken again. */
bool take_serving(struct engine *g, bool *served, struct err *e);
/* The audit as it stands now, kept as evidence: before gate B's line. */
bool take_audit(struct engine *g, struct err *e);
/* Starts the watch or the monitor again where it should run and its process is gone. */
bool take_care(struct engine *g, struct err *e);

/* look.c */
bool look_facts(struct engine *g, bool audit, struct err *e);
void look_judge(struct engine *g);
bool look_fresh(struct engine *g, struct err *e);              /* the facts that live ten seconds, again */

/* since.c: what happened while the operator was away. It is summed up after the first look, which takes in what jobs and the
   watch left: before it there is nothing to tell. */
void since_open(struct engine *g);
void since_looked(struct engine *g);
void since_keep(struct engine *g);

/* look_moment.c. look_calendar comes before all other looks: its command may take as long as what they see lives at the drop. */
bool look_calendar(struct engine *g, struct err *e);
bool look_moment(struct engine *g, struct arena *a, struct err *e);
struct moment_ask look_moment_ask(const struct engine *g, struct arena *a);   /* with every release that the last look knew */

/* summary.c: the small file that home reads; a cache, never believed. */
void summary_write(struct engine *g);
bool summary_list(struct engine *g, struct err *e);

/* tools_walk.c: the id of a walk of this database, by its name or the start of its id. */
bool tools_sid(struct arena *a, struct db *db, const char *walk, const char **sid, struct err *e);

/* acts.c */
bool job_begin(struct engine *g, const char *kind, struct json *args, struct err *e);

/* drop.c: settles an intent whose outcome is not known, by the ledger alone. */
bool drop_settle(struct engine *g, struct err *e);

void engine_say(struct engine *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
