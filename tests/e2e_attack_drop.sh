#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2016,SC2034,SC2119,SC2317
# Attacks on the drop itself: the snapshot's files, the session and its settings, the statement in its transaction, a kill at
# COMMIT; and rows that row-level security would hide from the snapshot.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_attack.sh
. tests/lib_attack.sh
attack_start
attack_shop rehearsal
sql "CREATE ROLE web; GRANT SELECT ON public.orders TO web"
attack_armed

echo "# the snapshot's files"
files() { # text status words command [command while the passphrase is typed]
	eval "$4"
	if [ $# -gt 4 ]; then drop "$5"; else drop; fi
	attack_refused "$1" "$2" "$3"
	rewind
}
data=$(echo "$snap"/data-*.zst)
flip() { printf '\377' | dd of="$1" bs=1 seek=20 conv=notrunc 2>/dev/null; }
files "a byte of its data changed" '[36]' 'no longer have the hashes|damaged' 'flip "$data"'
files "its data cut" '[36]' 'no longer have the hashes|damaged' 'truncate -s -1 "$data"'
files "its data deleted" '[36]' 'no longer have the hashes|is not there' 'rm "$data"'
files "its manifest changed to fit" '[36]' 'no longer have the hashes|manifest' 'sed -i s/legacy/legacz/ "$snap/manifest.json"'
files "the folder deleted" '[36]' 'no longer have the hashes|manifest|No such file' 'rm -r "$snap"'
files "meanwhile: a byte changed" '[36]' 'no longer have the hashes' : 'flip "$data"'
files "meanwhile: the data deleted" '[36]' 'no longer have the hashes' : 'rm "$data"'
files "meanwhile: the same data in another file" '[36]' 'no longer have the hashes' : 'cp "$data" "$data.x"; mv "$data.x" "$data"'

echo "# the session"
attack_options() { # text status words PGOPTIONS
	export PGOPTIONS="$4"
	drop
	unset PGOPTIONS
	attack_refused "$1" "$2" "$3"
}
attack_options "a session that may only read" '[123]' 'read-only|read only' '-c default_transaction_read_only=on'
attack_options "a session in another role" '[1236]' 'permission|may not|alter' '-c role=web'
PGTARGETSESSIONATTRS=read-only drop
attack_refused "libpq told to ask for a standby" 2 'not in hot standby mode|read-only|standby'
rewind

# What would answer in the server's place, were a name looked up by the search path. Each call leaves a number.
sql "SET pg_stat_statements.track = none; CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC; CREATE SEQUENCE evil.called;
	CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS \$\$ SELECT '2030-01-01'::timestamptz FROM nextval('evil.called') \$\$;
	CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE sql AS \$\$ SELECT 'on' FROM nextval('evil.called') \$\$;
	CREATE FUNCTION evil.hashtextextended(text, bigint) RETURNS bigint LANGUAGE sql AS \$\$ SELECT nextval('evil.called') \$\$;
	CREATE FUNCTION evil.format_type(oid, int) RETURNS text LANGUAGE sql AS \$\$ SELECT 'x' FROM nextval('evil.called') \$\$;
	CREATE FUNCTION evil.same(text, text) RETURNS bool LANGUAGE sql AS \$\$ SELECT true FROM nextval('evil.called') \$\$;
	CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.same);
	CREATE VIEW evil.pg_class AS SELECT c.* FROM pg_catalog.pg_class c, nextval('evil.called');
	CREATE VIEW evil.pg_attribute AS SELECT attrelid, attname, attnum, attisdropped, atttypid FROM pg_catalog.pg_attribute a, nextval('evil.called');
	CREATE VIEW evil.pg_database AS SELECT a.* FROM pg_catalog.pg_database a, nextval('evil.called');
	CREATE TABLE evil.orders (LIKE public.orders);
	ALTER DATABASE shop SET search_path = evil, pg_catalog, public; ALTER ROLE postgres SET search_path = evil, pg_catalog, public"
export PGOPTIONS='-c search_path=evil,pg_catalog,public -c timezone=Pacific/Kiritimati -c datestyle=SQL,DMY -c bytea_output=escape -c lock_timeout=1 -c statement_timeout=1s'
"$B/tests/tool_walk" "$to" "$bare" legacy look >"$top/out" 2>&1 </dev/null
run "$gw" gates legacy -d "$to"
say "$([ "$rc" = 0 ] && echo true || echo false)" "a hostile search path and odd settings change no verdict"
drop
unset PGOPTIONS
say "$([ "$rc" = 0 ] && [ "$(sql "SELECT count(*) FROM pg_catalog.pg_attribute WHERE attrelid = 'public.orders'::regclass AND attname = 'legacy_total'")" = 0 ] && echo true || echo false)" "nor does the drop take another table"
say "$([ "$(sql "SELECT is_called FROM evil.called")" = f ] && echo true || echo false)" "and nothing of it was ever called"
rewind

echo "# under the statement itself"
# Schemas change names in the very moment when the statement looks the table up.
sql "SET pg_stat_statements.track = none; CREATE SCHEMA swap; CREATE TABLE swap.orders (LIKE public.orders);
	CREATE FUNCTION swap.now() RETURNS event_trigger LANGUAGE plpgsql AS \$\$ BEGIN
		IF current_setting('application_name') = 'gatewalk drop' AND to_regclass('swap.orders') IS NOT NULL AND tg_tag = 'ALTER TABLE' THEN
			EXECUTE 'ALTER SCHEMA public RENAME TO was'; EXECUTE 'ALTER SCHEMA swap RENAME TO public'; END IF; END \$\$;
	CREATE EVENT TRIGGER swap ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION swap.now()"
drop
say "$([ "$rc" = 6 ] && said 'very column' && column_there && [ "$(sql "SELECT count(*) FROM pg_attribute WHERE attrelid = 'swap.orders'::regclass AND attname = 'legacy_total'")" = 1 ] && echo true || echo false)" \
	"a statement that would hit another table is rolled back ($rc)"
rewind
sql "CREATE OR REPLACE FUNCTION gatewalk.append(a_sid text, a_n bigint, a_head text, a_prev_n bigint, a_prev_head text, a_kind text) RETURNS timestamptz
	LANGUAGE sql SECURITY DEFINER AS 'SELECT now()'"
drop
say "$([ "$rc" = 6 ] && said 'took no entry' && column_there && echo true || echo false)" "a ledger that takes no entry: rolled back ($rc)"
rewind
# COMMIT takes its time, and the program is killed while it waits for the answer. The one that comes after must neither say that
# nothing was dropped nor drop again.
sql "CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END \$\$;
	CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON gatewalk.anchor DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.kind = 'drop') EXECUTE FUNCTION public.slow()"
killer() {
	(
		until [ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gatewalk drop' AND state = 'active' AND query ILIKE 'commit%'")" = 1 ]; do sleep 0.02; done
		kill -9 "$(cat "$walk/lock")"
	) &
}
drop killer
killed=$rc
"$B/tests/tool_walk" "$to" "$bare" legacy look >"$top/out" 2>&1 </dev/null
say "$([ "$killed" = 137 ] && said 'stage monitor dropped 1' && ! column_there && echo true || echo false)" "killed at COMMIT: the next one waits for its end and says what came of it ($killed)"
rewind

echo "# others in the way"
sed 's/name: legacy/name: again/' "$top/plan.yaml" >"$top/again.yaml"
run "$B/tests/tool_walk" "$to" "$bare" "$top/again.yaml" begin
drop
attack_refused "another open walk on the same column" 3 'A6, no other walk is in the way'
rewind

echo "# rows that somebody hides"
sql "CREATE ROLE op LOGIN CREATEDB; GRANT pg_read_all_stats TO op"
psql -Xq -d postgres -c "CREATE DATABASE hidden OWNER op"
psql -Xq -d hidden -c "CREATE EXTENSION pg_stat_statements SCHEMA public; CREATE TABLE public.orders (id bigint PRIMARY KEY, total int, legacy_total int);
	INSERT INTO public.orders SELECT i, i, i FROM generate_series(1, 200) i; ALTER TABLE public.orders OWNER TO op;
	ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY p ON public.orders USING (id < 100)"
to="dbname=hidden user=op"
run "$gw" init --environment rehearsal -d "$to" --key "$bare"
say "$([ "$rc" = 0 ] && echo true || echo false)" "a login that is no superuser"
sed 's/name: legacy/name: hidden/; s/\["index.*"\]/[]/' "$top/plan.yaml" >"$top/hidden.yaml"
timeout 25 "$B/tests/tool_walk" "$to" "$bare" "$top/hidden.yaml" archetype >"$top/out" 2>&1 </dev/null
run "$gw" job list hidden -d "$to"
say "$(said 'row.level security' && echo true || echo false)" "a snapshot that row-level security would cut short fails, and says why"
run "$gw" gates hidden -d "$to"
say "$([ "$rc" = 3 ] && said 'A1 +refused' && said 'no snapshot has been taken' && echo true || echo false)" "and gate A stays shut"
psql -Xq -d hidden -c "DROP POLICY p ON public.orders; ALTER TABLE public.orders NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY"
run timeout 90 "$B/tests/tool_walk" "$to" "$bare" hidden archetype
say "$([ "$rc" = 0 ] && echo true || echo false)" "without it the snapshot is taken and proven"
exit "$attack_failed"
