/* SPDX-License-Identifier: MIT */
/* What the files of the doctor share: one check fills one row. */
#ifndef GW_ADAPTER_PROBE_DOCTOR_H
#define GW_ADAPTER_PROBE_DOCTOR_H

#include <stdbool.h>

#include "adapter/probe.h"
#include "adapter/serverlog.h"

/* Everything the checks look at; read once. */
struct patient {
	struct db *db;
	struct arena *a;
	struct fact_server server;
	struct fact_mark mark;
	bool mark_known;
	const char *mark_why;
	struct serverlog log;   /* what it can tell */
};

typedef bool doctor_check(const struct patient *p, struct doctor_row *row, struct err *e);

/* On this machine. */
doctor_check doctor_pg_dump, doctor_ssh_keygen, doctor_clock, doctor_disk;

/* What the server logs, for an audit and for hiding; and what gives back what is hidden. */
doctor_check doctor_log, doctor_explain, doctor_pgaudit, doctor_cron;

/* Fills what was seen. fix may be NULL. Returns true. */
bool doctor_say(struct doctor_row *row, enum doctor_state state, const char *now, const char *fix);

#endif
