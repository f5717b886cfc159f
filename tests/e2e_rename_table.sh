#!/bin/sh
# SPDX-License-Identifier: MIT
# A table gets another name while its application reads and writes by the old one, then by both: a view keeps the old name, with the same rights and
# policies. What speaks against it is named before; back and forward; to the schema log.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_walk.sh disable=SC1091 # looked at on its own
. tests/lib_walk.sh
# shellcheck source=tests/lib_jobs.sh disable=SC1091
. tests/lib_jobs.sh
# shellcheck source=tests/lib_comes.sh disable=SC1091
. tests/lib_comes.sh
walk_home name
# shellcheck disable=SC2317 # the trap calls it
finish() {
	touch "$top/end" "$top/end2"
	wait
	jobs_end 2>/dev/null
	psql -qXd postgres -c "DROP DATABASE IF EXISTS e2e_name WITH (FORCE)" -c "DROP ROLE IF EXISTS e2e_app, e2e_reader, e2e_none" >/dev/null 2>&1
	rm -rf "$top"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

walk_database e2e_name
psql -qX -v ON_ERROR_STOP=1 <<END || exit 1
CREATE ROLE e2e_app LOGIN; CREATE ROLE e2e_reader LOGIN; CREATE ROLE e2e_none LOGIN;
CREATE TABLE public."Or ders" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer bigint DEFAULT 7, total int, doubled int GENERATED ALWAYS AS (total * 2) STORED, mail text UNIQUE);
INSERT INTO public."Or ders" (total) SELECT g FROM generate_series(1, 1000) g;
CREATE TABLE public.items (id bigint PRIMARY KEY, ord bigint REFERENCES public."Or ders" ON DELETE CASCADE);
INSERT INTO public.items VALUES (1, 1);
CREATE VIEW public.report AS SELECT count(*) FROM public."Or ders";
GRANT SELECT, INSERT, UPDATE, DELETE ON public."Or ders" TO e2e_app WITH GRANT OPTION;
GRANT SELECT (id, total) ON public."Or ders" TO e2e_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO e2e_none;
ALTER TABLE public."Or ders" ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON public."Or ders" TO e2e_app, e2e_reader USING (total IS DISTINCT FROM -1);
CREATE PUBLICATION e2e_pub FOR TABLE public."Or ders";
CREATE FUNCTION public.one() RETURNS public."Or ders" LANGUAGE sql AS 'SELECT * FROM public."Or ders" LIMIT 1';
ANALYZE;
END
must 0 "marked a rehearsal" "$gw" init --environment rehearsal
client "$top/end" "UPDATE public.\"Or ders\" SET total = total + 1 WHERE id = 9; INSERT INTO public.\"Or ders\" (total) VALUES (7); INSERT INTO public.\"Or ders\" (mail, total) VALUES ('a', 1) ON CONFLICT (mail) DO UPDATE SET total = excluded.total; SELECT 1 / (count(*) - count(*) FILTER (WHERE doubled IS DISTINCT FROM total * 2)) FROM public.\"Or ders\" WHERE id < 10;" >"$top/wait" 2>"$top/err" &

"$gw" new -d dbname=e2e_name --recipe rename-table --table "Or ders" --to "Pur-chases" --name to-purchases --why "they are no orders" --zone UTC --deploy web >"$top/new" 2>&1 || { cat "$top/new"; exit 1; }
name=to-purchases plan=$top/to-purchases.yaml
filled_in "$top/new" "$plan"
check() { run "$1" "$2" "$gw" check -d dbname=e2e_name "$plan"; }
check 1 "a table that is published"
has "is not renamed" "publication e2e_pub sends the table on by its name"
sql "DROP PUBLICATION e2e_pub" >/dev/null
check 1 "a function of the table's type"
has "is named" "public.one\(\) takes or gives rows of the table's type"
sql "DROP FUNCTION public.one(); CREATE TYPE public.\"Pur-chases\" AS (x int)" >/dev/null
check 1 "a type of that name"
has "is in the way" "something else of schema public is named \"?Pur-chases"
sql "DROP TYPE public.\"Pur-chases\"" >/dev/null
check 1 "policies, and rights on single columns"
has "do not go together" "both policies and rights on single columns"
sql "REVOKE SELECT (id, total) ON public.\"Or ders\" FROM e2e_reader" >/dev/null
begins "name"
relid=$(sql "SELECT '\"Or ders\"'::regclass::oid")
must 0 "item 5: it is renamed" go writes
is "the very table" "SELECT '\"Pur-chases\"'::regclass::oid" "$relid"
is "with its owner on the view" "SELECT v.relowner = t.relowner FROM pg_class v, pg_class t WHERE v.oid = '\"Or ders\"'::regclass AND t.oid = $relid" t
may() { psql -XAtq -U "$1" -c "$2" >"$out" 2>&1; }   # role statement
may e2e_app "INSERT INTO public.\"Or ders\" (total) VALUES (-1); UPDATE public.\"Or ders\" SET total = 5 WHERE id = 5; SELECT count(*) FROM public.\"Or ders\" WHERE total = -1"
has "a policy holds through the view" "row-level security"
run 0 "who might write may" may e2e_app "UPDATE public.\"Or ders\" SET total = 5 WHERE id = 5"
may e2e_none "SELECT id FROM public.\"Or ders\" LIMIT 1"
has "default privileges gave nothing" "permission denied"
is "grant options went along" "SELECT has_table_privilege('e2e_app', '\"Or ders\"', 'SELECT WITH GRANT OPTION')" t
is "what stands on the table stands" "SELECT (SELECT count FROM public.report) >= 1000 AND EXISTS (SELECT FROM public.items WHERE ord = 1)" t
is "a default holds through the view" "INSERT INTO public.\"Or ders\" (total) VALUES (3) RETURNING customer || ' ' || doubled" "7 6"

run 0 "back" go "act:take-away::the release is not ready"
is "it bears its old name" "SELECT '\"Or ders\"'::regclass::oid" "$relid"
is "and no view is left" "SELECT count(*) FROM pg_class WHERE relname = 'Pur-chases'" 0
sql "DROP POLICY all_rows ON public.\"Or ders\"; ALTER TABLE public.\"Or ders\" DISABLE ROW LEVEL SECURITY; GRANT SELECT (id, total) ON public.\"Or ders\" TO e2e_reader" >/dev/null
must 0 "forward again" go writes
run 0 "a column's right is there" may e2e_reader "SELECT id, total FROM public.\"Or ders\" LIMIT 1"
may e2e_reader "SELECT customer FROM public.\"Or ders\" LIMIT 1"
has "and no other" "permission denied"
sql "CREATE VIEW public.built AS SELECT * FROM public.\"Or ders\"" >/dev/null
go "act:take-away::once more" >"$out" 2>&1
has "what was built on the view is in the way" "depend on it"
is "and nothing was changed" "SELECT '\"Pur-chases\"'::regclass::oid" "$relid"
sql "DROP VIEW public.built; CREATE OR REPLACE VIEW public.\"Or ders\" AS SELECT * FROM public.\"Pur-chases\"; COMMENT ON VIEW public.\"Or ders\" IS 'mine'" >/dev/null
go "act:take-away::once more" >"$out" 2>&1
has "another view is not taken away" "not there any more|not the view that this walk made|not what the walk began with"
sql "COMMENT ON VIEW public.\"Or ders\" IS 'gatewalk: public.Pur-chases under its old name'; ALTER VIEW public.\"Or ders\" SET (security_invoker = true)" >/dev/null
client "$top/end2" "UPDATE public.\"Pur-chases\" SET total = total + 1 WHERE id = 10; INSERT INTO public.\"Pur-chases\" (total) VALUES (8);" >"$top/wait2" 2>"$top/err2" &
must 0 "item 5 is confirmed" go reads
run 1 "nobody says that all have moved" go "act:confirm:8:held"
has "before each deploy has" "deploy web has not said that it uses the new name"
touch "$top/end"
ends "name" "ALTER TABLE public.\"Or ders\" RENAME TO \"Pur-chases\""
is "by either name it is the same" "SELECT (SELECT count(*) FROM public.\"Or ders\") = (SELECT count(*) FROM public.\"Pur-chases\")" t
touch "$top/end2"
wait
say "" "$(cat "$top/err" "$top/err2")" "no write by either name was refused"
exit "$failed"
