/* SPDX-License-Identifier: MIT */
#include "adapter/planfile_fields.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "core/plan.h"

#define NAME_MAX_BYTES 63     /* a name on the server */
#define LABEL_MAX_BYTES 120   /* a name of ours */
#define TEXT_MAX_BYTES 8192
#define NEAR 2                /* letters that may differ */

#define IN(member) offsetof(struct plan, member)
#define LIST_OF(element, member) .at = IN(member), .more = IN(n_##member), .size = sizeof(struct element), .mark = offsetof(struct element, at)
#define OF(element, member) .at = offsetof(struct element, member)
#define NAME .most = NAME_MAX_BYTES
#define LABEL .most = LABEL_MAX_BYTES
#define TEXT .most = TEXT_MAX_BYTES

static const struct field fields[] = {
	{ "gatewalk", FIELD_VERSION, .required = true, .help = "write gatewalk: 1" },
	{ "name", FIELD_TEXT, IN(name), LABEL, .required = true, .help = "write a short name, such as orders-drop-legacy-total" },
	{ "archetype", FIELD_ARCHETYPE, IN(archetype), .required = true, .help = "write additive or destructive" },
	{ "recipe", FIELD_TEXT, IN(recipe), LABEL, .required = true, .help = "write add-column, rename-column, change-type, never-null, add-check, add-foreign-key, build-index, rename-table, split-table, drop-column, drop-table or remove-rows" },
	{ "target", FIELD_MAP, .required = true, .help = "write schema and table under it, and column or where" },
	{ "target.schema", FIELD_TEXT, IN(schema), NAME, .help = "write the schema's name" },
	{ "target.table", FIELD_TEXT, IN(table), NAME, .required = true, .help = "write the table's name" },
	{ "target.column", FIELD_TEXT, IN(column), NAME, .help = "write the column's name" },
	{ "target.where", FIELD_TEXT, IN(where), TEXT, .help = "write which rows, such as \"created < '2020-01-01'\"" },
	{ "statement", FIELD_TEXT, IN(statement), TEXT, .help = "write the proposed statement, or leave it out" },

	{ "add", FIELD_MAP, .help = "write type under it, or leave it out" },
	{ "add.column", FIELD_TEXT, IN(add_column), NAME, .help = "write the new column's name" },
	{ "add.type", FIELD_TEXT, IN(add_type), LABEL, .help = "write the new column's type, such as text or numeric(10,2)" },
	{ "add.default", FIELD_TEXT, IN(add_default), TEXT, .help = "write one value as SQL, such as 0 or \"'new'\"" },
	{ "add.not_null", FIELD_BOOL, IN(add_not_null), .help = "write true or false" },
	{ "add.name", FIELD_TEXT, IN(add_name), NAME, .help = "write its name, such as orders_total_positive" },
	{ "add.check", FIELD_TEXT, IN(add_check), TEXT, .help = "write what is true of every row, such as \"total >= 0\"" },
	{ "add.refers_to", FIELD_MAP, .help = "write schema, table and column under it" },
	{ "add.refers_to.schema", FIELD_TEXT, IN(add_refers_schema), NAME, .help = "write the other table's schema, such as public" },
	{ "add.refers_to.table", FIELD_TEXT, IN(add_refers_table), NAME, .help = "write the other table's name" },
	{ "add.refers_to.column", FIELD_TEXT, IN(add_refers_column), NAME, .help = "write the column there that has a unique key, such as id" },
	{ "add.on_delete", FIELD_TEXT, IN(add_on_delete), LABEL, .help = "write no action, restrict, cascade, set null or set default, or leave it out" },
	{ "add.index", FIELD_TEXT, IN(add_index), TEXT, .help = "write what the index is of, such as \"customer, created DESC\"" },
	{ "add.unique", FIELD_BOOL, IN(add_unique), .help = "write true or false" },
	{ "add.method", FIELD_TEXT, IN(add_method), LABEL, .help = "write btree, hash, gin, gist, spgist or brin, or leave it out" },
	{ "add.where", FIELD_TEXT, IN(add_where), TEXT, .help = "write of which rows, such as \"total > 0\", or leave it out" },
	{ "add.columns", FIELD_TEXTS, IN(add_columns), .more = IN(n_add_columns), .size = IN(has_add_columns), NAME, .help = "write a list of columns, such as [note, note_lang]" },
	{ "add.comment", FIELD_TEXT, IN(add_comment), TEXT, .help = "write what it is for, in a sentence, or leave it out" },

	{ "convert", FIELD_MAP, .help = "write to under it, or leave it out" },
	{ "convert.to", FIELD_TEXT, IN(convert_to), TEXT, .help = "write the new value as SQL, such as \"total * 100\"" },
	{ "convert.back", FIELD_TEXT, IN(convert_back), TEXT, .help = "write the old value as SQL, such as \"cents / 100.0\", or leave it out" },
	{ "convert.check", FIELD_TEXT, IN(convert_check), TEXT, .help = "write what is true of a row whose two values belong together, or leave it out" },
	{ "dual_write", FIELD_TEXT, IN(dual_write), LABEL, .help = "write trigger or application" },

	{ "document", FIELD_MAP, .required = true, .help = "write before, after, why and the others under it" },
	{ "document.before", FIELD_TEXT, IN(before), TEXT, .required = true, .help = "write what stands there now" },
	{ "document.after", FIELD_TEXT, IN(after), TEXT, .required = true, .help = "write what stands there afterwards" },
	{ "document.why", FIELD_TEXT, IN(why), TEXT, .required = true, .help = "write why it goes" },
	{ "document.way_back", FIELD_TEXT, IN(way_back), TEXT, .required = true, .help = "write how the data comes back" },
	{ "document.leaves_behind", FIELD_TEXT, IN(leaves_behind), TEXT, .required = true, .help = "write what a way back does not restore" },
	{ "document.rollback_floor", FIELD_TEXT, IN(rollback_floor), TEXT, .required = true,
		.help = "write the oldest release that runs without it" },
	{ "document.api_contract", FIELD_TEXT, IN(api_contract), TEXT, .required = true, .help = "write what changes for callers, or none" },
	{ "document.falls", FIELD_TEXTS, IN(falls), .more = IN(n_falls), .size = IN(has_falls), TEXT, .required = true,
		.help = "write a list, such as [\"index orders_legacy_total_idx\"], or [] when nothing else falls" },

	{ "deploys", FIELD_MAPS, LIST_OF(plan_deploy, deploys), .required = true, .help = "write a list, such as [{name: web}]" },
	{ "deploys[].name", FIELD_TEXT, OF(plan_deploy, name), LABEL, .required = true, .help = "write the deployed part's name" },
	{ "consumers", FIELD_MAPS, LIST_OF(plan_consumer, consumers), .help = "write a list of consumers, or leave it out" },
	{ "consumers[].name", FIELD_TEXT, OF(plan_consumer, name), LABEL, .required = true, .help = "write the consumer's name" },
	{ "consumers[].kind", FIELD_KIND, OF(plan_consumer, kind), .required = true, .help = "write webhook, report, integration, job or other" },
	{ "consumers[].owner", FIELD_TEXT, OF(plan_consumer, owner), LABEL, .required = true, .help = "write who clears it" },
	{ "consumers[].check", FIELD_TEXT, OF(plan_consumer, check), TEXT, .help = "write a command that exits 0 when the consumer is clear" },
	{ "sources", FIELD_TEXTS, IN(sources), .more = IN(n_sources), .size = IN(has_sources), TEXT, .help = "write a list of folders, such as [/srv/shop], or leave it out" },
	{ "standbys", FIELD_MAPS, LIST_OF(plan_standby, standbys), .help = "write a list of standbys, or leave it out" },
	{ "standbys[].name", FIELD_TEXT, OF(plan_standby, name), LABEL, .required = true, .help = "write the standby's name" },
	{ "standbys[].dbname", FIELD_TEXT, OF(plan_standby, dbname), TEXT, .help = "write a connection string, such as \"host=db2 dbname=shop\"" },

	{ "policy", FIELD_MAP, .help = "write fields under it, or leave it out" },
	{ "policy.unused_days", FIELD_INT, IN(unused_days), .most = 3650, .help = "write a number of days, 14 or more" },
	{ "policy.longest_job_days", FIELD_INT, IN(longest_job_days), .least = 1, .most = 3650,
		.help = "write the period of the rarest job in days, such as 31" },
	{ "policy.writes_hours", FIELD_INT, IN(writes_hours), .most = 8760, .help = "write a number of hours, 4 or more" },
	{ "policy.window_days", FIELD_INT, IN(window_days), .least = 1, .most = 3650, .help = "write a number of days: 7 or more of a rename, 14 or more of a change of type" },
	{ "policy.monitor_hours", FIELD_INT, IN(monitor_hours), .most = 8760, .help = "write a number of hours, 48 or more" },
	{ "policy.release_quiet_hours", FIELD_INT, IN(release_quiet_hours), .most = 8760, .help = "write a number of hours, 48 or more" },
	{ "policy.signatures", FIELD_INT, IN(signatures), .most = 2, .help = "write 1" },
	{ "policy.hide", FIELD_BOOL, IN(hide), .help = "write true or false" },
	{ "policy.guard", FIELD_BOOL, IN(guard), .help = "write true or false" },
	{ "policy.slot", FIELD_BOOL, IN(slot), .help = "write true or false" },
	{ "policy.slot_max_mb", FIELD_INT, IN(slot_max_mb), .least = 64, .most = 1048576, .help = "write a number of MB, such as 1024" },
	{ "policy.drop_estimate_min", FIELD_INT, IN(drop_estimate_min), .least = 1, .most = 1440, .help = "write a number of minutes, such as 10" },

	{ "rows", FIELD_MAP, .help = "write batch_ms under it, or leave it out" },
	{ "rows.batch_ms", FIELD_INT, IN(batch_ms), .least = 10, .most = 1000, .help = "write the milliseconds of one batch, such as 100" },

	{ "backfill", FIELD_MAP, .help = "write value and pause under it, or leave it out" },
	{ "backfill.value", FIELD_TEXT, IN(backfill.value), TEXT, .help = "write an expression over the row's own columns, such as \"total * 100\"" },
	{ "backfill.where", FIELD_TEXT, IN(backfill.where), TEXT, .help = "write which rows, or leave it out" },
	{ "backfill.fills", FIELD_TEXT, IN(backfill.fills), LABEL, .help = "write nulls or differences" },
	{ "backfill.batch_ms", FIELD_INT, IN(backfill.batch_ms), .least = 10, .most = 1000, .help = "write the milliseconds of one batch, such as 100" },
	{ "backfill.load", FIELD_INT, IN(backfill.load), .least = 1, .most = 100, .help = "write the per cent of the time in which it works, such as 50" },
	{ "backfill.max_rejects", FIELD_INT, IN(backfill.max_rejects), .least = 1, .most = 1000000, .help = "write a number of rows, such as 10000" },
	{ "backfill.pause", FIELD_MAPS, .at = IN(backfill.pauses), .more = IN(backfill.n_pauses), .size = sizeof(struct plan_pause), .mark = offsetof(struct plan_pause, at),
		.help = "write a list, such as [{when: replication lag, above: 5}]" },
	{ "backfill.pause[].when", FIELD_TEXT, OF(plan_pause, when), LABEL, .required = true, .help = "write a condition, such as replication lag" },
	{ "backfill.pause[].above", FIELD_NUMBER, OF(plan_pause, above), .more = offsetof(struct plan_pause, has_above), .most = 1e15, .help = "write a number: above it it pauses" },
	{ "backfill.pause[].below", FIELD_NUMBER, OF(plan_pause, below), .more = offsetof(struct plan_pause, has_below), .most = 1e15, .help = "write a number: at it or below it goes on" },
	{ "backfill.pause[].query", FIELD_TEXT, OF(plan_pause, query), TEXT, .help = "write a query that gives one number, or of a flag true or false" },
	{ "backfill.pause[].file", FIELD_TEXT, OF(plan_pause, file), TEXT, .help = "write a file from / on: it pauses while that is there" },
	{ "backfill.pause[].days", FIELD_DAYS, OF(plan_pause, days), .help = "write a list of weekdays, or leave it out" },
	{ "backfill.pause[].from", FIELD_CLOCK, OF(plan_pause, from), .help = "write a time of day, such as \"08:00\"" },
	{ "backfill.pause[].to", FIELD_CLOCK, OF(plan_pause, to), .help = "write a time of day, such as \"20:00\"" },

	{ "window", FIELD_MAP, .required = true, .help = "write zone and open under it" },
	{ "window.zone", FIELD_TEXT, IN(zone), LABEL, .required = true, .help = "write a time zone, such as Europe/Madrid" },
	{ "window.open", FIELD_MAPS, LIST_OF(plan_window, windows), .required = true,
		.help = "write a list, such as [{days: [Tue], from: \"02:00\", to: \"05:00\"}]" },
	{ "window.open[].days", FIELD_DAYS, OF(plan_window, days), .required = true, .help = "write a list of Mon, Tue, Wed, Thu, Sat, Sun" },
	{ "window.open[].from", FIELD_CLOCK, OF(plan_window, from), .required = true, .help = "write a time of day, such as \"02:00\"" },
	{ "window.open[].to", FIELD_CLOCK, OF(plan_window, to), .required = true, .help = "write a time of day, such as \"05:00\"" },
	{ "releases", FIELD_TIMES, IN(releases), .more = IN(n_releases),
		.help = "write times in UTC, such as 2026-11-24T10:00:00Z" },
	{ "releases_from", FIELD_MAP, .help = "write ics or command under it, or leave it out" },
	{ "releases_from.ics", FIELD_TEXT, IN(release_ics), TEXT, .help = "write a calendar's file from / on, such as /srv/releases.ics" },
	{ "releases_from.command", FIELD_TEXT, IN(release_command), TEXT, .help = "write a command that prints a calendar, or a time a line" },

	{ "health", FIELD_MAP, .help = "write fields under it, or leave it out" },
	{ "health.max_lag_s", FIELD_NUMBER, IN(max_lag_s), .most = 86400, .help = "write a number of seconds, such as 5" },
	{ "health.max_lock_waiters", FIELD_INT, IN(max_lock_waiters), .most = 10000, .help = "write a number of sessions, such as 5" },
	{ "health.max_longest_tx_s", FIELD_NUMBER, IN(max_longest_tx_s), .most = 86400, .help = "write a number of seconds, such as 300" },
	{ "health.max_standby_query_s", FIELD_NUMBER, IN(max_standby_query_s), .most = 86400, .help = "write a number of seconds, such as 300" },
	{ "health.sync_standby", FIELD_TEXT, IN(sync_standby), LABEL, .help = "write the standby's application_name" },

	{ "snapshot", FIELD_MAP, .help = "write fields under it, or leave it out" },
	{ "snapshot.scope", FIELD_SCOPE, IN(scope), .help = "write column or table" },
	{ "snapshot.store", FIELD_TEXT, IN(store), TEXT, .help = "write a folder from / on, or a remote as name:path" },
	{ "snapshot.scratch", FIELD_TEXT, IN(scratch), TEXT, .help = "write a connection string, such as \"host=scratch dbname=postgres\"" },
	{ "snapshot.retention_days", FIELD_INT, IN(retention_days), .least = 1, .most = 36500, .help = "write a number of days, such as 90" },

	{ "monitor", FIELD_MAP, .help = "write fields under it, or leave it out" },
	{ "monitor.metrics", FIELD_MAPS, LIST_OF(plan_metric, metrics), .help = "write a list of metrics, or leave it out" },
	{ "monitor.metrics[].name", FIELD_TEXT, OF(plan_metric, name), LABEL, .required = true, .help = "write the metric's name" },
	{ "monitor.metrics[].query", FIELD_TEXT, OF(plan_metric, query), TEXT, .help = "write a query that gives one number" },
	{ "monitor.metrics[].command", FIELD_TEXT, OF(plan_metric, command), TEXT, .help = "write a command that prints one number" },
	{ "monitor.metrics[].unit", FIELD_TEXT, OF(plan_metric, unit), LABEL, .help = "write a unit, such as ms" },
	{ "monitor.metrics[].pause", FIELD_NUMBER, OF(plan_metric, pause), .more = offsetof(struct plan_metric, has_pause),
		.least = -1e15, .most = 1e15, .help = "write a number: above it gatewalk pauses its own work" },
	{ "monitor.metrics[].alarm", FIELD_NUMBER, OF(plan_metric, alarm), .more = offsetof(struct plan_metric, has_alarm),
		.least = -1e15, .most = 1e15, .help = "write a number: above it gatewalk gives the alarm" },
	{ "monitor.notify", FIELD_TEXT, IN(notify), TEXT, .help = "write a command that tells you" },
	{ "monitor.migration_tool", FIELD_TEXT, IN(migration_tool), LABEL, .help = "write the tool's name, such as alembic" },

	{ "rehearsal", FIELD_MAP, .help = "write fields under it, or leave it out" },
	{ "rehearsal.now", FIELD_MOMENT, IN(rehearsal_dow), .more = IN(rehearsal_minute), .help = "write a day and time, such as \"Tue 04:30\"" },
	{ "rehearsal.day", FIELD_NUMBER, IN(rehearsal_day_s), .least = 0.001, .most = 86400,
		.help = "write the seconds that a day of waiting takes, such as 1" },
};
#define FIELDS (sizeof fields / sizeof fields[0])

const struct field *field_list(size_t *n)
{
	*n = FIELDS;
	return fields;
}

const struct field *field_find(const char *path)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (strcmp(fields[i].path, path) == 0)
			return &fields[i];
	return NULL;
}

static const char *leaf(const char *path)
{
	const char *dot = strrchr(path, '.');
	return dot ? dot + 1 : path;
}

static bool stands_in(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);
	return strncmp(path, prefix, len) == 0 && leaf(path) == path + len;
}

/* Letters to put in, take out, exchange or swap; more than NEAR is far. Both are short: the caller has looked. */
static size_t distance(const char *a, const char *b)
{
	size_t row[3][32] = { { 0 } }, n = strlen(a), m = strlen(b);
	for (size_t j = 0; j <= m; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *now = row[i % 3], *last = row[(i + 2) % 3], *older = row[(i + 1) % 3];
		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
			best = last[j] + 1 < best ? last[j] + 1 : best;
			best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && older[j - 2] + 1 < best)
				best = older[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[n % 3][m];
}

static const struct field *nearest(const char *prefix, const char *name)
{
	const struct field *best = NULL;
	size_t least = NEAR + 1;
	if (strlen(name) >= 32 || strlen(name) < 2)
		return NULL;
	for (size_t i = 0; i < FIELDS; i++) {
		if (!stands_in(fields[i].path, prefix))
			continue;
		size_t far = distance(name, leaf(fields[i].path));
		if (far < least && far < strlen(name)) {
			least = far;
			best = &fields[i];
		}
	}
	return best;
}

const char *field_advice(struct arena *a, const char *prefix, const char *name)
{
	const struct field *near = nearest(prefix, name);
	if (near)
		return arena_printf(a, "write %s", leaf(near->path));
	for (size_t i = 0; i < FIELDS && *prefix == '\0'; i++) {
		size_t around = (size_t)(leaf(fields[i].path) - fields[i].path);
		if (around && strstr(fields[i].path, "[]") == NULL && text_eq(leaf(fields[i].path), name))
			return arena_printf(a, "write it under %.*s", (int)around - 1, fields[i].path);
	}
	struct text names = { 0 };
	for (size_t i = 0; i < FIELDS; i++)
		if (stands_in(fields[i].path, prefix))
			text_addf(&names, "%s%s", names.len ? ", " : "", leaf(fields[i].path));
	const char *advice = arena_printf(a, "the fields here are %s", text_str(&names));
	text_free(&names);
	return advice;
}
