#!/bin/sh
# SPDX-License-Identifier: MIT
# Hiding where pg_cron works in the database: the server gives back by itself after a crash, with no gatewalk left alive, and keeps no
# schedule behind. With CRON=tcp, pg_cron cannot log in: that is said.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_walk.sh disable=SC1091 # looked at on its own
. tests/lib_walk.sh
workers=on
[ "${CRON:-}" != tcp ] || workers=off
walk_home cro
tool=$(realpath "$B/tests/tool_cluster") || exit 1
jobs() { sql "SELECT pid FROM gatewalk.job WHERE ended_at IS NULL" 2>/dev/null; }
# shellcheck disable=SC2317 # the trap calls it
finish() {
	for job in $(jobs); do kill "$job" 2>/dev/null; done
	"$tool" stop "$top/pg" >/dev/null 2>&1
	rm -rf "$top"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
"$tool" start "$top/pg" "shared_preload_libraries='pg_stat_statements,pg_cron'" "cron.use_background_workers=$workers" logging_collector=on log_destination=csvlog fsync=off >/dev/null || exit 1
eval "$("$tool" env "$top/pg")"
psql -qX -v ON_ERROR_STOP=1 <<END || exit 1
CREATE ROLE app LOGIN;
CREATE EXTENSION pg_stat_statements SCHEMA public;
CREATE TABLE public.orders (id bigint PRIMARY KEY, old text, note text);
INSERT INTO public.orders SELECT i, 'o' || i FROM generate_series(1, 100) i;
GRANT SELECT, INSERT, UPDATE ON public.orders TO app;
ANALYZE;
END
doctor() { # text wanted [conninfo]
	"$gw" doctor -d "${3:-dbname=postgres}" --json >"$top/json" 2>/dev/null
	psql -XAtq -v "j=$(cat "$top/json")" <<-'END' >"$out" 2>&1
		SELECT (r ->> 'state') || ': ' || (r ->> 'now') || coalesce(' > ' || nullif(r ->> 'fix', ''), '') FROM json_array_elements(:'j'::json -> 'rows') r WHERE r ->> 'id' = 'pg_cron';
	END
	say "$2" "$(cat "$out")" "$1"
}
acl() { sql "SELECT relacl::text || coalesce((SELECT string_agg(attname || attacl::text, ' ') FROM pg_attribute WHERE attrelid = c.oid AND attacl IS NOT NULL), '') FROM pg_class c WHERE c.oid = 'public.orders'::regclass"; }
hidden() { must 0 "$1" "$walk" "" "$key" quick act:hide; until_sql "it is hidden" "SELECT count(*) = 1 FROM gatewalk.hiding WHERE hidden_at IS NOT NULL AND back_at IS NULL"; }
until_back() { until_sql "$1" "SELECT count(*) = 0 FROM gatewalk.hiding WHERE back_at IS NULL"; }
clean() { until_sql "and no schedule is left" "SELECT count(*) = 0 FROM cron.job"; acl >"$out"; say "$before" "$(cat "$out")" "the grants are what they were"; }
# What pg_cron would run, now.
command_now() {
	sql "SELECT command FROM cron.job WHERE jobname LIKE 'gatewalk hide %' LIMIT 1" >"$top/command"
	run 0 "the scheduled command runs" psql -XAtq -v ON_ERROR_STOP=1 -f "$top/command"
}

before=$(acl)
doctor "before it is made" "warn: pg_cron is loaded, but not created in this database > CREATE EXTENSION pg_cron"
sql "CREATE EXTENSION pg_cron"
if [ $workers = on ]; then doctor "the doctor finds it" "ok: gives back what is hidden when server and gatewalk are gone"
else doctor "the doctor is not sure of it" "warn: pg_cron logs in over TCP, which pg_hba.conf has to allow > ALTER SYSTEM SET cron.use_background_workers = on; then restart the server"; fi
doctor "another database has none" "warn: pg_cron works in the database postgres alone > if nothing there needs it, ALTER SYSTEM SET cron.database_name = 'template1'; then restart the server" dbname=template1
doctor "a login that may not" "warn: this login may not use pg_cron > GRANT USAGE ON SCHEMA cron TO app" "dbname=postgres user=app"
sql "GRANT USAGE ON SCHEMA cron TO app"
doctor "a login that does not see it run" "warn: pg_cron's process is not there, or hidden from this login > add 'pg_cron' to shared_preload_libraries, whose other libraries are hidden from this login; then restart the server" "dbname=postgres user=app"
must 0 "marked a rehearsal" "$gw" init --environment rehearsal
cat >"$top/plan.yaml" <<EOF
gatewalk: 1
name: quick
archetype: destructive
recipe: drop-column
target: {schema: public, table: orders, column: old}
document: {before: with it, after: without it, why: nobody uses it, way_back: restore, leaves_behind: nothing, rollback_floor: "1.20", api_contract: none, falls: []}
deploys: [{name: web}]
sources: []
policy: {hide: true}
window: {zone: UTC, open: [{days: [Mon, Tue, Wed, Thu], from: "02:00", to: "06:00"}]}
snapshot: {scope: column}
rehearsal: {now: "Tue 04:30", day: 60}
EOF
run 0 "errors can be read here: the plan is good" "$gw" check -d dbname=postgres "$top/plan.yaml"
must 0 "a walk to item 9" "$walk" "" "$key" "$top/plan.yaml" unused
must 0 "the count begins" "$walk" "" "$key" quick act:quiet

hidden "hide"
if [ $workers = off ]; then
	until_sql "what pg_cron could not do is said" "SELECT count(*) > 0 FROM gatewalk.job_event WHERE text LIKE 'pg_cron could not do its part: %'"
	must 0 "u" "$walk" "" "$key" quick act:unhide
	until_back "the operator has it back"
	clean
	exit $failed
fi
until_sql "it is scheduled for each minute, and for the server's start" "SELECT string_agg(schedule, ', ' ORDER BY jobname) = '* * * * *, @reboot' FROM cron.job WHERE username = current_user"
command_now
is "as long as the backend lives the command does nothing" "SELECT count(*) || ' ' || (SELECT count(*) FROM cron.job) FROM gatewalk.hiding WHERE back_at IS NULL" "1 2"
for job in $(jobs); do kill -9 "$job"; done
"$tool" crash "$top/pg" >/dev/null 2>&1
"$tool" restart "$top/pg" >/dev/null 2>&1 || exit 1
since=$(date +%s)
is "no gatewalk is there" "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'gatewalk%'" 0
until_back "after a crash the server gives it back by itself"
echo "# $(($(date +%s) - since)) s after its start"
is "for the reason that is said" "SELECT why || CASE WHEN exact THEN ', as it was' ELSE '' END FROM gatewalk.hiding ORDER BY id DESC LIMIT 1" "the backend that hid it is gone, as it was"
is "by a job of pg_cron" "SELECT count(*) > 0 FROM cron.job_run_details WHERE status = 'succeeded' AND command ~ 'hide_back'" t
clean

must 0 "the walk looks" "$walk" "" "$key" quick look
hidden "hide again"
must 0 "u" "$walk" "" "$key" quick act:unhide
until_back "the operator has it back"
clean

must 0 "the walk looks" "$walk" "" "$key" quick look
hidden "hide, and end the backend that hides, and every gatewalk"
for job in $(jobs); do kill -9 "$job"; done
is "it is ended" "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'gatewalk hide'" t
is "it is hidden" "SELECT count(*) FROM gatewalk.hiding WHERE back_at IS NULL" 1
command_now
is "what pg_cron runs each minute gives it back" "SELECT why FROM gatewalk.hiding ORDER BY id DESC LIMIT 1" "the backend that hid it is gone"
clean
exit $failed
