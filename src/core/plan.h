/* SPDX-License-Identifier: MIT */
/* A plan: one change to one target, as the operator wrote it. Data, its floors, and its judgement; it reads no file. */
#ifndef GW_CORE_PLAN_H
#define GW_CORE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct mark { int line, column; };   /* where a field stood; 0,0 when it was not there */

enum archetype { ARCH_NONE, ARCH_ADDITIVE, ARCH_RENAME, ARCH_TYPE, ARCH_DESTRUCTIVE };
enum scope { SCOPE_TABLE, SCOPE_COLUMN };
/* What goes, or comes. The recipe says it: drop-column, drop-table, remove-rows; add-column; rename-column and change-type, which are a column that
   goes after another one has come beside it; never-null, add-check, add-foreign-key and build-index, which are a constraint: what every row that is
   written pays for or is asked by; and rename-table, whose new name comes while a view keeps the old one. TARGET_INDEX and TARGET_TYPE are of an audit alone. */
enum target { TARGET_NONE, TARGET_COLUMN, TARGET_TABLE, TARGET_ROWS, TARGET_ADDED, TARGET_CONSTRAINT, TARGET_INDEX, TARGET_TYPE };
/* What a constraint that comes asks of each row (core/rule.h). Of an index it asks something only where it is unique. */
enum rule { RULE_NONE, RULE_NOT_NULL, RULE_CHECK, RULE_FOREIGN, RULE_INDEX, RULE_NAME, RULE_SPLIT };

/* Off-peak: minutes since midnight of the plan's zone; to < from goes over midnight. days: bit 0 Sunday .. bit 6 Saturday, of the start. */
struct plan_window { unsigned days; int from, to; struct mark at; };
#define FRIDAY 5   /* of 0 Sunday .. 6 Saturday: the drop never happens on one */
struct plan_deploy { const char *name; struct mark at; };
struct plan_consumer { const char *name, *kind, *owner, *check; struct mark at; };   /* check: a command, or NULL */
struct plan_standby { const char *name, *dbname; struct mark at; };                  /* dbname: conninfo, or NULL = cannot be asked */
struct plan_metric { const char *name, *query, *command, *unit; double pause, alarm; bool has_pause, has_alarm; struct mark at; };

/* A condition under which gatewalk's own filling pauses: its kind, and what it takes (core/pause.h). */
struct plan_pause {
	const char *when;
	double above, below;       /* above: it pauses; below: it goes on */
	bool has_above, has_below;
	const char *query, *file;
	unsigned days; int from, to;   /* as of a window; days 0: every day */
	struct mark at;
};
/* How the rows that stand get their value in a new column. */
struct plan_backfill {
	const char *value;         /* an SQL expression over the row's own columns; NULL: nothing is filled */
	const char *where;         /* which rows, or NULL: all */
	const char *fills;         /* nulls: rows that have no value yet; differences: also those that have another one; NULL: nulls, and with a way back differences */
	int batch_ms, load;        /* of one batch; per cent of the time that it works */
	int max_rejects;           /* more, and it stops */
	struct plan_pause *pauses;
	size_t n_pauses;
};

struct plan {
	const char *file;          /* as given */
	const char *text;          /* its bytes */
	size_t len;
	char digest[65];           /* SHA-256 of the bytes, hex */

	const char *name;
	enum archetype archetype;
	const char *recipe;        /* drop-column, drop-table, remove-rows, add-column, never-null, add-check, add-foreign-key, build-index, rename-table, rename-column, change-type */
	const char *schema, *table;
	const char *column;        /* of a dropped, added, renamed or retyped column alone: of the last two the old one; of never-null, and of a foreign key */
	const char *where;         /* of removed rows alone: which ones; an immutable expression over the table's own columns */
	const char *statement;     /* what somebody proposed; NULL when the plan has none */
	const char *add_type, *add_default, *add_comment;   /* of an added column alone, as SQL but for the comment; NULL: none */
	bool add_not_null;
	/* of a constraint: its name, and what it asks. Of never-null the name is gatewalk's own, and it goes again */
	const char *add_name, *add_check;
	const char *add_refers_schema, *add_refers_table, *add_refers_column, *add_on_delete;
	/* of an index: what stands between its brackets, of which rows (NULL: all), by which method (NULL: btree) */
	const char *add_index, *add_where, *add_method;
	bool add_unique;
	/* of a table split in two: the columns that stand in the new one, beside the key */
	const char **add_columns;
	size_t n_add_columns;
	bool has_add_columns;
	/* of a rename and a change of type: what comes beside the old column, and how a row's value goes over */
	const char *add_column;    /* the new column's name */
	const char *convert_to;    /* the new value from the row's own columns; of a rename the old column itself, and not given */
	const char *convert_back;  /* the old value from the new one; NULL: writes go one way, and the application writes both from item 8 on */
	const char *convert_check; /* true of a row whose two values belong together, beside being what convert_to makes; NULL: that is enough */
	const char *dual_write;    /* trigger or application: who writes both */

	/* item 3 */
	const char *before, *after, *why, *way_back, *leaves_behind, *rollback_floor, *api_contract;
	const char **falls;        /* what falls with the column, in the server's words */
	size_t n_falls;
	bool has_falls;            /* the list was given, possibly empty */
	struct plan_deploy *deploys;
	size_t n_deploys;

	/* items 4 to 9 */
	struct plan_consumer *consumers;
	size_t n_consumers;
	const char **sources;      /* folders of source code that are searched for the target's names */
	size_t n_sources;
	bool has_sources;          /* the list was given, possibly empty: there is no code outside the database */
	struct plan_standby *standbys;
	size_t n_standbys;
	int unused_days;           /* >= 14 */
	int longest_job_days;      /* the longest known job period; item 9 is never shorter than this plus one */
	int writes_hours;          /* >= 4: reads move no earlier than this after writes fill a new column */
	int window_days;           /* of item 7; 0: the floor, 7 of a rename and 14 of a change of type */

	/* gate C */
	const char *zone;          /* IANA name */
	struct plan_window *windows;
	size_t n_windows;
	int64_t *releases;         /* planned releases, us UTC */
	size_t n_releases;
	const char *release_ics;   /* further ones: a calendar's file, or NULL */
	const char *release_command;   /* or a command that prints them, run by /bin/sh, or NULL; never both */
	int release_quiet_hours;   /* >= 48 */
	int drop_estimate_min;     /* minutes the step may take; the window must have at least max(10, this) left */
	double max_lag_s, max_longest_tx_s, max_standby_query_s;
	int max_lock_waiters;
	const char *sync_standby;  /* required synchronous standby, or NULL */
	int signatures;            /* 1; 2 is refused by this version */
	bool hide;                 /* B8: hidden from the application's roles for a day */
	bool guard;                /* C9: the server's guard has to stand */
	bool slot;                 /* the watch also reads committed writes from a logical replication slot of its own */
	int slot_max_mb;           /* what that slot may keep of the server's WAL before it is taken away */
	int batch_ms;              /* removed rows: how long one batch may take; its rows follow from it */
	struct plan_backfill backfill;

	/* snapshot */
	enum scope scope;
	const char *store;         /* a folder; NULL = gatewalk's own */
	const char *scratch;       /* conninfo of a scratch server, or NULL = this server */
	int retention_days;

	/* monitor */
	int monitor_hours;         /* >= 48 */
	struct plan_metric *metrics;
	size_t n_metrics;
	const char *notify;        /* a command, run by /bin/sh, or NULL */
	const char *migration_tool;   /* name of the application's own migration tool, or NULL */

	/* rehearsal only */
	int rehearsal_dow, rehearsal_minute;   /* C3 is judged at this wall time; default Tuesday 04:30 */
	double rehearsal_day_s;    /* seconds that a day of waiting takes; default 1 */

	/* where each field stood, for messages: see plan_mark */
	struct { const char *path; struct mark at; } *marks;
	size_t n_marks;
};

struct plan_error { struct mark at; const char *what, *instead; };

/* Fills in the defaults and floors of everything a file may leave out. */
void plan_defaults(struct plan *p);
/* Where the field of this dotted path stood ("policy.unused_days"), else the map around it, else where the document starts. */
struct mark plan_mark(const struct plan *p, const char *path);
/* True when the file gave this very field, readable or not. */
bool plan_gives(const struct plan *p, const char *path);
/* Can it say by itself that something is wrong? */
bool plan_metric_alarms(const struct plan_metric *m);
/* Is there a metric that can? */
bool plan_has_alarm(const struct plan *p);
/* Judges a whole plan without a database: missing and contradicting fields, laxer than the floors, things this version
   does not do. Returns how many errors; *out owned by a, sorted by place. */
size_t plan_judge(struct arena *a, const struct plan *p, struct plan_error **out);
/* By place; list may be NULL when n is 0. */
void plan_errors_sort(struct plan_error *list, size_t n);
/* Days that item 9 lasts: max(unused_days, longest_job_days + 1, 14; of a rename 3). */
int plan_unused_days(const struct plan *p);
/* Minutes that the window must have left for the drop: max(drop_estimate_min, 10). */
int plan_drop_min(const struct plan *p);
/* Minutes until this window closes by the wall alone, at this weekday and minute of its zone; 0 outside of it. It knows nothing of
   Fridays, nor of nights in which the clock changes: for a rehearsal, whose moment is none of a real day. */
int plan_window_left(const struct plan_window *w, int dow, int minute);
/* Days that item 7 lasts: max(window_days, its floor); 0 where there is no such item. */
int plan_window_days(const struct plan *p);
enum target plan_target(const struct plan *p);  /* TARGET_NONE when the recipe is unknown */
enum archetype plan_recipe(const struct plan *p);   /* the archetype that the recipe is of; ARCH_NONE when unknown */
enum rule plan_rule(const struct plan *p);      /* RULE_NONE where no constraint comes */
/* What follows from other fields: of a rename the conversion, and of it and a change of type what the backfill writes. Before plan_judge. */
void plan_finish(struct arena *a, struct plan *p);
/* The column that comes; NULL where none does. */
const char *plan_new_column(const struct plan *p);
/* The same walk's plan the other way: the old column is filled from the new one, wherever it is not what that makes, since rows were written to
   the new one alone. Without convert.back there is nothing to fill it by. */
struct plan plan_reversed(const struct plan *p);
/* Does the application itself write both columns? */
bool plan_dual_by_application(const struct plan *p);
const char *target_noun(enum target t);         /* "column", "table", "rows", "new column", "constraint" */
const char *plan_noun(const struct plan *p);    /* the same; of build-index "index", of rename-table "new name" */
bool target_comes(enum target t);               /* something comes, and nothing goes: the table around it is what is looked at */
/* Where further releases are read: releases_from, for messages; NULL when the plan has no such place. */
const char *plan_release_source(const struct plan *p);
/* UTC, or Area/Place as in the IANA list. An abbreviation such as CET means other hours in other places, and what ends in digits
   the server may read as an offset ("Europe/Madrid2": two hours west of Greenwich); only Etc/GMT-14 to Etc/GMT+12 do that rightly. */
bool plan_is_zone(const char *s);
const char *archetype_name(enum archetype a);   /* "destructive" */
const char *archetype_risk(enum archetype a);   /* "highest" */
enum archetype archetype_parse(const char *s);  /* ARCH_NONE when unknown */
bool archetype_beside(enum archetype a);        /* rename and type change: a new column beside the old one, for weeks */
int archetype_unused_floor(enum archetype a);   /* days of item 9 */
int archetype_window_floor(enum archetype a);   /* days of item 7; 0: it has none */
/* "public.orders.legacy_total", "public.orders", "rows of public.orders": each part quoted as SQL where it needs it. */
const char *plan_target_name(struct arena *a, const struct plan *p);

/* How an amended plan differs: what must be done again. */
enum amend_class { AMEND_SAME, AMEND_STRICTER, AMEND_GATES, AMEND_BACKFILL, AMEND_NEW_WALK };
/* why gets one sentence, owned by a. NEW_WALK: target, statement or archetype changed. GATES: laxer within floors. BACKFILL: what rows
   are filled, or by what: items 6 on again. */
enum amend_class plan_compare(struct arena *a, const struct plan *old, const struct plan *now, const char **why);

#endif
