/* SPDX-License-Identifier: MIT */
/* Everything a screen may show, as one value that never changes once made. Screens get no other door. */
#ifndef GW_CORE_VIEW_H
#define GW_CORE_VIEW_H

#include "core/act.h"
#include "core/gate.h"

/* One line of the checklist. */
struct view_item { enum item item; enum mood mood; char note[80]; int percent; /* -1: none */ };

/* Challenge, answer, sensed. */
struct challenge {
	const char *id;          /* "typed", "deploy/web" */
	const char *question, *passes;
	char now[160];
	char source[80];
	int64_t seen;            /* server clock; 0 never */
	bool declared;           /* a person must type a value; else sensed */
	enum verdict verdict;
	struct offer offer;      /* kind ACT_NONE when there is nothing to do for it */
};
#define CHALLENGE_MAX 24

/* What a job pauses on: above `above` it does, at `below` it goes on. */
struct view_limit {
	const char *name, *unit;
	bool has_limits, known;          /* known: now was read */
	double now, above, below;
	const char *says;                /* of one without a number: what it pauses on, in words; else NULL */
	double *past;                    /* as the job read it, one a stretch of its rates; none where the job does not tell */
	size_t n_past;
};

struct view_job {
	long long id;
	const char *kind, *state, *phase, *note, *unit, *host;   /* state: running paused waiting done failed stopped lost "needs a login" */
	const char *walk;                /* its walk's name; "" none */
	int64_t started, seen, ended;
	double done, total, rate;        /* unit/s; total 0 unknown */
	bool estimate;                   /* total is an estimate */
	double eta_low_s, eta_high_s;    /* -1 unknown */
	struct view_event { int64_t at; const char *text; } *events;
	size_t n_events;
	struct view_phase { const char *name, *note; enum mood mood; int64_t took; } *phases;
	size_t n_phases;
	double *rates;                   /* unit/s over its life, each the mean of rate_each us; none for work without an end */
	size_t n_rates;
	int64_t rate_each;
	const char *rate_unit;
	int batch_ms, load;              /* as it was told; 0: as the plan says */
	struct view_limit *limits;       /* as the job read them last; none where it does not tell */
	size_t n_limits;
	const char *error;
	bool mine;                       /* the job of the current item */
};

/* A row that does not convert. */
struct view_reject { int64_t n; const char *key, *value, *sqlstate, *error; };

/* A row in which old and new differ. NULL: no value; error: the conversion raises, and there is nothing expected. */
struct view_mismatch { int64_t round; const char *key, *old, *new, *expected, *error; };

struct view_walk {                   /* one row of home */
	const char *sid, *name, *server, *step, *note;
	const char *db;                  /* system identifier, database oid, install id; NULL when the log does not tell */
	enum mood mood;
	enum mood items[ITEM_COUNT + 1];
	int64_t look_again;              /* 0: now */
	int64_t closed;                  /* 0: open */
	bool needs_you;
	const char *closing;
};

/* brief: the line in a few words, or NULL; text: all its fields. Sealed: n below the walk's `sealed`. */
struct view_line { int64_t n, t; const char *op, *who, *text; bool is_signed; const char *brief; };

struct view_series { const char *name, *unit; double now, base, alarm; bool has_base, has_alarm, known, alarmed; double *before, *after; size_t n_before, n_after; };

struct view {
	void *shown;                     /* desk.c's own count of who looks at it */
	struct arena *arena;
	unsigned long long serial;       /* grows with each new view */
	int64_t now;                     /* server clock; 0 when the server is gone */
	bool connected;
	const char *trouble;             /* what is wrong with the connection, or NULL */
	const char *label, *version, *who;   /* "shop@db1", "15.18", "oper1@bastion" */
	enum env env;
	bool weak_tls;
	const struct plan *plan;         /* NULL on home */
	const struct walk *walk;
	const struct facts *facts;
	const char *audited;             /* no walk, but an audit of this: facts has its findings; else NULL */
	struct finding findings[CONDITION_COUNT];
	unsigned open_gates;
	struct view_item items[ITEM_COUNT + 1];   /* from 1 */
	struct challenge challenges[CHALLENGE_MAX];   /* of the current item */
	size_t n_challenges;
	char next[2][120];               /* the NEXT lines */
	struct offer offers[12];         /* the current item's, best first */
	size_t n_offers;
	struct view_job *jobs;
	size_t n_jobs;
	struct view_line *lines;         /* the log, oldest first */
	size_t n_lines;
	struct view_walk *walks;         /* home */
	size_t n_walks;
	struct view_series *series;      /* monitor */
	size_t n_series;
	const char **since_left;         /* "since you left": sentences */
	size_t n_since_left;
	int64_t left_for;                /* us away; 0 first time */
	struct view_limit *limits;       /* what the backfill pauses on: the plan's, with their values where somebody read them */
	size_t n_limits;
	int limit;                       /* the one that matters: it pauses, or is nearest to it; -1 none */
	struct view_reject *rejects;     /* the first of item 6's, in their order; facts->backfill.rejects says how many there are */
	size_t n_rejects;
	struct view_mismatch *mismatches;   /* of the last whole pass and the one under way, the first of each */
	size_t n_mismatches;
	const char *statement;           /* the drop's statement; of a new column that which adds it */
	const char *target_name;         /* what is typed at the drop */
	const char *restore_command;
	const char *restore_span;        /* "about 52 min (drilled 10 Nov)" */
	const char *key;                 /* path of the operator's key, or NULL when it is not known yet */
	const char *demo_hint;           /* demo only: the passphrase to type; else NULL */
	bool unlocked;                   /* the session's key is ready */
	const char *busy;                /* what the engine is doing just now, or NULL */
	const char *last_error, *last_hint;   /* of the last act, or NULL */
	const char *last_done;           /* of the last act that went well, or NULL */
};

/* Fills items, challenges, offers and next from plan, walk, facts, findings and jobs. Pure. */
void view_judge(struct view *v);

#endif
