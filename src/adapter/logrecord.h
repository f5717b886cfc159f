/* SPDX-License-Identifier: MIT */
/* The server's log cut into entries, fed in pieces of any size: csvlog, jsonlog, and stderr by its log_line_prefix. Pure. Never fails:
   what it cannot read is counted. In stderr a role's or database's name with a newline can look like an entry of its own, and what
   stands in the prefix can look like the end of it: csvlog and jsonlog cannot be forged so. */
#ifndef GW_ADAPTER_LOGRECORD_H
#define GW_ADAPTER_LOGRECORD_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum log_format { LOG_CSV, LOG_JSON, LOG_STDERR };
const char *log_format_name(enum log_format f);   /* "csvlog", as in log_destination */

#define LOG_RECORD_MAX (2U << 20)   /* bytes of an entry that are kept; of the rest only its end is looked for */

/* Valid UTF-8, no NUL; what is not known is NULL. */
struct log_record {
	const char *at;             /* as the server wrote it, in log_timezone */
	const char *role, *database, *addr, *app;
	const char *state;          /* SQLSTATE */
	const char *message, *context, *statement;
	bool cut;                   /* longer than is kept */
};
typedef void log_sink(void *ctx, const struct log_record *r);

struct log_opts {
	enum log_format format;
	const char *prefix;         /* log_line_prefix, of stderr */
	const char *const *wanted;  /* an entry with none of these (any case) is only counted; NULL: all are given out. NULL-ended */
	log_sink *sink;             /* what it is given lives until it returns */
	void *ctx;
};
struct logread;
struct logread *logread_new(const struct log_opts *o);
void logread_free(struct logread *r);
void logread_feed(struct logread *r, const char *bytes, size_t n);
/* No more for now: gives out an entry that is whole, and says how many bytes at the end are the beginning of one that is not. */
size_t logread_end(struct logread *r);

struct log_count { size_t entries, unreadable, cut; };
struct log_count logread_count(const struct logread *r);
const char *logread_first(const struct logread *r);   /* the first entry's time; NULL */
/* Does the prefix say who (%u and %d)? */
bool log_prefix_tells(const char *prefix);

#endif
