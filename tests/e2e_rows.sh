#!/bin/sh
# SPDX-License-Identifier: MIT
# A walk that removes rows, on a rehearsal: from its first item to its schema log, with writes going on, a job that is killed
# again and again, a pause outside the window and one by a metric, a stop half way, and the way back.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_tmux.sh disable=SC1091 # looked at on its own
. tests/lib_tmux.sh
# shellcheck source=tests/lib_walk.sh disable=SC1091
. tests/lib_walk.sh
walk_home rows
tm_dir=""
# shellcheck disable=SC2317 # the trap calls it
finish() {
	touch "$top/end"
	[ -z "$tm_dir" ] || tm_stop
	psql -qXd postgres -c "DROP DATABASE IF EXISTS e2e_rows WITH (FORCE)" >/dev/null 2>&1
	rm -rf "$top"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
walk_database e2e_rows
psql -qX -c "CREATE EXTENSION pg_stat_statements SCHEMA public; CREATE TABLE public.brake (pull int); INSERT INTO public.brake VALUES (0);
	CREATE TABLE public.orders (id bigint PRIMARY KEY, total int, at timestamptz NOT NULL);
	INSERT INTO public.orders SELECT i, i, '2018-01-01'::timestamptz + i * interval '1 minute' FROM generate_series(1, 60000) i;
	CREATE TABLE public.was AS SELECT * FROM public.orders; ANALYZE" || exit 1
must 0 "marked a rehearsal" "$gw" init --environment rehearsal
plan() { # name where more
	cat >"$top/$1.yaml" <<END
gatewalk: 1
name: $1
archetype: destructive
recipe: remove-rows
target: {schema: public, table: orders, where: "$2"}
document: {before: with them, after: without them, why: nobody needs them, way_back: restore, leaves_behind: nothing, rollback_floor: "1.20", api_contract: none, falls: []}
deploys: [{name: web}]
sources: []
window: {zone: UTC, open: [{days: [Mon, Tue, Wed, Thu], from: "02:00", to: "06:00"}]}
rehearsal: {now: "Tue 04:30", day: 0.2}
$3
END
}

plan old "at < '2018-01-15T00:00:00Z'" "rows: {batch_ms: 10}
monitor: {metrics: [{name: brake, query: \"SELECT pull FROM public.brake\", pause: 10}]}"
must 0 "old: to the drop" "$walk" "" "$key" "$top/old.yaml" armed
n=$(sql "SELECT count(*) FROM public.orders WHERE at < '2018-01-15T00:00:00Z'")
run 0 "a brake is pulled" sql "UPDATE public.brake SET pull = 50"
drop old "old: signed, and its job runs"
until_sql "it waits for the metric, and says so" "SELECT state = 'waiting' AND note LIKE 'brake is 50, and it pauses above 10' FROM gatewalk.job WHERE kind = 'remove' ORDER BY id DESC LIMIT 1"
is "while it waits it holds no transaction" "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'gatewalk%' AND state LIKE 'idle in transaction%'" 0
is "and nothing has gone" "SELECT count(*) FROM gatewalk.removal" 0
run 0 "status tells it" "$gw" status old
has "waiting, safe to quit" "removal waits"
run 0 "the brake goes below the limit" sql "UPDATE public.brake SET pull = 9"
until_sql "it still waits: it goes on at four fifths" "SELECT note LIKE 'brake is 9, and it pauses above 8' FROM gatewalk.job WHERE kind = 'remove' ORDER BY id DESC LIMIT 1"
again "$top/end" 0.1 echo "UPDATE public.orders SET total = total + 1 WHERE id = (random() * 20000)::int + 10; DELETE FROM public.orders WHERE id = (random() * 20000)::int + 10;" |
	psql -XAtq -f - >/dev/null 2>&1 &
writer=$!
run 0 "the brake is let go" sql "UPDATE public.brake SET pull = 0"
# kill -9 of the job, three times, wherever it is; the engine starts it again at its next look.
kills=0
while [ $kills -lt 3 ]; do
	was=$(sql "SELECT coalesce(max(batch), 0) FROM gatewalk.removal")
	pid=$(sql "SELECT pid FROM gatewalk.job WHERE kind = 'remove' AND state IN ('running', 'waiting') ORDER BY id DESC LIMIT 1")
	[ -n "$pid" ] && [ "$(sql "SELECT coalesce(max(batch), 0) > $was + 1 OR coalesce(max(to_n), 0) >= $n FROM gatewalk.removal")" = t ] && kill -9 "$pid" 2>/dev/null && kills=$((kills + 1))
	"$walk" "" "$key" old look >/dev/null 2>&1
	[ "$(sql "SELECT coalesce(max(to_n), 0) >= $n FROM gatewalk.removal")" = t ] && break
done
echo "# $kills kills"
[ $kills -gt 0 ] || { echo "not ok - the job was killed at work"; failed=1; }
tries=0
while [ $tries -lt 120 ] && ! "$walk" "" "$key" old look 2>/dev/null | grep -q "dropped 1"; do tries=$((tries + 1)); sleep 0.5; done
run 0 "its outcome stands in the log" "$walk" "" "$key" old look
has "as dropped" "stage monitor dropped 1"
touch "$top/end"
wait "$writer"
is "each row of the snapshot is accounted for, once" "SELECT sum(rows_removed + rows_left) = $n AND sum(rows_left) = (SELECT count(*) FROM gatewalk.removal_left) FROM gatewalk.removal" t
is "what was removed is gone but for what was added" "SELECT count(*) FROM public.orders o JOIN public.was w USING (id) WHERE o.at < '2018-01-15T00:00:00Z' AND o.total = w.total" 0
is "rows that changed are there" "SELECT count(*) >= (SELECT count(*) FROM gatewalk.removal_left WHERE why = 'changed') - 20 FROM public.orders WHERE at < '2018-01-15T00:00:00Z'" t
is "nothing else was touched" "SELECT count(*) FROM public.was w WHERE at >= '2018-01-15T00:00:00Z' AND NOT EXISTS (SELECT FROM public.orders o WHERE o.id = w.id AND o.at = w.at)" 0
dir=$(ls -d "$XDG_STATE_HOME"/gatewalk/walks/*)
run 0 "the log verifies" "$gw" verify "$dir"
grep -h '"op":"outcome"' "$dir/plan.gwlog" >"$out"
has "the outcome counts" "of $n rows removed, [0-9]+ left"
grep -lE '"snapshot_rows":' "$dir"/blobs/* >"$out"
say 1 "$(wc -l <"$out")" "and its evidence lists what was left"
is "nothing of gatewalk's own is left on the table" "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'gatewalk%'" 0
is "nor the copy of the rows" "SELECT count(*) FROM pg_class WHERE relname ~ '^rows_[0-9a-f]{12}\$'" 0
sql "INSERT INTO public.orders VALUES (3, -3, now())" >/dev/null 2>&1
"$gw" restore old >"$out" 2>&1
rc=$?
say "7" "$rc" "restore: done, and what could not be placed is listed"
has "by key" "row id=[0-9]+: its key was used again"
is "all that was removed is back, but where its key is in use" "SELECT count(*) FROM public.was w WHERE at < '2018-01-15T00:00:00Z' AND id NOT IN (SELECT substr(key, 4)::bigint FROM gatewalk.removal_left) AND NOT EXISTS (SELECT FROM public.orders o WHERE o.id = w.id)" 0
is "the row added since stays" "SELECT total FROM public.orders WHERE id = 3 AND at > '2020-01-01' UNION ALL SELECT -3 WHERE NOT EXISTS (SELECT FROM public.orders WHERE id = 3 AND at > '2020-01-01')" -3
run 0 "old: closed" "$walk" "" "$key" old finish

plan late "at >= '2018-02-01T00:00:00Z' AND at < '2019-01-01T00:00:00Z'" "rows: {batch_ms: 10}"
must 0 "late: to the drop" "$walk" "" "$key" "$top/late.yaml" armed
sql "BEGIN; SELECT FROM public.orders WHERE id = 50000 FOR UPDATE; SELECT pg_sleep(120) AS held; COMMIT" >/dev/null 2>&1 &
drop late "late: signed, and its job runs"
until_sql "late: a row that somebody holds is come to and waited for, alone" "SELECT state = 'waiting' AND note LIKE '%lock timeout%' AND (SELECT max(to_n) = 50000 - 44640 FROM gatewalk.removal r JOIN gatewalk.walk w USING (sid) WHERE w.name = 'late')
	FROM gatewalk.job WHERE kind = 'remove' ORDER BY id DESC LIMIT 1"
id=$(sql "SELECT max(id) FROM gatewalk.job WHERE kind = 'remove'")
run 0 "late: stopped half way" "$gw" job stop "$id"
until_sql "late: the job has stopped" "SELECT state = 'stopped' FROM gatewalk.job WHERE id = $id"
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%AS held%' AND pid <> pg_backend_pid()" >/dev/null
run 0 "late: taken in" "$walk" "" "$key" late look
has "late: what was removed counts as dropped" "stage monitor dropped 1"
is "late: what was not reached is there" "SELECT (SELECT count(*) FROM public.was w WHERE at >= '2018-02-01T00:00:00Z') - (SELECT sum(rows_removed) FROM gatewalk.removal r JOIN gatewalk.walk w USING (sid) WHERE w.name = 'late')
	= count(*) FROM public.orders WHERE at >= '2018-02-01T00:00:00Z' AND at < '2019-01-01'" t
exit $failed
