/* SPDX-License-Identifier: MIT */
/* The text form of what a tool gave. Everything printed passes the cleaner here. */
#ifndef GW_CLI_PRINT_H
#define GW_CLI_PRINT_H

#include "base/err.h"

struct json;

void print_json(const struct json *o);
void print_err(const struct err *e);                       /* to standard error: what, then what to do */
void print_clean(const char *fmt, ...) __attribute__((format(printf, 1, 2)));   /* a line to standard output, cleaned, with LF */

void print_audit(const struct json *o);
void print_check(const struct json *o);
void print_doctor(const struct json *o);
void print_init(const struct json *o);
void print_status(const struct json *o);
void print_gates(const struct json *o);
void print_ics(const struct json *o);
void print_window(const struct json *o);
void print_rejects(const struct json *o);
void print_differ(const struct json *o);
void print_jobs(const struct json *o);
void print_verify(const struct json *o);
void print_info(const struct json *o);
void print_restore(const struct json *o);
/* Of guard status; of guard install and remove. */
void print_guard(const struct json *o);
void print_guarded(const struct json *o);

#endif
