/* SPDX-License-Identifier: MIT */
/* Words for items and verdicts, and the place line. */
#include "screens/screen.h"

static const char *const abouts[ITEM_COUNT + 1] = {
	[ITEM_NONE] = "",
	[ITEM_SNAPSHOT] = "A copy of the data that was loaded elsewhere and found equal: rows, contents, types. Then a drill from the files alone.",
	[ITEM_ARCHETYPE] = "What kind of change this is, and its risk, confirmed by a person.",
	[ITEM_DOCUMENT] = "Before, after, why, the way back and what it leaves behind, the app's rollback floor, the deploys, what falls.",
	[ITEM_CONSUMERS] = "Everybody who reads or writes it is found, and each is cleared by its owner, by name.",
	[ITEM_DUAL_WRITE] = "New structure beside the old one. What is taken away has none: not needed.",
	[ITEM_BACKFILL] = "Old rows into the new structure. What is taken away has none: not needed.",
	[ITEM_WINDOW] = "Time with both structures. What is taken away has none: not needed.",
	[ITEM_READS] = "Every deployed part runs a release that no longer uses it, and its last old instance has ended.",
	[ITEM_UNUSED] = "No read and no write of it for 14 days in a row, by the server's clock. A sighting begins the count again.",
	[ITEM_FINAL] = "A second copy right before the drop, loaded elsewhere and found equal, so that nothing written since is lost.",
	[ITEM_DROP] = "One transaction: lock, look again, drop, ledger, commit. You type the full name, the countdown ends, your key signs.",
	[ITEM_MONITOR] = "Errors, latency, lag and the plan's own figures are watched for 48 hours against the time before.",
	[ITEM_LOG] = "What was changed, when and by whom, in the database and as Markdown, with the entry for your migration tool.",
};

/* Of something that comes. */
static const char *const added[ITEM_COUNT + 1] = {
	[ITEM_DOCUMENT] = "Before, after, why, the way back and what it leaves behind, the app's rollback floor, the deploys.",
	[ITEM_CONSUMERS] = "Who reads or writes what goes. Nothing goes where something is added: not needed.",
	[ITEM_DUAL_WRITE] = "The new column comes by one short statement; then every deployed part runs a release that writes it.",
	[ITEM_BACKFILL] = "The rows that stand get their value, batch by batch; then a count in one look finds none left, and none rejected.",
	[ITEM_WINDOW] = "Time with both structures. What is added replaces nothing: not needed.",
	[ITEM_READS] = "Some hours after writes fill it, every deployed part runs a release that reads the new column.",
	[ITEM_UNUSED] = "That nobody uses what goes. Nothing goes where something is added: not needed.",
	[ITEM_FINAL] = "A second copy right before a drop. Nothing is dropped where something is added: not needed.",
	[ITEM_DROP] = "Nothing is dropped where something is added: not needed.",
};

/* Of an index. */
static const char *const built[ITEM_COUNT + 1] = {
	[ITEM_DUAL_WRITE] = "A job builds it beside reads and writes. Where it is unique, every deployed part then writes no key that stands already.",
	[ITEM_READS] = "Somebody has looked at the queries that need it, and says that they use it as they should.",
};

/* Of a table's new name. */
static const char *const named[ITEM_COUNT + 1] = {
	[ITEM_DUAL_WRITE] = "The table gets its new name, and a view the old one, in one short transaction: both read and write the same rows.",
	[ITEM_READS] = "Every deployed part runs a release that uses the new name alone. The view stays until a change of its own takes it away.",
};

/* Of a table that is split in two. */
static const char *const halved[ITEM_COUNT + 1] = {
	[ITEM_DUAL_WRITE] = "The new table comes with triggers that bring over every write; then a job brings over the rows that stood, and compares.",
	[ITEM_READS] = "Every deployed part reads the new table, then writes it alone. Then the triggers go; the old columns go by walks of their own.",
};

/* Of a constraint. */
static const char *const asked[ITEM_COUNT + 1] = {
	[ITEM_DUAL_WRITE] = "It comes for rows that are written from then on, by one short statement; then every deployed part writes only what holds to it.",
	[ITEM_BACKFILL] = "Rows that have no value get one, batch by batch; then a count in one look finds none left, and none rejected.",
	[ITEM_READS] = "Some hours later every row that stands is asked, while reads and writes go on. One that does not hold to it is named.",
};

/* Of two columns side by side. */
static const char *const beside[ITEM_COUNT + 1] = {
	[ITEM_DUAL_WRITE] = "The new column comes by one short statement; then every write goes to both, by gatewalk's trigger or by the application.",
	[ITEM_BACKFILL] = "The rows that stand get their value in the new column, batch by batch; then a count in one look finds none left.",
	[ITEM_WINDOW] = "Both are written for days, and compared over every row, again and again: no read misses a value, and no write is lost.",
	[ITEM_READS] = "Every deployed part runs a release that reads the new column alone.",
	[ITEM_UNUSED] = "The old column is relaxed, both are compared a last time, it is written no more; then nobody uses it for days in a row.",
};

const char *item_about(const struct view *v, enum item i)
{
	if (v->walk && v->plan && plan_rule(v->plan) == RULE_INDEX && built[i])
		return built[i];
	if (v->walk && v->plan && plan_rule(v->plan) == RULE_NAME && named[i])
		return named[i];
	if (v->walk && v->plan && plan_rule(v->plan) == RULE_SPLIT && halved[i])
		return halved[i];
	if (v->walk && v->walk->kind == TARGET_CONSTRAINT && asked[i])
		return asked[i];
	if (view_comes(v) && !view_adds(v) && beside[i])
		return beside[i];
	return view_adds(v) && added[i] ? added[i] : abouts[i];
}

void screen_place(struct page *p, const struct view *v, const char *where)
{
	page_place(p, v->plan ? v->plan->name : "gatewalk", where);
}

enum style style_of_verdict(enum verdict v)
{
	static const enum style of[] = {
		[NOT_NEEDED] = ST_DIM, [HOLDS] = ST_DONE, [REFUSED] = ST_SHUT, [UNKNOWN] = ST_SHUT, [WAITS] = ST_WAITING,
	};
	return of[v];
}

const char *glyph_of_verdict(enum verdict v)
{
	static const char *const of[] = { [NOT_NEEDED] = "-", [HOLDS] = "✓", [REFUSED] = "✗", [UNKNOWN] = "✗", [WAITS] = "◔" };
	return of[v];
}

const char *verdict_word(enum verdict v)
{
	static const char *const of[] = {
		[NOT_NEEDED] = "not needed", [HOLDS] = "holds", [REFUSED] = "refused", [UNKNOWN] = "unknown, so refused", [WAITS] = "waits",
	};
	return of[v];
}
