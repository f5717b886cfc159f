/* SPDX-License-Identifier: MIT */
/* What the tests of snapshot, drill and restore share: a database with one table in it, and a plan for one of its columns. */
#ifndef GW_TESTS_LIB_SNAPSHOT_H
#define GW_TESTS_LIB_SNAPSHOT_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapter/snapshot.h"
#include "tests/lib_db.h"

struct snap_world {
	struct arena *a;
	struct db *db;
	struct plan plan;
	struct snapshot_opts o;
	struct fact_snapshot s;
	struct err e;
};

/* Every built-in type that has an input and an output, in rows that are hard to carry. */
#define ALL_TYPES_COLUMNS \
	"id bigint PRIMARY KEY, c_bool boolean, c_int2 smallint, c_int4 integer, c_num numeric, c_num2 numeric(12,3), c_f4 real, c_f8 double precision," \
	"c_money money, c_text text, c_vc varchar(40), c_bp char(8), c_name name, c_char \"char\", c_bytea bytea, c_date date, c_time time, c_timetz timetz," \
	"c_ts timestamp, c_tstz timestamptz, c_int interval, c_uuid uuid, c_json json, c_jsonb jsonb, c_xml xml, c_inet inet, c_cidr cidr, c_mac macaddr," \
	"c_mac8 macaddr8, c_bit bit(5), c_vbit bit varying(9), c_point point, c_line line, c_lseg lseg, c_box box, c_path path, c_poly polygon, c_circle circle," \
	"c_tsv tsvector, c_tsq tsquery, c_int4r int4range, c_numr numrange, c_tsr tsrange, c_mr int8multirange, c_arr text[], c_arr2 int[][], c_lsn pg_lsn," \
	"c_i8r int8range, c_dr daterange, c_tzr tstzrange, c_mr4 int4multirange, c_mrn nummultirange, c_mrd datemultirange, c_mrt tsmultirange," \
	"c_mrz tstzmultirange, c_xid xid, c_cid cid, c_vec int2vector, c_ovec oidvector, c_acl aclitem, c_ref refcursor, c_tx txid_snapshot," \
	"c_col regcollation, c_conf regconfig, c_dict regdictionary, c_ns regnamespace, c_oper regoper, c_opers regoperator, c_proc regproc," \
	"c_procs regprocedure, c_role regrole, c_type regtype," \
	"c_snap pg_snapshot, c_oid oid, c_class regclass, c_tid tid, c_xid8 xid8, c_jp jsonpath, c_enum public.mood, c_dom public.word NOT NULL, c_comp public.pair"

static inline void snap_world_open(struct snap_world *w, const char *dbname, const char *sql)
{
	memset(w, 0, sizeof *w);
	w->a = arena_new();
	w->db = test_database(dbname);
	test_sql(w->db, sql);
	plan_defaults(&w->plan);
	w->plan.file = "test.yaml";
	w->plan.recipe = "drop-column";
	w->plan.table = "t";
	w->plan.column = "legacy";
	w->plan.scope = SCOPE_TABLE;
	w->o = (struct snapshot_opts){ .conninfo = arena_printf(w->a, "dbname=%s", dbname), .plan = &w->plan, .sid = "",
		.store = arena_printf(w->a, "%s/store-%s", test_dir(), dbname) };
}

static inline void snap_world_close(struct snap_world *w)
{
	const char *name = w->o.conninfo + strlen("dbname=");
	db_close(w->db);
	test_drop_database(name);
	arena_free(w->a);
}

static inline void snap_take(struct snap_world *w)
{
	ck_assert_msg(snapshot_take(w->a, &w->o, &w->s, &w->e), "%s", w->e.msg);
}

/* How many scratch databases a process has made and not removed. */
static inline const char *snap_scratches(struct snap_world *w, int pid)
{
	return test_value(w->db, w->a, arena_printf(w->a, "SELECT count(*) FROM pg_database WHERE datname LIKE 'gatewalk\\_scratch\\_%%'"
		" AND shobj_description(oid, 'pg_database') LIKE '%% pid=%d %%'", pid));
}

static inline void snap_no_scratch(struct snap_world *w)
{
	ck_assert_str_eq(snap_scratches(w, (int)getpid()), "0");
}

/* How many entries the store has, the hidden ones too. */
static inline int snap_entries(struct snap_world *w)
{
	char cmd[700];
	snprintf(cmd, sizeof cmd, "ls -A '%s' 2>/dev/null | wc -l", w->o.store);
	FILE *f = popen(cmd, "r");
	int n = -1;
	ck_assert_int_eq(fscanf(f, "%d", &n), 1);
	pclose(f);
	return n;
}

/* The digest of all rows as one text. */
static inline const char *snap_rows(struct snap_world *w, const char *expr)
{
	return test_value(w->db, w->a, arena_printf(w->a, "SELECT count(*) || ' ' || md5(coalesce(string_agg(%s, E'\\n' ORDER BY %s), '')) FROM public.t", expr, expr));
}

#endif
