/* SPDX-License-Identifier: MIT */
/* Writes a new plan, comments and all. plans/RECIPE.yaml is what this gives for an empty draft of each recipe; a test says so. */
#include "adapter/planfile.h"

#include <string.h>

#include "adapter/planfile_words.h"
#include "base/arena.h"
#include "base/text.h"

#define COMMENT_COLUMN 40

static bool is_beside(const struct plan_draft *d)
{
	return archetype_beside(plan_recipe(&(struct plan){ .recipe = d->recipe }));
}

static const struct words *words_of(const struct plan_draft *d)
{
	const struct plan p = { .recipe = d->recipe };
	enum target t = plan_target(&p);
	if (plan_rule(&p) != RULE_NONE)
		return &rules[plan_rule(&p)];
	if (is_beside(d))
		return &beside[plan_recipe(&p)];
	return &words[t == TARGET_NONE ? TARGET_COLUMN : t];
}

static enum rule rule_of(const struct plan_draft *d)
{
	return plan_rule(&(struct plan){ .recipe = d->recipe });
}

/* Something comes, and nothing goes. */
static bool comes(const struct plan_draft *d)
{
	return words_of(d) == &words[TARGET_ADDED] || rule_of(d) != RULE_NONE;
}

static bool is_plain(const char *s)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
	size_t first = strspn(s, letters);
	return first && first + strspn(s + first, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/-") == strlen(s);
}

/* One code point inside double quotes. What could not be seen is written as its number. */
static void put_char(struct text *t, const char *s, size_t used, uint32_t cp)
{
	char one[5] = "";
	memcpy(one, s, used);
	if (cp == '"' || cp == '\\')
		text_addf(t, "\\%s", one);
	else if (cp == '\n')
		text_add(t, "\\n");
	else if ((cp == 0xFFFD && used == 1) || text_is_clean(one))
		text_addn(t, s, used);   /* a byte that is no UTF-8 stays: reading refuses it where it stands */
	else
		text_addf(t, cp > 0xFFFF ? "\\U%08X" : "\\u%04X", (unsigned)cp);
}

static void put_value(struct text *t, const char *s)
{
	if (is_plain(s)) {
		text_add(t, s);
		return;
	}
	text_add(t, "\"");
	for (size_t len = strlen(s), used; len; s += used, len -= used) {
		uint32_t cp = text_next(s, len, &used);
		put_char(t, s, used, cp);
	}
	text_add(t, "\"");
}

/* "  name: value", or "  name:" to be filled in, and with what. */
static void put_field(struct text *t, const char *name, const char *value, const char *comment)
{
	size_t line = t->len;
	text_addf(t, "%s:", name);
	if (value) {
		text_add(t, " ");
		put_value(t, value);
		text_add(t, "\n");
	} else {
		size_t width = t->len - line;
		text_addf(t, "%*s# fill in: %s\n", width < COMMENT_COLUMN ? (int)(COMMENT_COLUMN - width) : 1, "", comment);
	}
}

/* What would rewrite the table, or read all of it under a lock, is found out in item 1 and refused. */
static void put_added(struct text *t, const struct plan_draft *d)
{
	text_add(t, "\n# The new column. A default that is the same for every row costs nothing; one that is not is filled in by backfill.\nadd:\n");
	put_field(t, "  type", d->type, "text, numeric(10,2), ...");
	if (d->def)
		put_field(t, "  default", d->def, "");
	else
		text_add(t, "  default:                              # one value as SQL, such as 0 or \"'new'\"; nothing: NULL\n");
	text_add(t,
		"  not_null: false                       # true needs a default\n"
		"  comment:                              # what it is for, for those who read the catalogue\n"
		"# How the rows that stand get their value; without it they keep the default.\n"
		"# backfill: {value: \"total * 100\", pause: [{when: replication lag, above: 5}]}\n");
}

/* How a value goes over, who writes both, and how the rows that stand are filled. */
static void put_beside(struct text *t, const struct plan_draft *d)
{
	bool rename = words_of(d) == &beside[ARCH_RENAME];
	if (d->of_enum)
		text_add(t, "\n# One value of an enum is replaced. The server can take none away, so a new type comes before, by the application's own migration:\n"
			"# CREATE TYPE public.order_state2 AS ENUM (...), with every value that stays, and the new one.\n");
	text_add(t, "\n# The new column. It takes neither a default nor NOT NULL as long as both stand.\nadd:\n");
	put_field(t, "  column", d->to, "its name, such as total");
	put_field(t, "  type", d->type, rename ? "the old column's type" : d->of_enum ? "public.order_state2: the new type" : "numeric(10,2), ...");
	text_add(t, "  comment:                              # what it is for, for those who read the catalogue\n");
	if (!rename) {
		text_add(t, "# How a value goes over, as SQL over the row's own columns. What does not convert is listed, and the rest goes on.\nconvert:\n");
		put_field(t, "  to", d->convert, d->of_enum ? "\"(CASE state::text WHEN 'new' THEN 'open' ELSE state::text END)::public.order_state2\"" : "the new value: \"total_text::numeric\"");
		if (d->back)
			put_field(t, "  back", d->back, "");
		else
			text_add(t, d->of_enum ? "  back:                                 # likewise, from the new one; nothing: one way only\n" :
				"  back:                                 # the old value from the new one: \"total::text\"; nothing: one way only\n");
		text_add(t,
			"  check:                                # true of a row whose two values belong together; nothing: what to makes is enough\n");
	}
	text_add(t,
		"# trigger: gatewalk's own, which it takes away again; application: every deploy writes both.\n"
		"dual_write: trigger\n"
		"# How the rows that stand are filled, and when that pauses.\n"
		"backfill: {pause: [{when: replication lag, above: 5}]}\n");
}

static void put_foreign(struct text *t, const struct plan_draft *d)
{
	text_add(t, "\n# The foreign key. It is asked of new rows first, then of those that stand, and keeps out no reader.\nadd:\n");
	put_field(t, "  name", d->to, "orders_customer_fk");
	text_add(t, "  refers_to:\n    schema: public\n");
	put_field(t, "    table", NULL, "customers");
	put_field(t, "    column", NULL, "id, which has a unique key there");
	text_add(t, "  on_delete: no action                  # or restrict, cascade, set null, set default\n");
}

static void put_index(struct text *t, const struct plan_draft *d)
{
	text_add(t, "\n# The index. A job builds it beside reads and writes; what a build that failed has left is cleared away first.\nadd:\n");
	put_field(t, "  name", d->to, "orders_total_idx");
	put_field(t, "  index", d->columns, "what stands between its brackets: \"total, created DESC\"");
	text_add(t, "  unique: false                         # true: no key stands twice; rows that do are counted and named first\n"
		"  method: btree                         # or hash, gin, gist, spgist, brin\n");
	if (d->where)
		put_field(t, "  where", d->where, "");
	else
		text_add(t, "  where:                                # of which rows alone: \"total > 0\"; nothing: of all\n");
}

/* Names with commas between them, as they were typed. */
static void put_split(struct text *t, const struct plan_draft *d)
{
	text_add(t, "\n# The new table. It has the key, and these columns; they stand in both until each is dropped from this one, by a walk of its own.\nadd:\n");
	put_field(t, "  name", d->to, "order_notes");
	if (!d->columns)
		put_field(t, "  columns", NULL, "[note, note_lang]");
	else
		text_add(t, "  columns:\n");
	for (const char *s = d->columns; s && *s; s += strcspn(s, ",") + (s[strcspn(s, ",")] != '\0')) {
		char name[256] = "";
		const char *from = s + strspn(s, " ");
		size_t n = strcspn(from, ",");
		for (; n > 0 && from[n - 1] == ' '; n--)
			;
		memcpy(name, from, n < sizeof name ? n : sizeof name - 1);
		text_add(t, "    - ");
		put_value(t, name);
		text_add(t, "\n");
	}
	text_add(t, "\n# When the job that brings over the rows makes room for others.\nbackfill:\n  pause: [{when: replication lag, above: 5}]\n");
}

/* From the first statement on a write is refused that does not hold to it: what stands is counted before, and mended or filled. */
static void put_rule(struct text *t, const struct plan_draft *d)
{
	if (rule_of(d) == RULE_FOREIGN) {
		put_foreign(t, d);
	} else if (rule_of(d) == RULE_INDEX) {
		put_index(t, d);
	} else if (rule_of(d) == RULE_SPLIT) {
		put_split(t, d);
	} else if (rule_of(d) == RULE_NAME) {
		text_add(t, "\n# The new name. The old one becomes a view, through which both read and write the same rows.\nadd:\n");
		put_field(t, "  name", d->to, "purchases");
	} else if (rule_of(d) == RULE_CHECK) {
		text_add(t, "\n# The check. It is asked of new rows first, then of those that stand, beside reads and writes.\nadd:\n");
		put_field(t, "  name", d->to, "orders_total_positive");
		put_field(t, "  check", d->where, "true of every row: \"total >= 0\"");
	} else {
		text_add(t, "\n# How rows without a value get one. Until it has, a change of such a row is refused, whatever it changes.\nbackfill:\n");
		put_field(t, "  value", d->convert, "one expression over the row's own columns: \"0\"");
		text_add(t, "  pause: [{when: replication lag, above: 5}]\n");
	}
}

static void put_head(struct text *t, const struct plan_draft *d)
{
	const struct words *w = words_of(d);
	text_addf(t,
		"# A plan of gatewalk: %s. Every field is in gatewalk-plan(5).\n"
		"# Fill in each line that says so, then: gatewalk check THIS-FILE\n"
		"gatewalk: 1\n", w->goes);
	put_field(t, "name", d->name, w->name);
	text_addf(t, "archetype: %s\n", w->archetype);
	put_field(t, "recipe", d->recipe ? d->recipe : "drop-column", "");
	text_add(t, "target:\n");
	put_field(t, "  schema", d->schema ? d->schema : "public", "");
	put_field(t, "  table", d->table, w->table);
	if (w == &words[TARGET_COLUMN] || w == &words[TARGET_ADDED] || is_beside(d) || rule_of(d) == RULE_NOT_NULL || rule_of(d) == RULE_FOREIGN)
		put_field(t, "  column", d->column, is_beside(d) ? "the old one" : rule_of(d) == RULE_FOREIGN ? "customer" : comes(d) ? "note" : "legacy_total");
	else if (w == &words[TARGET_ROWS])
		put_field(t, "  where", d->where, "which rows: \"created < '2020-01-01'\"");
	text_add(t, "# statement: what somebody proposed, if anybody did; it is compared with what gatewalk writes itself\n");
	if (w == &words[TARGET_ADDED])
		put_added(t, d);
	if (is_beside(d))
		put_beside(t, d);
	if (rule_of(d) != RULE_NONE)
		put_rule(t, d);
}

static void put_falls(struct text *t, const struct plan_draft *d)
{
	const char *falls = words_of(d)->falls;
	if (!d->has_falls && falls) {
		put_field(t, "  falls", NULL, falls);
		return;
	}
	text_add(t, d->n_falls ? "  falls:\n" : "  falls: []\n");
	for (size_t i = 0; i < d->n_falls; i++) {
		text_add(t, "    - ");
		put_value(t, d->falls[i]);
		text_add(t, "\n");
	}
}

static void put_document(struct text *t, const struct plan_draft *d)
{
	text_add(t, "\n# What another person needs to know at four in the morning.\ndocument:\n");
	put_field(t, "  before", d->before, words_of(d)->before);
	put_field(t, "  after", NULL, "what stands there afterwards");
	bool adds = comes(d), rule = rule_of(d) != RULE_NONE;
	put_field(t, "  why", d->why, adds ? "why it comes" : is_beside(d) ? "why it changes" : "why it goes");
	put_field(t, "  way_back", NULL, rule ? further[rule_of(d)].way_back : adds ? "how the column goes again, and who does it" : "how the data comes back, and who does it");
	put_field(t, "  leaves_behind", NULL, rule ? further[rule_of(d)].leaves : adds ? "what a way back loses: values that stand only in it" : "what a way back does not restore");
	put_field(t, "  rollback_floor", NULL, adds ? "the oldest release that runs with it there" : "the oldest release that runs without it");
	put_field(t, "  api_contract", NULL, "what changes for those who call the application, or none");
	if (!adds)
		put_falls(t, d);
}

static void put_searched(struct text *t, const struct plan_draft *d)
{
	const struct words *w = words_of(d);
	text_addf(t,
		"\n# Who %s where the database cannot see it. kind: webhook, report, integration, job or other.\n"
		"consumers: []\n"
		"#  - {name: monthly-revenue, kind: report, owner: Finance, check: \"! grep -rq %s\"}\n"
		"# Folders with the source code that may use it, searched at item 4; [] when there is no code outside the database.\n",
		w->reads, w->check);
	text_add(t, d->n_sources ? "sources:\n" : "# sources: [/srv/shop]\n");
	for (size_t i = 0; i < d->n_sources; i++) {
		text_add(t, "  - ");
		put_value(t, d->sources[i]);
		text_add(t, "\n");
	}
	text_add(t,
		"# Every standby that answers queries; without dbname it is a blind spot that somebody has to clear.\n"
		"standbys: []\n"
		"#  - {name: db2, dbname: \"host=db2 dbname=shop\"}\n");
}

static void put_people(struct text *t, const struct plan_draft *d)
{
	const struct words *w = words_of(d);
	if (rule_of(d) == RULE_INDEX)
		text_add(t, "\n# Each deployed part of the application: web, workers, cron. Of a unique index each is asked since when it writes no key twice.\n");
	else if (rule_of(d) == RULE_NAME || rule_of(d) == RULE_SPLIT)
		text_addf(t, "\n# Each deployed part of the application: web, workers, cron. Each is asked since when it uses the %s alone.\n", w->noun);
	else
		text_addf(t, "\n# Each deployed part of the application: web, workers, cron. Each is asked when it %s the %s.\n", w->reads ? "stopped using" :
			rule_of(d) != RULE_NONE ? "wrote only what holds to" : "began to write, and to read,", w->noun);
	if (d->n_deploys)
		text_add(t, "deploys:\n");
	else
		put_field(t, "deploys", NULL, "[{name: web}, {name: worker}]");
	for (size_t i = 0; i < d->n_deploys; i++) {
		text_add(t, "  - {name: ");
		put_value(t, d->deploys[i]);
		text_add(t, "}\n");
	}
	if (w->reads)
		put_searched(t, d);
}

static void put_rules(struct text *t, const struct plan_draft *d)
{
	const struct plan p = { .recipe = d->recipe };
	bool adds = comes(d), rule = rule_of(d) != RULE_NONE;
	text_add(t, "\n# Floors may be raised, never lowered.\npolicy:\n");
	if (is_beside(d))
		text_addf(t, "  window_days: %-2d                       # at least %d; so long both are written and compared\n"
			"  unused_days: %-2d                       # at least %d\n"
			"  longest_job_days: 1                   # the period of the rarest job that could read it; 31 for a monthly one\n", archetype_window_floor(plan_recipe(&p)),
			archetype_window_floor(plan_recipe(&p)), archetype_unused_floor(plan_recipe(&p)), archetype_unused_floor(plan_recipe(&p)));
	else if (rule)
		text_addf(t, "  writes_hours: 4                       # at least 4; %s\n", further[rule_of(d)].writes);
	else
		text_add(t, adds ?
		"  writes_hours: 4                       # at least 4; reads move no earlier than this after writes fill it\n" :
		"  unused_days: 14                       # at least 14\n"
		"  longest_job_days: 7                   # the period of the rarest job that could read it; 31 for a monthly one\n");
	text_addf(t,
		"  monitor_hours: 48                     # at least 48\n"
		"  release_quiet_hours: 48               # at least 48; no release this long after the %s\n", rule ? further[rule_of(d)].comes : adds ? "column comes" : is_beside(d) ? "table changes" : "drop");
	if (words_of(d) == &words[TARGET_COLUMN] || is_beside(d))
		text_add(t, "  hide: true                            # hidden from the application's roles for a day before gate B; needs errors that can be read\n");
	if (words_of(d) != &words[TARGET_ROWS] && !adds)
		text_add(t, "  slot: false                           # true: committed writes are read from a logical slot, too; needs wal_level = logical\n");
	text_addf(t,
		"  drop_estimate_min: 10\n"
		"\n# When %s: the day on which the window begins, never a Friday.\n"
		"window:\n", adds ? "it may be added" : is_beside(d) ? "the table may be changed" : "the drop may happen");
	put_field(t, "  zone", d->zone, "Europe/Madrid");
	text_add(t,
		"  open:\n"
		"    - {days: [Mon, Tue, Wed, Thu], from: \"02:00\", to: \"05:00\"}\n"
		"releases: []                            # planned ones, in UTC: [2026-11-24T10:00:00Z]\n"
		"# Where further ones are read, again and again: a calendar's file, or a command that prints one or a time a line.\n"
		"# releases_from: {ics: /srv/calendars/releases.ics}\n");
}

static void put_watch(struct text *t, const struct plan_draft *d)
{
	const struct words *w = words_of(d);
	if (w == &words[TARGET_ROWS])
		text_add(t, "\n# Rows go in batches, each judged again and each sized by time.\nrows:\n  batch_ms: 100\n");
	text_addf(t,
		"\n# %s waits while the server is not well.\n"
		"health:\n"
		"  max_lag_s: 5\n"
		"  max_lock_waiters: 5\n"
		"  max_longest_tx_s: 300\n"
		"  max_standby_query_s: 300\n"
		"  sync_standby:                         # application_name of one that has to be there, or nothing\n"
		"\nsnapshot:\n"
		"%s"
		"  store:                                # a folder from / on, or a remote as name:path; nothing: gatewalk's own\n"
		"  scratch:                              # a server to restore on, as a connection string; nothing: this one\n"
		"  retention_days: 90\n"
		"\nmonitor:\n"
		"  metrics: []\n"
		"#   - {name: checkout-errors, command: /usr/local/bin/checkout-errors, unit: per min, alarm: 5}\n"
		"  notify:                               # a command, run with the message when something needs you\n"
		"  migration_tool:                       # the application's own: alembic, rails, flyway\n"
		"\n# On a rehearsal database only: the moment that is taken for now, and the seconds that a day of waiting takes.\n"
		"rehearsal:\n"
		"  now: \"Tue 04:30\"\n"
		"  day: 1\n", comes(d) || is_beside(d) ? "The change" : "The drop", w->scope);
}

char *planfile_write(struct arena *a, const struct plan_draft *d)
{
	struct text t = { 0 };
	put_head(&t, d);
	put_document(&t, d);
	put_people(&t, d);
	put_rules(&t, d);
	put_watch(&t, d);
	char *out = arena_dupn(a, text_str(&t), t.len);
	text_free(&t);
	return out;
}
