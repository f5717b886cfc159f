#!/bin/sh
# SPDX-License-Identifier: MIT
# Many open walks in one database, two operators with keys and homes of their own driving different ones, and pgbench on the same
# tables all the while: A6 lets one drop at a time, nobody deadlocks, no statement of the application fails. The longest wait of
# another client is printed, not judged: seconds belong to the machine. CROWD: how many walks (default 4; e2e_long_crowd.sh: 20).
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_fault.sh
. tests/lib_fault.sh
crowd=${CROWD:-4}
db=crowd
bench=""

# shellcheck disable=SC2317,SC2329 # the trap calls it
end() {
	[ -z "$bench" ] || kill "$bench" 2>/dev/null
	place_end
}

has() { # pattern text
	if grep -Eq -- "$1" "$now/said"; then echo "ok - $2"; else echo "not ok - $2: no \"$1\" in"; tail -n 5 "$now/said"; failed=1; fi
}

# An operator: a home and a key of one's own. $1 a or b; the rest: the walk and the verb.
as() {
	who=$1
	shift
	HOME="$now/$who" XDG_STATE_HOME="$now/$who/state" XDG_DATA_HOME="$now/$who/data" XDG_CONFIG_HOME="$now/$who/config" \
		timeout -k 5 300 "$walk_tool" "$conn" "$now/$who/key" "$now/plan-$1.yaml" "$2" >"$now/said-$1" 2>&1 </dev/null
}

drop_as() { # a|b walk
	HOME="$now/$1" XDG_STATE_HOME="$now/$1/state" XDG_DATA_HOME="$now/$1/data" XDG_CONFIG_HOME="$now/$1/config" \
		timeout -k 5 60 "$B/tests/tool_type" "$secret" "$walk_tool" "$conn" "$now/$1/locked" "$now/plan-$2.yaml" drop >"$now/said" 2>&1 </dev/null
}

plan() { # number
	cat >"$now/plan-$1.yaml" <<END
gatewalk: 1
name: crowd-$1
archetype: destructive
recipe: drop-column
target: {schema: public, table: t$1, column: old}
document: {before: b, after: a, why: w, way_back: w, leaves_behind: l, rollback_floor: "1", api_contract: none, falls: ["index public.t$1_old"]}
deploys: [{name: web}]
sources: []
window: {zone: UTC, open: [{days: [Mon, Tue, Wed, Thu], from: "02:00", to: "06:00"}]}
snapshot: {scope: column}
rehearsal: {now: "Tue 04:30", day: 1}
END
}

place_new fsync=off pg_stat_statements.max=20000
trap end EXIT
conn="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$db"
createdb $db && sql "CREATE EXTENSION pg_stat_statements SCHEMA public" || exit 1
i=1
{
	while [ $i -le "$crowd" ]; do
		echo "CREATE TABLE public.t$i (id bigint PRIMARY KEY, n int, old text); CREATE INDEX t${i}_old ON public.t$i (old);"
		echo "INSERT INTO public.t$i SELECT g, 0, md5(g::text) FROM generate_series(1, 2000) g;"
		plan $i
		i=$((i + 1))
	done
	echo "ANALYZE;"
} >"$now/tables.sql"
psql -X -q -v ON_ERROR_STOP=1 -d $db -f "$now/tables.sql" || exit 1
for who in a b; do
	mkdir -p "$now/$who" && chmod 700 "$now/$who" && ssh-keygen -q -t ed25519 -N '' -C "$who" -f "$now/$who/key" &&
		cp -p "$now/$who/key" "$now/$who/locked" && cp "$now/$who/key.pub" "$now/$who/locked.pub" &&
		ssh-keygen -q -p -P '' -N "$secret" -f "$now/$who/locked" >/dev/null || exit 1
	HOME="$now/$who" XDG_STATE_HOME="$now/$who/state" XDG_DATA_HOME="$now/$who/data" XDG_CONFIG_HOME="$now/$who/config" \
		"$GATEWALK" init --environment rehearsal -d "$conn" --key "$now/$who/key" >/dev/null || exit 1
done

# The application: reads and writes every table, never the column that goes.
{
	i=1
	echo '\set id random(1, 2000)'
	while [ $i -le "$crowd" ]; do
		echo "SELECT n FROM public.t$i WHERE id = :id;"
		echo "UPDATE public.t$i SET n = n + 1 WHERE id = :id;"
		i=$((i + 1))
	done
} >"$now/app.sql"
PGOPTIONS="-c application_name=shop" pgbench -n -c 4 -j 1 -R 40 -T 900 -l --log-prefix="$now/app" --failures-detailed -f "$now/app.sql" $db >"$now/app.out" 2>&1 &
bench=$!

side() { # a|b first: every second walk up to the end of its wait
	i=$2
	while [ "$i" -le "$crowd" ]; do
		as "$1" "$i" final || { echo "$i" >>"$now/failed"; cat "$now/said-$i"; }
		i=$((i + 2))
	done
}
side a 1 &
one=$!
side b 2 &
two=$!
wait $one
wait $two
[ ! -e "$now/failed" ]
say "$(yes_if [ ! -e "$now/failed" ])" "$crowd walks of two operators stand before their final snapshot, side by side"
say "$(yes_if [ "$(sql "SELECT count(*) FROM gatewalk.walk WHERE stage = 'snapshot again'")" -eq "$crowd" ])" "all are open at once"

# Both go for their drop. The first one through makes the other wait for its 48 hours: A6.
as a 1 armed
cp "$now/said-1" "$now/said"
has "^stage armed" "one operator stands at a drop"
as b 2 armed
cp "$now/said-2" "$now/said"
has "^stage armed" "and the other one, of another table"
drop_as a 1
has "^stage monitor dropped 1" "the first drops"
drop_as b 2
has "A6.*crowd-1.*still being watched|^error .*A6" "the second is refused by A6, and told of which walk"
say "$(yes_if [ "$(sql "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.t2'::regclass AND attname = 'old'")" -eq 1 ])" "and has dropped nothing"
# Its time comes when the other one's watch is over: two short days. Waited for in the database, by the server's clock.
until [ "$(sql "SELECT dropped_at < clock_timestamp() - interval '2.2 s' FROM gatewalk.walk WHERE name = 'crowd-1'")" = t ]; do sleep 0.2; done
as b 2 armed
drop_as b 2
has "^stage monitor dropped 1" "after the first one's 48 hours the second drops, too"
say "$(yes_if [ "$(sql "SELECT count(*) FROM pg_attribute WHERE attname = 'old' AND attrelid = ANY (ARRAY['public.t1', 'public.t2']::regclass[])")" -eq 0 ])" "both columns are gone"
say "$(yes_if [ "$(sql "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")" -eq 0 ])" "nobody deadlocked"

kill "$bench" 2>/dev/null
wait "$bench" 2>/dev/null
bench=""
jobs_end
aborted=$(grep -cE "aborted|ERROR" "$now/app.out")
say "$(yes_if [ "$aborted" -eq 0 ])" "no statement of the application failed"
[ "$aborted" -eq 0 ] || head -n 5 "$now/app.out"
# Column 3 of pgbench's log is a transaction's time; with -R column 6 is how late it began.
sort -k3,3n "$now"/app.* 2>/dev/null | awk '$3 ~ /^[0-9]+$/ && NF >= 5 { all++; last = $3 - $6; if (last > max) max = last }
	END { printf "# the application: %d transactions of %d statements, the longest took %.0f ms\n", all, 2 * '"$crowd"', max / 1000 }'
exit "$failed"
