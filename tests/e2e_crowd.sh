#!/bin/sh
# SPDX-License-Identifier: MIT
# Many open walks in one database, two operators with keys and homes of their own driving different ones, and pgbench on the same
# tables all the while: A6 lets one drop at a time, nobody deadlocks, no statement of the application fails. How long others waited for
# a lock that gatewalk held, or stood before them for, the server itself tells (crowd_waits.awk); two clients write to a walk's table and
# to one that has no walk, as fast as they may, and what their times differ by is not the machine's. CROWD: how many walks (default 4;
# e2e_long_crowd.sh: 20).
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_fault.sh
. tests/lib_fault.sh
crowd=${CROWD:-4}
day=$(((crowd + 3) / 4))   # seconds: the more there are to drive, the longer a walk's 48 hours must be
db=crowd
bench="" probe=""

# shellcheck disable=SC2317,SC2329 # the trap calls it
end() {
	# shellcheck disable=SC2086
	[ -z "$bench$probe" ] || kill $bench $probe 2>/dev/null
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
rehearsal: {now: "Tue 04:30", day: $day}
END
}

# Every wait of more than a few ms for a lock is in the server's log, with who had it and who stood in the queue.
place_new fsync=off pg_stat_statements.max=20000 log_lock_waits=on deadlock_timeout=5ms log_disconnections=on "log_line_prefix='%m|%p|%a|%d|'"
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
	echo "CREATE TABLE public.control (id bigint PRIMARY KEY, n int, old text); CREATE INDEX control_old ON public.control (old);"
	echo "INSERT INTO public.control SELECT g, 0, md5(g::text) FROM generate_series(1, 2000) g;"
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
# Transactions of 30 ms, which a lock has to wait for, with a queue behind it.
cat >"$now/slow.sql" <<END
\set id random(1, 2000)
BEGIN;
UPDATE public.t1 SET n = n + 1 WHERE id = :id;
UPDATE public.t2 SET n = n + 1 WHERE id = :id;
\sleep 30 ms
COMMIT;
END
for t in t1 control; do printf '\\set id random(1, 2000)\nUPDATE public.%s SET n = n + 1 WHERE id = :id;\n' $t >"$now/$t.sql"; done
PGAPPNAME=shop pgbench -n -c 4 -j 1 -R 40 -T 1800 -l --log-prefix="$now/app" --failures-detailed -f "$now/app.sql@19" -f "$now/slow.sql@1" $db >"$now/app.out" 2>&1 &
bench=$!
PGAPPNAME=probe pgbench -n -c 1 -j 1 -R 400 -T 1800 -l --log-prefix="$now/probe" --failures-detailed -f "$now/t1.sql@1" -f "$now/control.sql@1" $db >"$now/probe.out" 2>&1 &
probe=$!

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
# Its time comes when the other one's watch is over: two of its days. Waited for in the database, by the server's clock.
until [ "$(sql "SELECT dropped_at < clock_timestamp() - interval '$((2 * day)).2 s' FROM gatewalk.walk WHERE name = 'crowd-1'")" = t ]; do sleep 0.2; done
as b 2 armed
drop_as b 2
has "^stage monitor dropped 1" "after the first one's 48 hours the second drops, too"
say "$(yes_if [ "$(sql "SELECT count(*) FROM pg_attribute WHERE attname = 'old' AND attrelid = ANY (ARRAY['public.t1', 'public.t2']::regclass[])")" -eq 0 ])" "both columns are gone"
say "$(yes_if [ "$(sql "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")" -eq 0 ])" "nobody deadlocked"

# shellcheck disable=SC2086
kill $bench $probe 2>/dev/null
wait $bench $probe 2>/dev/null
bench="" probe=""
jobs_end
aborted=$(cat "$now/app.out" "$now/probe.out" | grep -cE "aborted|ERROR")
say "$(yes_if [ "$aborted" -eq 0 ])" "no statement of the application failed"
[ "$aborted" -eq 0 ] || head -n 5 "$now/app.out" "$now/probe.out"

# ---- who waited for whom ----

# A transaction's time in ms, the longest: column 3 of pgbench's log, less column 7, how late it began; column 4 is the script.
longest() { # log-prefix script
	cat "$1".* 2>/dev/null | awk -v script="$2" '$3 ~ /^[0-9]+$/ && NF >= 7 && $4 == script { n++; t = $3 - $7; if (t > max) max = t } END { printf "%.1f ms of %d", max / 1000, n }'
}

echo "# longest transaction: application $(longest "$now/app" 0) of $((2 * crowd)) statements; writes to a walk's table $(longest "$now/probe" 0), to the control $(longest "$now/probe" 1)"
awk -f tests/crowd_waits.awk "$now/pg/log" "$now/pg/log" >"$now/waits"
sed 's/^/# /' "$now/waits"
at_drop=$(sed -n 's/^waited for gatewalk at the drop: \([0-9]*\).*/\1/p' "$now/waits") elsewhere=$(sed -n 's/^waited for gatewalk elsewhere: \([0-9]*\).*/\1/p' "$now/waits")
own=$(sed -n 's/^gatewalk waited: \([0-9]*\).*/\1/p' "$now/waits")
say "$(yes_if [ "${at_drop:-9999}" -lt 600 ])" "others waited ${at_drop:-?} ms at the most for a drop (under 600)"
say "$(yes_if [ "${own:-9999}" -lt 600 ])" "gatewalk's own lock stood $own ms at the most in a queue (500, and what the machine takes)"
echo "# elsewhere: $elsewhere ms (aim: under 50)"
exit "$failed"
