#!/bin/sh
# SPDX-License-Identifier: MIT
# Rows of a partitioned table are removed in production, over two days of a server whose clock is moved: the job pauses ten minutes before
# its window ends, stays paused outside of it, holds nothing meanwhile, and goes on by itself in the next window. A row that moved to another
# partition, and one that changed, are left; all that went comes back. The clock starts in the past: see e2e_production.sh.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_tmux.sh disable=SC1091 # looked at on its own
. tests/lib_tmux.sh
# shellcheck source=tests/lib_walk.sh disable=SC1091
. tests/lib_walk.sh
# shellcheck source=tests/lib_clock.sh disable=SC1091
. tests/lib_clock.sh
clock_server rowsnight
out=$top/out
key="$XDG_CONFIG_HOME/gatewalk/id_ed25519"
ssh-keygen -q -t ed25519 -N '' -f "$key" || exit 1
psql -qX -v ON_ERROR_STOP=1 <<END || exit 1
CREATE EXTENSION pg_stat_statements SCHEMA public;
CREATE TABLE public.events (id bigint NOT NULL, at date NOT NULL, note text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE public.events_18 PARTITION OF public.events FOR VALUES FROM ('2018-01-01') TO ('2019-01-01');
CREATE TABLE public.events_19 PARTITION OF public.events FOR VALUES FROM ('2019-01-01') TO ('2020-01-01') PARTITION BY HASH (id);
CREATE TABLE public.events_19a PARTITION OF public.events_19 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE public.events_19b PARTITION OF public.events_19 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE public.events_rest PARTITION OF public.events DEFAULT;
INSERT INTO public.events SELECT i, '2018-01-01'::date + (i % 1000)::int, 'e' || i FROM generate_series(1, 2000) i;
CREATE TABLE public.was AS SELECT * FROM public.events;
ANALYZE;
END
must 0 "marked production" "$gw" init --environment production
old="at < '2019-07-01'"
cat >"$top/plan.yaml" <<END
gatewalk: 1
name: events-old
archetype: destructive
recipe: remove-rows
target: {schema: public, table: events, where: "$old"}
document: {before: with them, after: without them, why: nobody needs them, way_back: restore, leaves_behind: nothing, rollback_floor: "1.20", api_contract: none, falls: []}
deploys: [{name: web}]
window: {zone: $zone, open: [{days: [Mon, Tue, Wed, Thu], from: "08:00", to: "17:00"}]}
rows: {batch_ms: 200}
END
run 0 "the plan" "$gw" check -d dbname="$PGDATABASE" "$top/plan.yaml"
must 0 "items 1 to 9 begun, of all partitions: snapshot, drill, documents, gate A, consumers" "$walk" "" "$key" "$top/plan.yaml" unused
is "each partition has the tripwire" "SELECT count(DISTINCT tgrelid) FROM pg_trigger WHERE tgname ~ '^gatewalk_trip_[0-9a-f]{12}(_[it])?\$' AND tgrelid::regclass::text LIKE 'events%'" 6
clock "$((15 * 86400 - then))"
run 0 "a sample after fourteen days" "$gw" job tick
must 0 "gates B and C" "$walk" "" "$key" events-old armed
n=$(sql "SELECT count(*) FROM public.events WHERE $old")
removed() { sql "SELECT coalesce(sum(rows_removed), 0) FROM gatewalk.removal"; }
job() { until_sql "$1" "SELECT $2 FROM gatewalk.job WHERE kind = 'remove' ORDER BY id DESC LIMIT 1"; }   # text condition

# Somebody holds a row, so that the removal has not ended when its window does; rows behind it are others by the time they are reached.
sql "BEGIN; SELECT FROM public.events WHERE id = 1001 FOR UPDATE; SELECT pg_sleep(600) AS held; COMMIT" >/dev/null 2>&1 &
held=$!
until_sql "somebody holds a row" "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%AS held%' AND state = 'active' AND pid <> pg_backend_pid()"
drop events-old "signed, and its job runs"
job "it comes to the row that is held, and waits" "state = 'waiting' AND note LIKE '%lock timeout%'"
run 0 "rows change" sql "UPDATE public.events SET at = '2019-12-31' WHERE id = 1003; UPDATE public.events SET note = 'new' WHERE id = 1500; DELETE FROM public.events WHERE id = 1501"

clock_at 1 16:54
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%AS held%' AND pid <> pg_backend_pid()" >/dev/null
wait $held
job "six minutes before the window's end it pauses" "state = 'waiting' AND note LIKE '%: C3, %'"
sql "SELECT note FROM gatewalk.job WHERE kind = 'remove' ORDER BY id DESC LIMIT 1" >"$out"
has "and says why: $(cut -c 1-120 "$out")" "left, and 10 are needed"
first=$(removed)
say 1 "$([ "$first" -gt 0 ] && [ "$first" -lt "$n" ] && echo 1 || echo "$first of $n")" "part of the rows have gone"
clock_at 1 21:30
job "outside of the window it stays paused" "state = 'waiting' AND note LIKE '%: C3, %' AND note LIKE '%window%'"
sql "SELECT note FROM gatewalk.job WHERE kind = 'remove' ORDER BY id DESC LIMIT 1" >"$out"
is "the lock is free, and still not one row goes" "SELECT coalesce(sum(rows_removed), 0) FROM gatewalk.removal" "$first"
is "it holds no transaction" "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'gatewalk%' AND state LIKE 'idle in transaction%'" 0
run 0 "status tells it" "$gw" status events-old
has "waiting, safe to quit" "removal waits"
clock_at 2 07:58
is "two minutes before the next one, too" "SELECT coalesce(sum(rows_removed), 0) FROM gatewalk.removal" "$first"
clock_at 2 08:05
job "in the next window it goes on by itself, to its end" "state = 'done'"
run 0 "its outcome is taken in" "$walk" "" "$key" events-old look
has "as dropped" "stage monitor dropped 1"
is "what went is what equalled the snapshot, in every partition" "SELECT count(*) FROM public.was w WHERE $old AND id NOT IN (1003, 1500, 1501) AND EXISTS (SELECT FROM public.events e WHERE e.id = w.id)" 0
is "the rest is listed, with its reason" "SELECT string_agg(split_part(key, ',', 1) || ' ' || why, ', ' ORDER BY n) FROM gatewalk.removal_left" "id=1003 gone, id=1500 changed, id=1501 gone"
is "the row that moved to another partition stands there" "SELECT tableoid::regclass FROM public.events WHERE id = 1003" "$(sql "SELECT CASE WHEN satisfies_hash_partition('public.events_19'::regclass, 2, 0, 1003::bigint) THEN 'events_19a' ELSE 'events_19b' END")"
is "nothing else was touched" "SELECT count(*) FROM public.was w WHERE NOT ($old) AND NOT EXISTS (SELECT FROM public.events e WHERE e = ROW(w.id, w.at, w.note)::public.events)" 0
run 0 "it all comes back" "$gw" restore events-old
is "each row in its partition, but for what had been left" "SELECT count(*) || ' ' || count(*) FILTER (WHERE e.note IS DISTINCT FROM w.note OR e.at <> w.at) FROM public.events e JOIN public.was w USING (id)" "1999 2"
exit $failed
