#!/bin/sh
# SPDX-License-Identifier: MIT
# A production walk, from its first item to its schema log, with nothing scaled: the server's clock is moved through the weeks.
# It starts in the past and goes towards now: with a clock ahead of the real one the server's own timers would not fire.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_tmux.sh disable=SC1091 # looked at on its own
. tests/lib_tmux.sh
# shellcheck source=tests/lib_walk.sh disable=SC1091
. tests/lib_walk.sh
# shellcheck source=tests/lib_clock.sh disable=SC1091
. tests/lib_clock.sh
clock_server prod
out=$top/out
key="$XDG_CONFIG_HOME/gatewalk/id_ed25519"
ssh-keygen -q -t ed25519 -N '' -f "$key" || exit 1
psql -qX -c "CREATE EXTENSION pg_stat_statements SCHEMA public;
	CREATE TABLE public.orders (id bigint PRIMARY KEY, total int, old text NOT NULL DEFAULT 'none');
	CREATE INDEX orders_old ON public.orders (old);
	INSERT INTO public.orders SELECT i, i, md5(i::text) FROM generate_series(1, 3000) i; ANALYZE" || exit 1
must 0 "marked production" "$gw" init --environment production
cat >"$top/plan.yaml" <<EOF
gatewalk: 1
name: orders-drop-old
archetype: destructive
recipe: drop-column
target: {schema: public, table: orders, column: old}
document: {before: with it, after: without it, why: nobody uses it, way_back: restore, leaves_behind: nothing, rollback_floor: "1.20", api_contract: none, falls: ["index public.orders_old"]}
deploys: [{name: web}]
sources: []
window: {zone: $zone, open: [{days: [Mon, Tue, Wed, Thu], from: "08:00", to: "17:00"}]}
snapshot: {scope: column}
monitor: {migration_tool: rails}
EOF
run 0 "the plan" "$gw" check -d dbname=prod "$top/plan.yaml"
must 0 "items 1 to 9 begun: snapshot, documents, gate A, consumers, reads" "$walk" "" "$key" "$top/plan.yaml" unused
run 0 "NOT NULL and DEFAULT are off" psql -XAtqc "SELECT 1/(SELECT (NOT attnotnull AND NOT atthasdef)::int FROM pg_attribute WHERE attrelid='orders'::regclass AND attname='old')"
run 4 "gate B is shut, by time alone" "$gw" gates orders-drop-old
has "it says when at the earliest" "earliest"

clock "$((14 * 86400 - 900 - then))"
run 0 "a sample, a quarter of an hour short of fourteen days" "$gw" job tick
run 4 "gate B is still shut" "$gw" gates orders-drop-old
has "the wait is not over" "B5 +waits"
run 4 "and nothing passes it" "$walk" "" "$key" orders-drop-old pass-b
clock "$((15 * 86400 - then))"
run 0 "a sample after fourteen days" "$gw" job tick
must 0 "gates B and C" "$walk" "" "$key" orders-drop-old armed
drop orders-drop-old "dropped"
run 0 "the column and its index are gone" psql -XAtqc "SELECT 1/(SELECT (count(*)=0)::int FROM pg_attribute WHERE attrelid='orders'::regclass AND attname='old')"

run 4 "the watch is not over" "$walk" "" "$key" orders-drop-old close
clock "$((18 * 86400 - then))"
run 0 "a sample after the watch" "$gw" job tick
must 0 "item 12 and the schema log" "$walk" "" "$key" orders-drop-old close
run 0 "the schema log is in the database" psql -XAtqc "SELECT 1/count(*) FROM gatewalk.schema_log WHERE markdown LIKE '%schema_migrations%'"
run 0 "the log verifies" "$gw" verify "$(ls -d "$XDG_STATE_HOME"/gatewalk/walks/*)"
run 0 "the column comes back" "$gw" restore orders-drop-old
run 0 "with its values, NOT NULL, DEFAULT and index" psql -XAtqc "SELECT 1/(SELECT (count(*)=3000)::int FROM orders WHERE old = md5(id::text)),
	1/(SELECT (attnotnull AND atthasdef)::int FROM pg_attribute WHERE attrelid='orders'::regclass AND attname='old'), 1/(SELECT count(*) FROM pg_class WHERE relname='orders_old')"
exit $failed
