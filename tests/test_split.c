/* SPDX-License-Identifier: MIT */
/* The texts of a split, with names that have to be quoted and a key of two columns; what they do stands in db_split. */
#include "core/split.h"

#include <string.h>

#include "base/arena.h"
#include "tests/lib_test.h"

static struct arena *a;
static const struct split_key keys[] = { { "shop", "int", "OPERATOR(pg_catalog.=)" }, { "No", "text COLLATE \"C\"", "OPERATOR(x.===)" } };
static const struct split_column columns[] = { { "note", "text NOT NULL" }, { "a\"b", "int DEFAULT 1" } };
static const struct split_form form = { .id = "my_split", .schema = "s", .table = "Old", .to_schema = "s", .to = "New", .owner = "O'Neil", .grants = "GRANT SELECT ON x TO y;\n",
	.keys = keys, .n_keys = 2, .columns = columns, .n_columns = 2 };

#define SAME "n.\"shop\" OPERATOR(pg_catalog.=) o.\"shop\" AND n.\"No\" OPERATOR(x.===) o.\"No\""
#define LACKING "NOT EXISTS (SELECT FROM \"s\".\"New\" AS n WHERE " SAME ")"
#define ROW_OF(p) p "\"shop\", " p "\"No\", " p "\"note\", " p "\"a\"\"b\""

static void setup(void) { a = arena_new(); }
static void teardown(void) { arena_free(a); }

START_TEST(rows_come_over)
{
	ck_assert_str_eq(split_id(a, "my-split"), "my_split");
	ck_assert_str_eq(split_id(a, NULL), "");
	ck_assert_str_eq(split_fill(a, &form, "\"s\".\"Leaf\"", 8, 16), "INSERT INTO \"s\".\"New\" (" ROW_OF("") ") SELECT " ROW_OF("o.") " FROM ONLY \"s\".\"Leaf\" AS o"
		" WHERE o.ctid >= '(8,0)'::tid AND o.ctid < '(16,0)'::tid AND " LACKING " FOR NO KEY UPDATE OF o SKIP LOCKED ON CONFLICT (\"shop\", \"No\") DO NOTHING");
	ck_assert_str_eq(split_left(a, &form), "SELECT count(*) FROM \"s\".\"Old\" AS o WHERE " LACKING);
	ck_assert_str_eq(split_compare(a, &form), "SELECT (SELECT count(*) FROM \"s\".\"Old\" AS o WHERE " LACKING "),"
		" (SELECT count(*) FROM \"s\".\"New\" AS n WHERE NOT EXISTS (SELECT FROM \"s\".\"Old\" AS o WHERE " SAME ")),"
		" (SELECT count(*) FROM \"s\".\"Old\" AS o JOIN \"s\".\"New\" AS n ON " SAME " WHERE ROW(" ROW_OF("o.") ")::record OPERATOR(pg_catalog.*<>) ROW(" ROW_OF("n.") ")::record)");
}
END_TEST

START_TEST(put)
{
	static const char *const parts[] = {
		("CREATE TABLE \"s\".\"New\" (\"shop\" int, \"No\" text COLLATE \"C\", \"note\" text NOT NULL, \"a\"\"b\" int DEFAULT 1, PRIMARY KEY (\"shop\", \"No\"),"
			" FOREIGN KEY (\"shop\", \"No\") REFERENCES \"s\".\"Old\" (\"shop\", \"No\") ON UPDATE CASCADE ON DELETE CASCADE);"),
		"ALTER TABLE \"s\".\"New\" OWNER TO \"O'Neil\";\nDO ", "GRANT SELECT ON x TO y;\nCREATE FUNCTION gatewalk.split_my_split() ", "SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS ",
		"DELETE FROM \"s\".\"New\" AS gatewalk_n WHERE gatewalk_n.\"shop\" OPERATOR(pg_catalog.=) OLD.\"shop\" AND gatewalk_n.\"No\" OPERATOR(x.===) OLD.\"No\"; RETURN NULL;",
		"ON CONFLICT (\"shop\", \"No\") DO UPDATE SET \"note\" = excluded.\"note\", \"a\"\"b\" = excluded.\"a\"\"b\";", "REVOKE ALL ON FUNCTION gatewalk.split_my_split() FROM PUBLIC;",
		"CREATE TRIGGER zz_gatewalk_split_my_split_i AFTER INSERT ON \"s\".\"Old\" FOR EACH ROW EXECUTE FUNCTION gatewalk.split_my_split();",
		"CREATE TRIGGER zz_gatewalk_split_my_split_u AFTER UPDATE ON \"s\".\"Old\" FOR EACH ROW WHEN (ROW(", "ENABLE ALWAYS TRIGGER zz_gatewalk_split_my_split_d;",
		"COMMENT ON TABLE \"s\".\"New\" IS 'gatewalk: split off s.Old';\n" };
	const char *sql = split_put(a, &form);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		ck_assert_msg(strstr(sql, parts[i]) != NULL, "%s is not in\n%s", parts[i], sql);
}
END_TEST

START_TEST(taken_away)
{
	const char *take = split_take(a, &form);
	ck_assert_str_eq(take, "DROP TRIGGER IF EXISTS zz_gatewalk_split_my_split_i ON \"s\".\"Old\";\nDROP TRIGGER IF EXISTS zz_gatewalk_split_my_split_u ON \"s\".\"Old\";\n"
		"DROP TRIGGER IF EXISTS zz_gatewalk_split_my_split_d ON \"s\".\"Old\";\nDROP FUNCTION IF EXISTS gatewalk.split_my_split()");
	ck_assert_str_eq(split_whole(a, &form), "COMMENT ON TABLE \"s\".\"New\" IS 'gatewalk: split off s.Old, every row stands here'");
	ck_assert_str_eq(split_end(a, &form), arena_printf(a, "%s;\nCOMMENT ON TABLE \"s\".\"New\" IS 'gatewalk: split off s.Old, stands by itself'", take));
	const char *leave = split_leave(a, &form);
	ck_assert(strncmp(leave, take, strlen(take)) == 0 && strstr(leave, "COMMENT ON TABLE \"s\".\"New\" IS NULL") && !strstr(leave, "DROP TABLE"));
	const char *state = split_state(a, &form);
	ck_assert(strstr(state, "x.relname = 'New'") && strstr(state, "'zz_gatewalk_split_my_split_u'") && strstr(state, "WHEN d.words = 'gatewalk: split off s.Old, every row stands here' THEN 'kept'"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { rows_come_over, put, taken_away };
	return test_cases("split", tests, sizeof tests / sizeof *tests, setup, teardown);
}
