#!/bin/sh
# SPDX-License-Identifier: MIT
# Hiding in a walk, on a server of its own that writes its log as CSV: what the application meets, and each way in which it is given
# back: by its time, by the operator, by the first error, after kill -9 of the job, after a crash of the server. Then gate B.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_walk.sh disable=SC1091 # looked at on its own
. tests/lib_walk.sh
walk_home hid
tool=$(realpath "$B/tests/tool_cluster") || exit 1
# shellcheck disable=SC2317 # the trap calls it
finish() {
	for job in $(sql "SELECT pid FROM gatewalk.job WHERE ended_at IS NULL" 2>/dev/null); do kill "$job" 2>/dev/null; done
	"$tool" stop "$top/pg" >/dev/null 2>&1
	rm -rf "$top"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
"$tool" start "$top/pg" shared_preload_libraries=pg_stat_statements logging_collector=on log_destination=csvlog fsync=off >/dev/null || exit 1
eval "$("$tool" env "$top/pg")"
psql -qXd postgres -c "CREATE DATABASE hide" -c "CREATE ROLE app LOGIN" || exit 1
export PGDATABASE=hide
psql -qX -v ON_ERROR_STOP=1 <<END || exit 1
CREATE EXTENSION pg_stat_statements SCHEMA public;
CREATE TABLE public.orders (id bigint PRIMARY KEY, old text, note text);
CREATE VIEW public.all_orders AS SELECT id, old FROM public.orders;
INSERT INTO public.orders SELECT i, 'o' || i FROM generate_series(1, 1000) i;
GRANT SELECT, INSERT, UPDATE ON public.orders TO app;
GRANT SELECT ON public.orders TO PUBLIC;
ANALYZE;
END
acl() { sql "SELECT (SELECT string_agg(i::text, ' ' ORDER BY i::text) FROM unnest(relacl) i) || coalesce((SELECT string_agg(attname || attacl::text, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attacl IS NOT NULL), '') FROM pg_class c WHERE c.oid = 'public.orders'::regclass"; }
# What the application's statements end with, in one session: 0 fine, 1 refused for want of a grant.
app() { # sql...
	for q in "$@"; do printf '%s;\n\\echo @:ERROR:SQLSTATE\n' "$q"; done | psql -XAtq "user=app dbname=hide host=$PGHOST port=$PGPORT" 2>/dev/null |
		sed -n 's/^@false00000$/0/p; s/^@true42501$/1/p' | paste -sd' ' >"$top/codes"
}
# An application that logs in and asks for what is hidden.
asks() { psql -XAtq "user=app dbname=hide host=$PGHOST port=$PGPORT" -c "SELECT old FROM public.orders LIMIT 1" >"$out" 2>&1; }
hidden() { must 0 "$1" "$walk" "" "$key" "$name" act:hide; until_sql "it is hidden" "SELECT count(*) = 1 FROM gatewalk.hiding WHERE hidden_at IS NOT NULL AND back_at IS NULL"; }
given_back() { # text why
	until_sql "$1" "SELECT count(*) = 0 FROM gatewalk.hiding WHERE back_at IS NULL"
	is "for the reason that is said" "SELECT why || CASE WHEN exact THEN ', as it was' ELSE '' END FROM gatewalk.hiding ORDER BY id DESC LIMIT 1" "$2, as it was"
	acl >"$out"; say "$before" "$(cat "$out")" "the grants are what they were"
	until_sql "its job ends" "SELECT count(*) = 0 FROM gatewalk.job WHERE kind = 'hide' AND ended_at IS NULL"
}
before=$(acl)
must 0 "marked a rehearsal" "$gw" init --environment rehearsal
must 0 "with the guard in it: grants are none of its business" "$gw" guard install
"$gw" new -d dbname=hide --recipe drop-column --table orders --column old --why "nobody uses it" --zone UTC --deploy web --source "$top/code" >"$top/new" 2>&1 || { cat "$top/new"; exit 1; }
sed -e 's/^  after:.*/  after: without it/' -e 's/^  way_back:.*/  way_back: gatewalk restore/' -e 's/^  leaves_behind:.*/  leaves_behind: nothing/' \
	-e 's/^  rollback_floor:.*/  rollback_floor: "1.20"/' -e 's/^  api_contract:.*/  api_contract: none/' -e 's/"02:00", to: "05:00"/"02:00", to: "06:00"/' \
	-e 's/^  day: 1$/  day: 60/' "$top/new" >"$top/slow.yaml"
sed -e 's/^  day: 60$/  day: 0.2/' -e 's/^name:.*/name: quick/' "$top/slow.yaml" >"$top/quick.yaml"
psql -qXc "DROP VIEW public.all_orders" || exit 1
run 0 "errors can be read here: the plan is good" "$gw" check -d dbname=hide "$top/slow.yaml"
name=orders-drop-old
must 0 "a walk to item 9, a day of 60 s" "$walk" "" "$key" "$top/slow.yaml" unused
must 0 "the count begins" "$walk" "" "$key" $name act:quiet

hidden "hide"
is "that pg_cron is not there is said, with the command that helps" "SELECT count(*) FROM gatewalk.job_event WHERE text ~ '^pg_cron is not loaded: apt install .*, ''pg_cron''; then restart the server'" 1
# In one go: the first error gives it back within moments.
app "SELECT id, note FROM public.orders LIMIT 1; UPDATE public.orders SET note = 'n' WHERE id = 1" "SELECT old FROM public.orders LIMIT 1" "SELECT * FROM public.orders LIMIT 1"
say "0 1 1" "$(cat "$top/codes")" "the other columns go on; named and with a star it breaks"
given_back "the errors above are in the log: it is given back at once" error
# The first field of a CSV line is the error's own time.
is "within the second, from the error to the grants" "SELECT back_at - split_part(hit, ',', 1)::timestamptz < interval '1 second' FROM gatewalk.hiding" t
must 0 "the walk looks" "$walk" "" "$key" $name look
run 3 "gates" "$gw" gates $name
has "B8 says why it does not count" "ended before its time: error"
is "and it is a sighting" "SELECT count(*) FROM gatewalk.sighting WHERE source = 'hiding' AND text ~ 'an error while it was hidden.*42501'" 1

hidden "hide again"
asks
given_back "one statement of the application, and it is given back" error
sql "SELECT '# from the error to the grants: ' || string_agg((extract(epoch FROM back_at - split_part(hit, ',', 1)::timestamptz) * 1000)::int || ' ms', ', ' ORDER BY id) FROM gatewalk.hiding"
hidden "hide, and let it be"
run 1 "uninstall refuses" "$gw" uninstall
run 0 "the jobs" "$gw" job list
has "show it" "hide"
must 0 "u" "$walk" "" "$key" $name act:unhide
given_back "the operator has it back" "stopped by the operator"
must 0 "the walk looks" "$walk" "" "$key" $name look
hidden "hide, and kill its job"
job=$(sql "SELECT pid FROM gatewalk.job WHERE kind = 'hide' ORDER BY id DESC LIMIT 1")
since=$(date +%s)
kill -9 "$job"
until_sql "the server gives it back without the job" "SELECT count(*) = 0 FROM gatewalk.hiding WHERE back_at IS NULL"
echo "# $(($(date +%s) - since)) s after kill -9"
is "and says why" "SELECT why FROM gatewalk.hiding ORDER BY id DESC LIMIT 1" "the job is gone"
acl >"$out"; say "$before" "$(cat "$out")" "the grants are what they were"

must 0 "the walk looks" "$walk" "" "$key" $name look
hidden "hide, and let job and server end"
job=$(sql "SELECT pid FROM gatewalk.job WHERE kind = 'hide' ORDER BY id DESC LIMIT 1")
kill -9 "$job"
"$tool" crash "$top/pg" >/dev/null 2>&1
"$tool" restart "$top/pg" >/dev/null 2>&1 || exit 1
is "after the crash it is hidden" "SELECT count(*) FROM gatewalk.hiding WHERE back_at IS NULL" 1
run 0 "the next gatewalk gives it back" "$gw" job list
is "before anything else" "SELECT why FROM gatewalk.hiding ORDER BY id DESC LIMIT 1" "the backend that hid it is gone"
acl >"$out"; say "$before" "$(cat "$out")" "the grants are what they were"
must 0 "the walk looks" "$walk" "" "$key" $name look
hidden "hide, and leave the walk"
must 0 "leave" "$walk" "" "$key" $name "act:leave::this was a test"
acl >"$out"; say "$before" "$(cat "$out")" "leaving gives back"

name=quick
must 0 "another walk to item 9, a day of 0.2 s" "$walk" "" "$key" "$top/quick.yaml" unused
must 0 "the count begins" "$walk" "" "$key" $name act:quiet
until_sql "the wait passes" "SELECT clock_timestamp() > quiet_since + interval '4 seconds' FROM gatewalk.walk WHERE name = 'quick'"
must 0 "the walk looks" "$walk" "" "$key" $name look
run 3 "gate B" "$gw" gates $name
has "asks for hiding" "it was not hidden yet"
hidden "hide"
given_back "its time passes" over
must 0 "the walk looks" "$walk" "" "$key" $name look
"$gw" gates $name >"$out" 2>&1
has "B8 holds" "B8  holds"
must 0 "gate B is passed" "$walk" "" "$key" $name pass-b
must 0 "and what comes then is not held up: final snapshot, gate C" "$walk" "" "$key" $name armed
run 0 "the log verifies" "$gw" verify "$(dirname "$(grep -l '"kind":"hiding"' "$XDG_STATE_HOME"/gatewalk/walks/*/plan.gwlog | tail -n 1)")"
exit $failed
