#!/bin/sh
# SPDX-License-Identifier: MIT
# The command line: exit statuses, refusals with a hint, --json that parses, nothing asked without a terminal.
# Needs a server (PGHOST and the like) and the program (GATEWALK).
set -u
cd "$(dirname "$0")/.." || exit 1
B=${B:-build}
gw=${GATEWALK:-$B/gatewalk}
dir=$(mktemp -d "${TMPDIR:-/tmp}/gwcli.XXXXXX") || exit 1
export HOME="$dir" XDG_STATE_HOME="$dir/state" XDG_DATA_HOME="$dir/data" XDG_CONFIG_HOME="$dir/config"
db=gwcli_$$
to="dbname=$db"
trap 'psql -qc "DROP DATABASE IF EXISTS $db WITH (FORCE)" >/dev/null 2>&1; rm -rf "$dir"' EXIT
failed=0
say() { if [ "$1" = "$2" ]; then echo "ok - $3"; else echo "not ok - $3 (wanted $1, got $2)"; cat "$dir/out"; failed=1; fi; }
run() { # status text command...
	want=$1 text=$2
	shift 2
	"$@" >"$dir/out" 2>&1 </dev/null
	say "$want" $? "$text"
}
has() { # text pattern
	if grep -Eq -- "$2" "$dir/out"; then echo "ok - $1"; else echo "not ok - $1: no \"$2\" in"; cat "$dir/out"; failed=1; fi
}
json() { # text: the output is one JSON value; checked by the server's own parser
	if psql -XAtq -v "j=$(cat "$dir/out")" <<'EOF' >/dev/null 2>"$dir/json"
SELECT :'j'::json;
EOF
	then echo "ok - $1"; else echo "not ok - $1"; cat "$dir/out" "$dir/json"; failed=1; fi
}
# The words of the manual's section JSON for a command.
documented() { # command
	sed -n '/^\.Sh JSON/,/^\.Sh WHEN/p' man/gatewalk.1 | awk -v c=".It Cm $1" '/^\.It|^\.El/ { on = $0 == c; next } on && /^\.(Li|Pq)/' |
		sed 's/^\.Li//; s/^\.Pq\( Li\)\{0,1\}//' | tr -s ' ,.[]' '\n' | grep . | sort -u
}
# Every field printed, at every depth, stands in the manual.
fields() { # command
	psql -XAtq -v "j=$(cat "$dir/out")" <<'EOF' >"$dir/printed" 2>"$dir/json"
WITH RECURSIVE t(k, v) AS (SELECT NULL::text, :'j'::jsonb UNION ALL SELECT x.k, x.v FROM t, LATERAL (
	SELECT e.key, e.value FROM jsonb_each(CASE WHEN jsonb_typeof(t.v) = 'object' THEN t.v ELSE '{}' END) e
	UNION ALL SELECT NULL, a FROM jsonb_array_elements(CASE WHEN jsonb_typeof(t.v) = 'array' THEN t.v ELSE '[]' END) a) x(k, v))
SELECT DISTINCT k COLLATE "C" FROM t WHERE k IS NOT NULL ORDER BY 1;
EOF
	documented "$1" >"$dir/documented"
	unknown=$(comm -23 "$dir/printed" "$dir/documented" | tr '\n' ' ')
	if [ -s "$dir/printed" ] && [ -z "$unknown" ]; then echo "ok - each field of $1 --json stands in the manual"
	else echo "not ok - fields of $1 --json that the manual does not have: $unknown"; failed=1; fi
}

psql -qc "CREATE DATABASE $db" >/dev/null && psql -q "$to" -c "CREATE EXTENSION pg_stat_statements SCHEMA public;
	CREATE TABLE public.orders (id bigint PRIMARY KEY, total int, old int); INSERT INTO public.orders SELECT i, i, i FROM generate_series(1,500) i" >/dev/null || exit 1

run 1 "an unknown command" "$gw" fly
has "it names the help" "gatewalk --help"
run 1 "an unknown option" "$gw" status --fast
run 1 "an option of another command" "$gw" status --fetch
has "it says whose it is not" "does not belong"
run 1 "too few words" "$gw" gates
run 0 "the version" "$gw" --version
run 0 "help" "$gw" --help
run 1 "home without a terminal asks nothing" "$gw"
has "it says what answers instead" "status --json"
run 1 "the demo without a terminal says so" "$gw" demo
has "and what to do" "terminal"
run 2 "no server" "$gw" doctor -d "host=$dir/nowhere"
run 0 "info" "$gw" info --json
json "info --json parses"
fields "info"
run 1 "init without an environment" "$gw" init -d "$to"
run 1 "init has no key and no terminal" "$gw" init -d "$to" --environment rehearsal
has "it names --key" "--key"
mkdir -p "$dir/config/gatewalk" && chmod 700 "$dir/config" "$dir/config/gatewalk" && ssh-keygen -q -t ed25519 -N '' -f "$dir/config/gatewalk/id_ed25519" || exit 1
run 0 "init" "$gw" init -d "$to" --environment rehearsal --json
json "init --json parses"
fields "init"
run 0 "init again changes nothing" "$gw" init -d "$to" --environment rehearsal
run 1 "init as something else is refused" "$gw" init -d "$to" --environment production
"$gw" doctor -d "$to" --json >"$dir/out" 2>/dev/null </dev/null
json "doctor --json parses"
fields "doctor"

run 0 "new writes a plan" "$gw" new -d "$to" --recipe drop-column --table orders --column old --deploy web -o "$dir/plan.yaml"
run 1 "new never writes over a file" "$gw" new --recipe drop-column --table orders --column old -o "$dir/plan.yaml"
run 1 "a plan that is not filled in" "$gw" check "$dir/plan.yaml"
has "each error has its place" "plan.yaml:[0-9]+:[0-9]+: .*; "
"$gw" check "$dir/plan.yaml" --json >"$dir/out" 2>/dev/null </dev/null
json "check --json parses"
fields "check"
cat >"$dir/good.yaml" <<EOF
gatewalk: 1
name: orders-drop-old
archetype: destructive
recipe: drop-column
target: {schema: public, table: orders, column: old}
document: {before: with it, after: without it, why: nobody uses it, way_back: restore, leaves_behind: nothing, rollback_floor: "1.20", api_contract: none, falls: []}
deploys: [{name: web}]
sources: []
window: {zone: UTC, open: [{days: [Mon, Tue, Wed, Thu], from: "02:00", to: "06:00"}]}
releases_from: {command: cat $dir/releases}
snapshot: {scope: column}
rehearsal: {now: "Tue 04:30", day: 0.2}
EOF
echo none >"$dir/releases"
run 0 "a good plan" "$gw" check "$dir/good.yaml"
run 0 "a good plan whose target is there" "$gw" check -d "$to" "$dir/good.yaml" --json
fields check
run 0 "an audit without a walk" "$gw" audit -d "$to" orders.old
has "it says what could be seen, and by what" "by catalogue, since"
run 0 "an audit as JSON" "$gw" audit -d "$to" public.orders.old --json
json "audit --json parses"
fields audit
run 1 "an audit of what is not there" "$gw" audit -d "$to" public.nothing
has "it says how to name a target" "TABLE"
mkdir "$dir/code" && echo 'SELECT old FROM orders' >"$dir/code/night.sql"
run 0 "an audit with a source tree" "$gw" audit -d "$to" orders.old --source "$dir/code"
has "the place is shown" "night.sql:1: SELECT old FROM orders"
run 1 "an audit of a folder that is not there" "$gw" audit -d "$to" orders.old --source "$dir/nothing"
(cd "$dir" && "$gw" new --recipe drop-column --table orders --column old --source code) >"$dir/out" 2>&1
has "new writes a source tree so that it is found from everywhere" "^  - .*$(realpath "$dir")/code"
run 1 "new with a folder that is not there" "$gw" new --recipe drop-column --table orders --column old --source "$dir/nothing"
run 0 "new as JSON" "$gw" new -d "$to" --recipe drop-column --table orders --column old --deploy web --json
fields new
sed 's/column: old/column: gone/' "$dir/good.yaml" >"$dir/wrong.yaml"
run 1 "a target that is not there" "$gw" check -d "$to" "$dir/wrong.yaml"
sed 's/^deploys/policy: {signatures: 2, hide: true}\ndeploys/' "$dir/good.yaml" >"$dir/two.yaml"
run 1 "two signatures are refused" "$gw" check "$dir/two.yaml"
has "with the reason" "this version"

sed 's/^deploys/policy: {hide: true}\ndeploys/' "$dir/good.yaml" >"$dir/hide.yaml"
run 0 "a plan that hides, without a database" "$gw" check "$dir/hide.yaml"
has "what cannot be known is a note at its place" "hide.yaml:7:10: note: policy.hide is true, and no metric has an alarm limit: .*; let the server write csvlog, or give the plan a metric"
run 1 "where no error can be read" "$gw" check -d "$to" "$dir/hide.yaml" --json
fields check
run 1 "where no error can be read" "$gw" check -d "$to" "$dir/hide.yaml"
has "it is said at its place, long before gate B" "hide.yaml:7:10: policy.hide is true, and nobody would see what hiding breaks: the server keeps no log of its own .*; let the server write csvlog, .*or write false"
echo 'monitor: {metrics: [{name: errors, query: SELECT 0, alarm: 5}]}' >>"$dir/hide.yaml"
run 0 "a metric with an alarm limit sees it too" "$gw" check -d "$to" "$dir/hide.yaml"

GATEWALK=$gw "$B/tests/tool_walk" "$to" "$dir/config/gatewalk/id_ed25519" "$dir/good.yaml" archetype >"$dir/out" 2>&1
say 0 $? "a walk is begun and its snapshot proven"
run 0 "status" "$gw" status
has "it names the walk" "orders-drop-old"
run 0 "status of the walk" "$gw" status orders-drop-old -d "$to" --json
json "status --json parses"
fields status
run 0 "status of all" "$gw" status --json
fields status
run 3 "gates: one is shut" "$gw" gates orders-drop-old -d "$to" --json
"$gw" gates orders-drop-old -d "$to" --json >"$dir/out" 2>/dev/null </dev/null
json "gates --json parses"
fields "gates"
run 0 "window" "$gw" window orders-drop-old -d "$to" --json
json "window --json parses"
fields "window"
run 0 "window on two walls" "$gw" window orders-drop-old -d "$to" --zone Australia/Lord_Howe
has "the plan's" "02:00 to .* 06:00  UTC"
has "the other one" "  Australia/Lord_Howe"
run 1 "window in a zone that is none" "$gw" window orders-drop-old -d "$to" --zone Europe/Madrid2
has "it says which" "does not know the time zone Europe/Madrid2"
TZ=Asia/Kathmandu "$gw" window orders-drop-old -d "$to" --json >"$dir/out" 2>&1 </dev/null
has "this machine's zone, when none is named" '"zones":."UTC","Asia/Kathmandu".'
"$gw" window orders-drop-old -d "$to" --ics --zone America/New_York >"$dir/first.ics" 2>"$dir/out" </dev/null
say 0 $? "window as a calendar"
awk 'BEGIN { RS = "\r\n" } { n++; if (/[\r\n]/ || length($0) > 75) bad = 1 } END { exit bad || n < 40 }' "$dir/first.ics"
say 0 $? "lines end in CR LF and have at most 75 bytes"
now=$(psql -XAtq -c "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")
"$B/tests/tool_ical" "$dir/first.ics" "$now" >"$dir/out" 2>&1
say 5 "$(grep -c '02:00:00Z 240 Window for public.orders.old$' "$dir/out")" "another reader finds five windows in it"
unfolded=$(tr -d '\r' <"$dir/first.ics" | sed -e ':a' -e 'N' -e '$!ba' -e 's/\n //g')
say 5 "$(printf "%s\n" "$unfolded" | grep -c '^DESCRIPTION:.*\\nUTC: .*\\nAmerica/New_York: ')" "each with both walls"
"$gw" window orders-drop-old -d "$to" --ics --zone America/New_York >"$dir/second.ics" 2>/dev/null </dev/null
uids() { grep '^UID' "$1"; }
say "$(uids "$dir/first.ics")" "$(uids "$dir/second.ics")" "the same moment has the same UID"
next=$(psql -XAtq -c "SELECT to_char(now() AT TIME ZONE 'UTC' + interval '30 h', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")
echo "$next web 4.2" >"$dir/releases"
"$gw" gates orders-drop-old -d "$to" >"$dir/out" 2>&1 </dev/null
has "a release that the command tells of shuts C3" "within 48 h: web 4.2"
run 0 "window with a release" "$gw" window orders-drop-old -d "$to" --json
has "it is listed" '"name":"web 4.2"'
psql -XAtq -v "j=$(cat "$dir/out")" -v "r=$next" <<'EOF' >"$dir/near" 2>&1
SELECT count(*) FROM jsonb_array_elements(:'j'::jsonb -> 'openings') o
WHERE tstzrange((o ->> 'from')::timestamptz, (o ->> 'to')::timestamptz) && tstzrange(:'r'::timestamptz - interval '48 h', :'r'::timestamptz, '[]');
EOF
say 0 "$(cat "$dir/near")" "and no moment is near it"
echo "next Tuesday" >"$dir/releases"
run 3 "window when the releases cannot be read" "$gw" window orders-drop-old -d "$to"
has "with line and reason" "releases_from.command:1: this is no time in UTC"
run 3 "and then no calendar is written" "$gw" window orders-drop-old -d "$to" --ics
if grep -q VCALENDAR "$dir/out"; then say none some "none at all"; else say none none "none at all"; fi
"$gw" gates orders-drop-old -d "$to" >"$dir/out" 2>&1 </dev/null
has "C3 is unknown" "C3  unknown"
has "C3 says why" "the planned releases are not known: releases_from.command:1"
rm "$dir/releases" && mkfifo "$dir/releases"   # nobody writes
"$gw" gates orders-drop-old -d "$to" >"$dir/out" 2>&1 </dev/null
has "C3 is unknown when the command does not end" "the planned releases are not known: .* did not end within 10"
rm "$dir/releases"
echo none >"$dir/releases"
run 0 "job list" "$gw" job list -d "$to" --json
json "job list --json parses"
fields "job list"
run 0 "job tick" "$gw" job tick -d "$to" --json
fields "job tick"
psql -q "$to" -c "CREATE TABLE public.kept AS SELECT sid, plan FROM gatewalk.walk; UPDATE gatewalk.walk SET plan = plan || E'\\nmonitor: {notify: \"touch $dir/owned\"}\\n'" >/dev/null
run 6 "a plan slipped into the database is run by nobody" "$gw" job tick -d "$to"
has "it says so" "not one that was taken in on this machine"
psql -q "$to" -c "UPDATE gatewalk.walk w SET plan = k.plan FROM public.kept k WHERE k.sid = w.sid; DROP TABLE public.kept" >/dev/null
run 0 "the walk's own plan is" "$gw" job tick -d "$to"
run 1 "job with an unknown word" "$gw" job fly -d "$to"
log=$(ls -d "$dir"/state/gatewalk/walks/*/)
run 0 "verify" "$gw" verify "$log" --json
json "verify --json parses"
fields "verify"
sed -i 's/orders-drop-old/orders-drop-0ld/' "$log/plan.gwlog"
run 6 "verify of an edited log" "$gw" verify "$log"
has "the first bad line is named" "line [0-9]+ is bad"
sed -i 's/orders-drop-0ld/orders-drop-old/' "$log/plan.gwlog"
run 1 "restore of what was not dropped" "$gw" restore orders-drop-old -d "$to"
run 1 "uninstall while a walk is open" "$gw" uninstall -d "$to"
key=$dir/config/gatewalk/id_ed25519
export GATEWALK="$gw"
run 0 "the walk comes to its drop" "$B/tests/tool_walk" "$to" "$key" orders-drop-old armed
ssh-keygen -q -p -P '' -N night -f "$key" >/dev/null || exit 1
run 0 "and drops" "$B/tests/tool_type" night "$B/tests/tool_walk" "$to" "$key" orders-drop-old drop
ssh-keygen -q -p -P night -N '' -f "$key" >/dev/null || exit 1
psql -q "$to" -c "DELETE FROM public.orders WHERE id IN (1, 2); INSERT INTO public.orders VALUES (501, 501)"
"$gw" restore orders-drop-old -d "$to" --json >"$dir/out" 2>"$dir/errors" </dev/null
say 7 $? "restore into a table that was written to since: something is left"
json "restore --json parses"
fields restore
psql -XAtq -v "j=$(cat "$dir/out")" <<'EOF' >"$dir/told" 2>&1
SELECT concat_ws(' ', :'j'::jsonb ->> 'target', r -> 'placed', r -> 'kept', r -> 'gone', r -> 'conflicts', r ->> 'left', (r -> 'took_us')::bigint > 0) FROM (SELECT :'j'::jsonb -> 'restore') x(r);
EOF
told='public.orders.old 498 0 2 0 ["row id=1: deleted since", "row id=2: deleted since"] t'
say "$told" "$(cat "$dir/told")" "and says how much"
run 0 "the watch over, the walk is closed" "$B/tests/tool_walk" "$to" "$key" orders-drop-old finish
sed 's/orders-drop-old/orders-drop-total/; s/column: old/column: total/' "$dir/good.yaml" >"$dir/total.yaml"
run 0 "another walk is begun" "$B/tests/tool_walk" "$to" "$key" "$dir/total.yaml" begin
run 1 "leave without a reason" "$gw" leave orders-drop-total -d "$to"
run 0 "leave" "$gw" leave orders-drop-total -d "$to" --reason "the test is over"
tries=0   # the monitor of the closed walk ends with its next round
while [ $tries -lt 300 ] && psql -XAtq "$to" -c "SELECT 'still' FROM gatewalk.job WHERE ended_at IS NULL" | grep -q still; do tries=$((tries + 1)); sleep 0.1; done
run 0 "uninstall" "$gw" uninstall -d "$to" --json
fields uninstall
run 1 "no jobs where there is no schema" "$gw" job list -d "$to"
has "it says what to do" "there is no gatewalk schema in this database"
has "by a command" "gatewalk init --environment"
exit $failed
