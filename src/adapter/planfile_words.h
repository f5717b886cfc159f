/* SPDX-License-Identifier: MIT */
/* What a new plan says of each kind of target: planfile_write.c alone. */
#ifndef GW_ADAPTER_PLANFILE_WORDS_H
#define GW_ADAPTER_PLANFILE_WORDS_H

#include "core/plan.h"

#define NAMED "a-z, 0-9 and -, at most 40: "

/* What the template says of each kind of target. reads and check: NULL, nobody is searched for who uses it. */
static const struct words { const char *archetype, *goes, *noun, *name, *table, *before, *falls, *scope, *reads, *check; } words[] = {
	[TARGET_COLUMN] = { "destructive", "one column is dropped", "column", NAMED "orders-drop-legacy-total", "orders", "the column as it is: type, default, what it holds",
		"what else falls with the column, in the server's words; [] when nothing does",
		"  scope: column                         # column (with its key), or table\n", "reads the column", "legacy_total /srv/reports" },
	[TARGET_TABLE] = { "destructive", "one table is dropped", "table", NAMED "drop-old-orders", "old_orders", "the table as it is: what it holds, how many rows, since when",
		"what else falls with the table, in the server's words; [] when nothing does", "", "reads the table", "old_orders /srv/reports" },
	[TARGET_ROWS] = { "destructive", "rows are removed from one table", "rows", NAMED "orders-remove-before-2020", "orders", "which rows these are, and how many",
		NULL, "", "needs the rows", "'orders.*2019' /srv/reports" },
	[TARGET_ADDED] = { "additive", "one column is added", "new column", NAMED "orders-add-note", "orders", "the table as it is, and where such a value is kept today", NULL, "", NULL, NULL },
};
/* Constraints: what a write is asked from the first statement on. */
static const struct words rules[] = {
	[RULE_NOT_NULL] = { "additive", "one column is never null any more", "constraint", NAMED "orders-never-null-note", "orders", "the column as it is, and how many rows have no value", NULL, "", NULL, NULL },
	[RULE_CHECK] = { "additive", "one check is added", "constraint", NAMED "orders-add-check-positive", "orders", "the table as it is, and what its rows hold", NULL, "", NULL, NULL },
	[RULE_INDEX] = { "additive", "one index is built", "index", NAMED "build-orders-total-idx", "orders", "the table as it is, and which queries are slow", NULL, "", NULL, NULL },
	[RULE_NAME] = { "additive", "one table gets another name; a view keeps the old one", "new name", NAMED "orders-to-purchases", "orders", "the table as it is, and who uses it by its name", NULL, "", NULL, NULL },
	[RULE_FOREIGN] = { "additive", "one foreign key is added", "constraint", NAMED "orders-add-foreign-key-customer", "orders", "the two tables as they are", NULL, "", NULL, NULL },
	[RULE_SPLIT] = { "additive", "one table is split in two: some columns stand in a new one", "new table", NAMED "orders-split-notes", "orders", "the table as it is, and who uses the columns that go over", NULL, "", NULL, NULL },
};
#define CONSTRAINT_WORDS { "how the constraint goes again, and who does it", "what a way back leaves behind: values that were filled in", "so long it is asked of new rows alone, and what it refuses is seen", "constraint comes" }
/* What else it says of each of those. */
static const struct { const char *way_back, *leaves, *writes, *comes; } further[] = {
	[RULE_NOT_NULL] = CONSTRAINT_WORDS, [RULE_CHECK] = CONSTRAINT_WORDS, [RULE_FOREIGN] = CONSTRAINT_WORDS,
	[RULE_INDEX] = { "how the index goes again, and who does it", "what a way back leaves behind: nothing", "of a unique one: so long what it refuses is seen", "index comes" },
	[RULE_NAME] = { "how the table gets its old name back, and who does it", "what a way back leaves behind: nothing", "nothing waits for it here", "new name comes" },
	[RULE_SPLIT] = { "how the triggers go again, and who does it", "what a way back leaves behind: the new table, with what was written to it alone", "nothing waits for it here", "new table comes" },
};
/* Two columns side by side. */
static const struct words beside[] = {
	[ARCH_RENAME] = { "rename", "one column gets another name: a new one stands beside it until it goes", "old column", NAMED "orders-rename-totl", "orders", "the column as it is: type, default, what it holds",
		"what else falls with the old column, in the server's words; [] when nothing does", "  scope: column                         # the old column (with its key), or table\n",
		"reads the old column", "totl /srv/reports" },
	[ARCH_TYPE] = { "type change", "one column gets another type: a new one stands beside it until it goes", "old column", NAMED "orders-retype-total", "orders", "the column as it is: type, default, what it holds",
		"what else falls with the old column, in the server's words; [] when nothing does", "  scope: column                         # the old column (with its key), or table\n",
		"reads the old column", "total_text /srv/reports" },
};

#endif
