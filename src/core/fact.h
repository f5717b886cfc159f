/* SPDX-License-Identifier: MIT */
/* What was seen on the server, as data. Each group says when it was seen (`at`, the server's clock, us); at == 0 means
   nobody has looked, and unknown refuses. Nothing here looks. */
#ifndef GW_CORE_FACT_H
#define GW_CORE_FACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/logstate.h"
#include "core/release.h"

enum env { ENV_NONE, ENV_PRODUCTION, ENV_STAGING, ENV_DEVELOPMENT, ENV_REHEARSAL };
const char *env_name(enum env e);
enum env env_parse(const char *s);   /* ENV_NONE when unknown */

/* Who we talk to. */
struct fact_server {
	int64_t at;                   /* also the server's clock_timestamp() of that look */
	int version;                  /* server_version_num */
	const char *version_text;     /* "15.18" */
	const char *sysid;            /* system identifier */
	unsigned dboid;
	const char *dbname, *host, *login, *label;   /* label: "shop@db1" */
	const char *data_directory;   /* NULL when not visible */
	int timeline;
	const char *lsn;
	bool in_recovery, superuser, pooled, tls, tcp;
	int64_t started;              /* pg_postmaster_start_time */
	int64_t mono_us, local_us;    /* this machine's CLOCK_BOOTTIME and clock at the same look */
	const char *boot_id;          /* this machine's */
};

/* The mark that init left. */
struct fact_mark {
	int64_t at;
	bool installed;
	int schema_version;
	const char *install_id;
	enum env env;
	const char *sysid;            /* as written when marked */
	unsigned dboid;
	enum env comment_env;         /* as the comment on the database says */
	enum env remembered_env;      /* as this machine remembers; ENV_NONE when it never saw this database */
	const char *remembered_install_id;
	bool ledger_strong;           /* the ledger has an owner that this login is not */
};

/* The target as the catalogue shows it. Lists owned by the facts' arena. Of a table, or of rows, attnum is 0 and what speaks of
   the column alone (column, type, not_null, generated, identity, def) is NULL or false; definition then covers every column. */
struct fact_target {
	int64_t at;
	bool found;
	const char *missing;          /* what was not found, when !found */
	const char *unfit;            /* why this version does not walk such a target, and what to do; NULL when it does */
	unsigned relid;
	int attnum;
	const char *schema, *table, *column, *owner;
	bool may_alter;               /* this login may alter the table */
	char relkind;                 /* r p f m v */
	bool unlogged, partition, partitioned, inherits, has_children, rls;
	const char *type;             /* format_type */
	bool not_null, generated, identity;
	const char *def;              /* default expression or NULL */
	const char *comment;
	const char *definition;       /* canonical text of what must not drift: type, collation, identity, generated, attnum, oid */
	char definition_digest[65];
	const char **falls;           /* what the drop takes along silently, server's words, sorted; of removed rows nothing */
	size_t n_falls;
	const char **blockers;        /* what would need CASCADE: views, functions, policies, publications, other tables; of rows: cascades, delete triggers */
	size_t n_blockers;
	const char **keys;            /* column names of the first unique, not null, valid, immediate key */
	size_t n_keys;
	char rule;                    /* of a constraint that comes: t every row was looked at, f not yet; 0: it is not there */
	int taken;                    /* of a new column: the number of the one that bears its name already; 0: none */
	int64_t rows_estimate, bytes;
	const char **locks;           /* relations the statement will lock, quoted, in one order (by oid) */
	size_t n_locks;
	const char **foreign;         /* foreign keys from the column, by name: item 9 takes them off where a new column stands beside it */
	const char **foreign_as;      /* beside each: its definition, FOREIGN KEY ... */
	size_t n_foreign;
	const char **before;          /* a dropped table: the statements that take other tables' foreign keys to it off, by name; in the order of their oids */
	size_t n_before;
	const char **published;       /* of a new column: the publications that will send it, those with a column list are not among them */
	size_t n_published;
};

/* One proven (or failed) copy, as its job reported and the engine checked it. Folded from the log. */
struct fact_snapshot {
	int64_t begun, proved;        /* server clock; proved 0: not yet */
	const char *id;               /* folder name */
	const char *path;
	const char *manifest_sha256;
	const char *sysid;
	unsigned dboid, relid;
	int attnum;
	char definition_digest[65];
	enum scope_kind { SNAP_TABLE, SNAP_COLUMN, SNAP_ROWS } scope;   /* of a dropped table always TABLE; of removed rows always ROWS */
	int64_t rows, values, bytes;  /* values: not null ones of the column; of a table or rows: the rows */
	bool equal;                   /* rows, content digest and types of the loaded copy equal the source */
	int64_t trip_count;           /* tripwire's count read in the snapshot's own transaction; -1 when there was none */
};

struct fact_drill {
	int64_t at;
	const char *id;
	bool passed;
	const char *snapshot_id, *sysid;
	unsigned dboid;
	int64_t took_us, restore_us;  /* restore_us: the way back, measured */
	const char **fell;            /* what the statement took along there */
	size_t n_fell;
	const char *problem;          /* NULL when passed */
};

/* Health against the plan's limits. */
struct fact_metric { const char *name, *unit; bool known; double value, base, pause, alarm; bool has_base, has_pause, has_alarm; bool alarmed; const char *why; };
struct fact_health {
	int64_t at;
	bool lag_known; double lag_s; int standbys;   /* lag_known is true without standbys: lag 0 */
	const char *lag_why;          /* why it is not known, where a standby said so */
	int lock_waiters;
	double longest_tx_s;
	bool standby_query_known; double standby_query_s;
	bool sync_standby_there;
};

/* The moment. All wall times in the plan's zone, from the server. */
struct fact_moment {
	int64_t at;
	bool zone_known;
	int dow, minute;              /* judged wall time (rehearsal_now in a rehearsal) */
	int64_t opens, closes;        /* the opening that `at` stands in, as instants, Fridays cut out; 0 outside of one */
	bool in_window;
	int minutes_left;             /* real ones: a night in which the clock changes has an hour more or less than its wall */
	int64_t next[5];              /* the next openings, us UTC; 0 past the end */
	int n_next;
	const struct release *releases;   /* the plan's, the declared ones, and those of the plan's calendar */
	size_t n_releases;
	int64_t calendar_at;          /* when releases_from was read; 0 never, or the plan has none */
	const char *calendar_why;     /* why it could not be read, with its place; NULL when it was */
};

/* A6. */
struct fact_others { int64_t at; bool clear; const char *who; };

/* Something that uses the column, or may. */
enum touch { TOUCH_NONE, TOUCH_READ, TOUCH_WRITE };
struct consumer {
	const char *key;              /* stable name: what the operator clears */
	const char *kind;             /* view, function, statement, session, declared, standby, tripwire, ... */
	const char *source;           /* how we know */
	const char *role, *app, *owner;
	enum touch touch;
	int64_t last;                 /* last touch, server clock; 0 never seen */
	int64_t calls;
	const char *counted;          /* how its counters stand, as text: the same again means that it has not run since; NULL when nothing counts it */
	bool as_read;                 /* counted is of its text: it is cleared as it was read, and another text is to be read again */
	bool names_column;            /* a statement that names it: cleared only by having stopped */
	bool structural;              /* would need CASCADE, or vanish: must be gone, cannot be cleared by a word */
	bool may_survive;             /* whole-row or catalogue-driven: can be cleared as surviving, with evidence */
	const char *evidence;         /* text or definition, not yet cleaned */
	const char *server;           /* NULL: the primary */
};
/* What a source can see. That it found nothing counts for these alone, and for its time alone. */
enum sees { SEES_STATIC = 1, SEES_CODE = 2, SEES_READ = 4, SEES_WRITE = 8, SEES_NESTED = 16, SEES_WHOLE = 32, SEES_STAR = 64, SEES_DEFINER = 128 };
#define SEES_KINDS 8
const char *sees_word(unsigned one);   /* "static", "whole row", ... */
/* blind: it is there and could not see; missing: it is not there. One that found something has found it even when it is blind. */
enum saw { SAW_NONE, SAW_FOUND, SAW_BLIND, SAW_MISSING };
struct audit_source {
	const char *name;             /* "catalogue", "statements", "tripwire", ... */
	const char *server;           /* NULL: the primary */
	unsigned sees;                /* of enum sees */
	int64_t from, to;             /* the time without a gap; the same: one moment; from 0: nobody knows since when */
	const char *gap;              /* what ended the time before; NULL */
	size_t hits;                  /* consumers found by it */
	int64_t last;                 /* the last touch among them */
	const char *who;              /* by whom; NULL */
	enum saw saw;
	const char *why;              /* blind or missing: the reason, with the command that helps */
};
#define BLIND_CODE "source code"   /* the blind key of a plan that does not say where its code lies */
struct fact_audit {
	int64_t at;
	struct consumer *found;
	size_t n;
	struct audit_source *sources; /* in the order of their evidence, strongest first */
	size_t n_sources;
	const char **blind;           /* what this audit cannot see, one sentence each */
	size_t n_blind;
	const char **blind_keys;      /* blind spots that shut B2 until their owner clears them (standby that cannot be asked) */
	size_t n_blind_keys;
};

/* gatewalk's own logical replication slot, as the watch keeps it. */
struct fact_slot {
	bool there;                   /* it stands, and is known */
	const char *why;              /* why what it kept is not all read, with what helps; NULL: it is */
	int64_t since;                /* it has kept every write since then; 0 never */
	int64_t held, limit;          /* bytes of WAL that the server keeps for it; how many it may */
	int64_t age;                  /* transactions for which the catalogue's old rows are kept */
};

bool slot_tells(const struct fact_slot *s);   /* there, and read to its end */

/* The watch over item 9. */
struct fact_watch {
	int64_t at;                   /* last time the watcher looked, or tick */
	bool tripwire_there, tripwire_enabled;
	int64_t trip_count;           /* -1 unknown */
	bool statements_there;        /* pg_stat_statements can be read and track is not none */
	const char *statements_why;   /* what is missing, with the command that helps */
	int64_t unbroken_since;       /* since when every source has watched without a gap; 0 never */
	const char *gap;              /* the last gap and its reason, or NULL */
	bool standbys_ok;             /* every known standby was asked, or its blind spot is cleared */
	const char *standbys_why;
	struct fact_slot slot;        /* all zero when the walk has none */
	int64_t last_sighting;        /* last counted read or write, server clock; 0 none */
	const char *sighted;          /* who and what */
};

/* The server's own refusal to others. */
struct fact_guard {
	int64_t at;
	bool installed;               /* gatewalk guard install was run here */
	bool by_views;                /* it may make no event triggers: views hold the targets, and it stops less */
	bool whole;                   /* its event triggers and functions are as they were installed */
	bool recorded;                /* the walk's target stands under it */
	bool stands;                  /* whole, unchanged since it was installed, and over this walk's target as it was */
	bool truncate;                /* and TRUNCATE of it is refused */
	const char *why;              /* what is missing of stands and truncate; NULL when nothing is */
};
const char *guard_help(const struct fact_guard *g);   /* what makes it stand again */

/* Item 6: how far the rows that stand have got their value. */
struct fact_backfill {
	int64_t at;                   /* when somebody looked; 0 never */
	bool begun;                   /* with this plan's expression, on this target */
	int pass;                     /* over the whole table, from 1 on */
	double share;                 /* of that pass, 0 to 1 */
	const char *cursor;           /* where it stands, in words; NULL before it began */
	int64_t filled;               /* rows that got a value from it */
	int64_t left;                 /* rows without one, counted in one look; -1: not counted since the last pass began */
	int64_t rejects;              /* rows that do not convert: not among those left */
	int64_t counted_at;           /* when left was counted */
	bool done;                    /* counted, and left is 0 */
};

/* Who holds the table while a statement waits for its lock. */
struct fact_blocker {
	int64_t at;                   /* when it was seen; 0: nobody held it */
	int pid;                      /* 0: a prepared transaction */
	const char *user, *app, *state, *query;
	int64_t since;                /* its transaction began */
	int tries;                    /* how often the lock was tried until then */
};

/* What was counted in a new column before it goes again. */
struct fact_added { int64_t counted_at; int64_t values; };   /* rows with a value that is not its default */

/* Rows that do not hold to a constraint that comes, counted before anything is begun, and where the look at all rows found one. */
struct fact_broken { int64_t at; int64_t rows; const char *first; };   /* first: keys of some of them; NULL none */

/* Item 6 on: are old and new the same, row by row? Told by passes over all rows, one behind the other. */
struct fact_parity {
	int64_t at;                   /* when somebody looked; 0 never */
	int64_t round;                /* the last pass that came to its end, from 1 on; 0: none did */
	int64_t began, ended;         /* of that pass, server clock */
	int64_t rows;                 /* compared in it */
	int64_t mismatches;           /* of them: those that differ, or fail the plan's convert.check */
	int64_t covers;               /* 0: every row; else those that were not written since then, when dual write went off */
	const char *first;            /* the first that differs, by its key; NULL none */
};

/* The dual write's trigger as the server would take it now: core/dual.h, made of the table's own columns. */
struct fact_dual {
	int64_t at;                   /* when the catalogue was asked; 0 never */
	const char *put, *take;       /* SQL that puts it on, and that takes all of it away; put takes away first what stands */
};

/* That trigger as it stands, while it is to write both columns. */
struct fact_trigger { int64_t at; const char *why; };   /* why: what is missing of it; NULL when nothing is */

struct fact_log {
	int64_t at;
	enum log_state state;
	bool verifies, ledger_agrees;
	const char *why;              /* when one of them is false */
};

struct fact_monitor {
	int64_t at;                   /* last sample */
	int64_t baseline_at;          /* when the baseline was taken; 0 never */
	bool errors_seen;             /* one source of errors works */
	struct fact_metric *metrics;
	size_t n;
	int alarms;
	const char *alarm;            /* the last one, in words */
};

struct facts {
	int64_t now;                  /* the server's clock at judging; 0 refuses everything */
	struct fact_server server;
	struct fact_mark mark;
	struct fact_target target;
	struct fact_health health;
	struct fact_moment moment;
	struct fact_others others;
	struct fact_audit audit;
	struct fact_watch watch;
	struct fact_guard guard;
	struct fact_backfill backfill;
	struct fact_blocker blocker;
	struct fact_added added;
	struct fact_broken broken;
	struct fact_parity parity;
	struct fact_dual dual;
	struct fact_trigger trigger;
	struct fact_log log;
	struct fact_monitor monitor;
	bool files_intact;            /* the final snapshot's files still have the proven hashes */
	int64_t files_at;
	bool locked;                  /* target, watch.trip_count, guard, log and moment were read under the lock */
};

#endif
