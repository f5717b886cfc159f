/* SPDX-License-Identifier: MIT */
/* The single tools of the command line. Each gives one JSON tree, owned by a: --json prints it as it is, and the text form
   is drawn from the same tree, so the two cannot disagree. NULL with e set when nothing could be said at all. A tree whose
   tool found something wrong carries e as well: the exit status is e's. */
#ifndef GW_ENGINE_TOOLS_H
#define GW_ENGINE_TOOLS_H

#include "engine/engine.h"

struct arena;
struct json;

/* {plans:[{file, ok, errors:[{line,column,what,instead}], target:{...}|absent}]}; looked up when with_db. ERR_USE when one is bad. */
struct json *tool_check(struct arena *a, const char *const *files, size_t n, const struct engine_opts *db_or_null, struct err *e);
/* {text}: a new plan. file NULL: only given back; else written (never over an existing file) and named. */
struct new_plan { const char *recipe, *name, *schema, *table, *column, *type, *def, *where, *why, *zone, *file, *to, *convert, *columns, *replace; const char **deploys; size_t n_deploys; const char *const *sources; size_t n_sources; };
struct json *tool_new(struct arena *a, const struct new_plan *n, const struct engine_opts *db_or_null, struct err *e);
/* {server, rows:[{id,what,now,state,fix}]} */
struct json *tool_doctor(struct arena *a, const struct engine_opts *o, struct err *e);
/* {environment, strong, install_id, key, key_made} */
struct json *tool_init(struct arena *a, const struct engine_opts *o, const char *environment, struct err *e);
struct json *tool_uninstall(struct arena *a, const struct engine_opts *o, struct err *e);
/* {walks:[...]}, or one walk's {walk, items, next, ...} */
struct json *tool_status(struct arena *a, struct engine *g, const char *walk, struct err *e);
/* {gates:[{gate, open, conditions:[...]}]}: ERR_GATE or ERR_WAIT when one is shut */
struct json *tool_gates(struct arena *a, struct engine *g, const char *walk, struct err *e);
/* {zones:[...], openings:[{from, to, begins, walls:[{zone, from, to}]}], ...}: in the plan's zone and in `zone`, which is this machine's
   when NULL. ERR_GATE when the plan's calendar cannot be read: what is listed then knows nothing of its releases. */
struct json *tool_window(struct arena *a, struct engine *g, const char *walk, const char *zone, struct err *e);
/* verb: list, pause, resume, stop, set, tick. */
struct json *tool_job(struct arena *a, const struct engine_opts *o, const char *verb, const char *const *args, size_t n, struct err *e);
/* Rows of a backfill that do not convert: the first 1,000, or with a file all of them as CSV (RFC 4180) in a new file. */
struct json *tool_rejects(struct arena *a, const struct engine_opts *o, const char *walk, const char *file, struct err *e);
/* The rows in which old and new differ: of the last whole round, and of the one under way. */
struct json *tool_differ(struct arena *a, const struct engine_opts *o, const char *walk, struct err *e);
/* Does an act that begins a job of the walk: ACT_BACKFILL, ACT_RETRY, ACT_PARITY. */
struct json *tool_begin(struct arena *a, struct engine *g, const char *walk, enum act_kind kind, struct err *e);
/* verb: install, status, remove. {how, server, walks:[{name, sid, target, why}]}; of status {how, installed, whole, why, open:[{way, who, why}], server, takes,
   walks:[{name, sid, stands, target, tries:[{way, result, said}], truncate, why}]}: ERR_GATE when it does not stand over an open walk. */
struct json *tool_guard(struct arena *a, const struct engine_opts *o, const char *verb, struct err *e);
/* {good, lines, signed, unsealed, head, keys, bad_line, why}: ERR_VERIFY when it does not hold. */
struct json *tool_verify(struct arena *a, const char *log, struct err *e);
/* {server, target, kind, verdict, classes:[{what, by, since}], at, found, sources, blind, blind_keys} */
struct json *tool_audit(struct arena *a, const struct engine_opts *o, const struct audit_of *of, struct err *e);
/* {version, paths:{...}} */
struct json *tool_info(struct arena *a, const struct engine_opts *o, struct err *e);
/* Puts the column back; waits for the job and tells of it by `say`. {placed, kept, gone, conflicts, left:[...]} */
struct json *tool_restore(struct arena *a, struct engine *g, const char *walk, void (*say)(const char *line), struct err *e);

#endif
