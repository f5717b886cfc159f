#!/bin/sh
# SPDX-License-Identifier: MIT
# A table is split in two while its application reads and writes it: old code writes the old columns, then code that reads the new table, then code that
# uses it alone. The job that brings rows over is killed; back, which leaves the new table; forward; the triggers go; to the schema log, and then an old
# column by a walk of its own would lose nothing. What speaks against it is named before.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_walk.sh disable=SC1091 # looked at on its own
. tests/lib_walk.sh
# shellcheck source=tests/lib_jobs.sh disable=SC1091
. tests/lib_jobs.sh
# shellcheck source=tests/lib_comes.sh disable=SC1091
. tests/lib_comes.sh
walk_home split
# shellcheck disable=SC2317 # the trap calls it
finish() {
	touch "$top/end"
	wait
	jobs_end 2>/dev/null
	psql -qXd postgres -c "DROP DATABASE IF EXISTS e2e_split WITH (FORCE)" -c "DROP ROLE IF EXISTS e2e_app, e2e_none" >/dev/null 2>&1
	rm -rf "$top"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

walk_database e2e_split
psql -qX -v ON_ERROR_STOP=1 <<'END' || exit 1
CREATE ROLE e2e_app LOGIN; CREATE ROLE e2e_none LOGIN;
CREATE TABLE public."Or ders" (shop int, id bigint GENERATED ALWAYS AS IDENTITY, total int, note text COLLATE "C" DEFAULT 'none' CHECK (note <> ''), "Lang" varchar(5), PRIMARY KEY (shop, id));
INSERT INTO public."Or ders" (shop, total, note, "Lang") SELECT g % 3, g, 'note ' || g, 'en' FROM generate_series(1, 40000) g;
CREATE TABLE public.seen (what text, shop int, id bigint);
GRANT SELECT, INSERT, UPDATE, DELETE ON public."Or ders", public.seen TO e2e_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO e2e_none;
CREATE PUBLICATION e2e_all FOR ALL TABLES;
ANALYZE;
END
must 0 "marked a rehearsal" "$gw" init --environment rehearsal
"$gw" new -d dbname=e2e_split --recipe split-table --table "Or ders" --to "No tes" --columns "note, Lang" --name split-notes --why "the table is wide" --zone UTC --deploy web >"$top/new" 2>&1 || { cat "$top/new"; exit 1; }
name=split-notes plan=$top/split-notes.yaml
filled_in "$top/new" "$plan"
check() { run "$1" "$2" "$gw" check -d dbname=e2e_split "$plan"; }
check 1 "every table is sent on"
has "is named" "a publication sends every new table on"
sql "DROP PUBLICATION e2e_all; CREATE TYPE public.\"No tes\" AS (x int)" >/dev/null
check 1 "a type of that name"
has "is in the way" "something of the new table's name is there already"
sql "DROP TYPE public.\"No tes\"; ALTER TABLE public.\"Or ders\" ENABLE ROW LEVEL SECURITY" >/dev/null
check 1 "policies"
has "are named" "row security, whose policies the new table would not have"
sql "ALTER TABLE public.\"Or ders\" DISABLE ROW LEVEL SECURITY" >/dev/null
# Each release in turn. Row 9 is its own: what it wrote it reads again, and notes when it is not that.
release() { printf '%s\n' "$1" >"$top/release.new" && mv "$top/release.new" "$top/release"; }
release "UPDATE public.\"Or ders\" SET note = 'n ' || total, \"Lang\" = 'de', total = total + 1 WHERE shop = 0 AND id = 9; INSERT INTO public.\"Or ders\" (shop, total, note) VALUES (1, 1, 'old code'); DELETE FROM public.\"Or ders\" WHERE shop = 2 AND id = (SELECT min(id) FROM public.\"Or ders\" WHERE shop = 2); INSERT INTO public.seen SELECT 'old', shop, id FROM public.\"Or ders\" WHERE shop = 0 AND id = 9 AND note <> 'n ' || total - 1;"
again "$top/end" 0.05 cat "$top/release" | psql -XAtq -U e2e_app -v ON_ERROR_STOP=0 -f - >"$top/app" 2>"$top/err" &

begins "split"
# Somebody holds a row while the others come over: it comes with a later pass.
mkfifo "$top/hold" && { psql -qXAt <"$top/hold" >/dev/null 2>&1 & holder=$!; exec 9>"$top/hold"; }
echo "SET application_name = 'holder'; BEGIN; SELECT count(*) FROM (SELECT FROM public.\"Or ders\" WHERE shop = 1 AND id = 10 FOR UPDATE) x;" >&9
until_sql "somebody holds a row" "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'holder' AND state = 'idle in transaction')"
job() { sql "SELECT max(id) FROM gatewalk.job WHERE kind = 'split' AND sid = '$sid'"; }
must 0 "item 5: the new table comes" go act:add
run 3 "it is not to be confirmed yet" go "act:confirm:5:written"
has "since not every row has come over" "not every row stands in the new table yet"
until_sql "a row that somebody holds is left for another pass" "SELECT EXISTS (SELECT FROM gatewalk.job_event WHERE job = $(job) AND text ~ '1 row is held by others')"
kill -9 "$(sql "SELECT pid FROM gatewalk.job WHERE id = $(job)")"
killed=$(job)
# shellcheck disable=SC2317 # until_out calls it
again() { go look; [ "$(job)" -gt "$killed" ] && echo "another job"; }
until_out "its job is killed, and a look starts another" "^another job" again
exec 9>&-
wait "$holder"
until_sql "which ends once nobody holds a row" "SELECT state = 'done' FROM gatewalk.job WHERE id = $(job)"
is "the table is marked" "SELECT obj_description('public.\"No tes\"'::regclass, 'pg_class') LIKE '%every row stands here'" t
differ="SELECT count(*) FROM public.\"Or ders\" o FULL JOIN public.\"No tes\" n USING (shop, id) WHERE (o.note, o.\"Lang\") IS DISTINCT FROM (n.note, n.\"Lang\")"
is "old and new are the same" "$differ" 0
is "the column came with its collation, default and check" "SELECT a.attcollation = 'pg_catalog.\"C\"'::regcollation AND pg_get_expr(d.adbin, d.adrelid) = '''none''::text' AND EXISTS (SELECT FROM pg_constraint WHERE conrelid = a.attrelid AND contype = 'c') FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = '\"No tes\"'::regclass AND a.attname = 'note'" t
is "who might read may, and nobody else" "SELECT has_table_privilege('e2e_app', '\"No tes\"', 'UPDATE') AND NOT has_table_privilege('e2e_none', '\"No tes\"', 'SELECT')" t

run 0 "back" go "act:take-away::the release is not ready"
is "no trigger is left" "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'zz_gatewalk%'" 0
is "nor a function" "SELECT count(*) FROM pg_proc WHERE pronamespace = 'gatewalk'::regnamespace AND proname LIKE 'split%'" 0
is "the table is an ordinary one" "SELECT count(*) > 0 AND obj_description('public.\"No tes\"'::regclass, 'pg_class') IS NULL FROM public.\"No tes\"" t
go act:add >"$out" 2>&1
has "its name is in the way of another begin" "something of the new table's name is there already"
sql "DROP TABLE public.\"No tes\"" >/dev/null
must 0 "forward again" go writes
must 0 "item 5 is confirmed" go reads
run 1 "the triggers stay" go "act:alter:hold"
has "as long as a deploy needs them" "deploy web has not said that it uses the new table alone"
release "INSERT INTO public.seen SELECT 'reads', shop, id FROM public.\"Or ders\" o LEFT JOIN public.\"No tes\" n USING (shop, id) WHERE (o.note, o.\"Lang\") IS DISTINCT FROM (n.note, n.\"Lang\"); UPDATE public.\"Or ders\" SET note = 'n ' || total, total = total + 1 WHERE shop = 0 AND id = 9; INSERT INTO public.\"Or ders\" (shop, total, note) VALUES (1, 1, 'reads new');"
until_sql "a release that reads the new table and writes the old columns" "SELECT count(*) > 2 FROM public.\"No tes\" WHERE note = 'reads new'"
release "WITH o AS (INSERT INTO public.\"Or ders\" (shop, total) VALUES (1, 2) RETURNING shop, id) SELECT * FROM o; UPDATE public.\"No tes\" SET note = 'new code', \"Lang\" = 'it' WHERE shop = 0 AND id = 9; UPDATE public.\"Or ders\" SET total = total + 1 WHERE shop = 0 AND id = 9; INSERT INTO public.seen SELECT 'new', shop, id FROM public.\"No tes\" WHERE shop = 0 AND id = 9 AND note <> 'new code';"
until_sql "a release that uses it alone" "SELECT note = 'new code' FROM public.\"No tes\" WHERE shop = 0 AND id = 9"
# As if all three had been dropped by hand.
renamed() { for k in i u d; do sql "ALTER TRIGGER $1_$k ON public.\"Or ders\" RENAME TO $2_$k" >/dev/null; done; }
renamed zz_gatewalk_split_split_notes zz_other
run 1 "triggers that somebody took off are no end of the walk" go "act:confirm:8:held"
has "since it was not the walk" "not there any more|has not said"
renamed zz_other zz_gatewalk_split_split_notes
sql "ALTER TABLE public.\"Or ders\" DISABLE TRIGGER zz_gatewalk_split_split_notes_u" >/dev/null
go look >"$out" 2>&1
go "act:alter:hold" >"$out" 2>&1
has "a trigger that somebody switched off is noticed" "not there any more|has not said|asks for another statement|nothing to be done"
sql "ALTER TABLE public.\"Or ders\" ENABLE ALWAYS TRIGGER zz_gatewalk_split_split_notes_u" >/dev/null
must 0 "the triggers go, and it is watched" go monitor
is "no trigger is left then" "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'zz_gatewalk%'" 0
is "no old row is without a new one but those that came since" "SELECT count(*) FROM public.\"Or ders\" o WHERE total <> 2 AND NOT EXISTS (SELECT FROM public.\"No tes\" n WHERE (n.shop, n.id) = (o.shop, o.id))" 0
touch "$top/end"
ends "split" "CREATE TABLE public.\"No tes\""
wait
say "" "$(cat "$top/err")" "no write of any release was refused"
is "none read what it had not written" "SELECT count(*) FROM public.seen" 0
is "what the new code wrote stands" "SELECT note || ' ' || \"Lang\" FROM public.\"No tes\" WHERE shop = 0 AND id = 9" "new code it"
exit "$failed"
