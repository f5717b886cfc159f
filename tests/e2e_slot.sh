#!/bin/sh
# SPDX-License-Identifier: MIT
# A walk whose plan asks for a logical slot, on a server of its own: made by the watch, read across a killed watcher, taken away when it
# keeps too much, made anew, gone with leave; and with the drop.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_tmux.sh disable=SC1091 # looked at on its own
. tests/lib_tmux.sh
# shellcheck source=tests/lib_walk.sh disable=SC1091
. tests/lib_walk.sh
walk_home slt
tm_dir=""
# shellcheck disable=SC2317 # the trap calls it
finish() {
	[ -z "$tm_dir" ] || tm_stop
	"$B/tests/tool_cluster" stop "$top/pg" >/dev/null 2>&1
	rm -rf "$top"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
"$B/tests/tool_cluster" start "$top/pg" fsync=off wal_level=logical >/dev/null || exit 1
eval "$("$B/tests/tool_cluster" env "$top/pg")"
psql -qX -v ON_ERROR_STOP=1 <<SQL || exit 1
CREATE EXTENSION pg_stat_statements SCHEMA public;
CREATE TABLE public.orders (id bigint PRIMARY KEY, old text, older text);
ALTER TABLE public.orders REPLICA IDENTITY FULL;
INSERT INTO public.orders SELECT i, 'o' || i, 'x' FROM generate_series(1, 1000) i;
ANALYZE;
SQL
must 0 "marked a rehearsal" "$gw" init --environment rehearsal
plan() { # column
	"$gw" new -d dbname=postgres --recipe drop-column --table orders --column "$1" --why "nobody uses it" --zone UTC --deploy web --source "$top/code" >"$top/new" 2>&1 || { cat "$top/new"; exit 1; }
	sed -e 's/^  hide: true/  hide: false/' -e 's/^  slot: false.*/  slot: true\n  slot_max_mb: 64/' -e 's/^  after:.*/  after: without it/' -e 's/^  way_back:.*/  way_back: gatewalk restore/' \
		-e 's/^  leaves_behind:.*/  leaves_behind: nothing/' -e 's/^  rollback_floor:.*/  rollback_floor: "1.20"/' -e 's/^  api_contract:.*/  api_contract: none/' \
		-e 's/"02:00", to: "05:00"/"02:00", to: "06:00"/' -e 's/^  day: 1$/  day: 0.2/' "$top/new" >"$top/$1.yaml"
}
w=orders-drop-old
slots="SELECT count(*) FROM pg_replication_slots WHERE slot_name ~ '^gatewalk_slot_'"
kept() { echo "SELECT (state::json->>'$1')::int FROM gatewalk.source WHERE source = 'logical slot'"; }
plan old
must 0 "a walk begins" "$walk" "" "$key" "$top/old.yaml" begin
must 0 "items 1 to 3" "$walk" "" "$key" $w consumers
is "no slot before the watch" "$slots" 0
psql -qX -c "CREATE ROLE plain LOGIN" || exit 1
run 0 "check, by a login that may make none" "$gw" check -d "dbname=postgres user=plain" "$top/old.yaml"
has "says so" "policy.slot is true, and none can be made here: this login may not use replication slots"
has "with the command that helps" "ALTER ROLE plain REPLICATION"
run 0 "doctor" "$gw" doctor --json
has "a server that bounds no slot is said" '"now":"a plan may ask for one; max_slot_wal_keep_size is -1: one that nobody looks after fills the disk"'
must 0 "the watch" "$walk" "" "$key" $w unused
is "the slot stands" "$slots" 1
until_sql "and the watcher has read it" "SELECT ok AND state::json->>'read' IS NOT NULL FROM gatewalk.source WHERE source = 'logical slot'"
run 0 "status" "$gw" status $w
has "says what it keeps" '^slot +keeps [0-9]+ of 64 MB of WAL, and the catalogue.s old rows for [0-9]+ transactions, since'
run 0 "doctor" "$gw" doctor
has "says it, too" 'gatewalk_slot_[0-9a-f]{12} keeps [0-9]+ MB of WAL'
run 0 "audit" "$gw" audit orders.old --source "$top/code" --json
is "gatewalk's own slot is nobody's" "SELECT '$(sed "s/'/''/g" "$out")'::json::text LIKE '%slot gatewalk_slot_%'" f

pid=$(sql "SELECT pid FROM gatewalk.job WHERE kind = 'watch' AND ended_at IS NULL")
kill -9 "$pid"
until_sql "the watcher is killed" "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name ~ '^gatewalk job'"
sql "/* gatewalk */ UPDATE public.orders SET id = -id WHERE id = 1; /* gatewalk */ UPDATE public.orders SET old = 'changed' WHERE id IN (2, 3)"
run 0 "one look for cron" "$gw" job tick
is "what was written meanwhile is known" "$(kept updates)" 2
is "and is a sighting" "SELECT count(*) FROM gatewalk.sighting WHERE source = 'logical slot' AND touch = 'write' AND text ~ '^transaction [0-9]+ .2 changes up to it. wrote old$'" 1
run 0 "a look from the walk" "$walk" "" "$key" $w look
is "without a gap" "SELECT count(*) FROM gatewalk.source WHERE source = 'logical slot' AND gap IS NULL" 1

sql "UPDATE gatewalk.job SET ended_at = now() WHERE ended_at IS NULL"
for i in 1 2 3 4 5 6; do sql "SELECT pg_logical_emit_message(false, 'test', '$i'), pg_switch_wal()" >/dev/null; done
run 0 "whoever looks takes away a slot that keeps too much" "$gw" job list
is "it is gone" "$slots" 0
run 0 "status" "$gw" status $w
has "says so" '^slot +gatewalk took it away: it kept [0-9]+ MB of WAL, more than the 64 MB of policy.slot_max_mb. Start the watch again'
run 3 "gates" "$gw" gates $w
has "gate B is shut by it" 'because +the logical slot that the plan asks for cannot be read'
must 0 "the walk looks" "$walk" "" "$key" $w look
must 0 "the watch is started again" "$walk" "" "$key" $w act:watch
is "another slot stands" "$slots" 1
must 0 "the walk looks" "$walk" "" "$key" $w look
grep -ho '"kind":"slot","why":"[^"]*"' "$XDG_STATE_HOME"/gatewalk/walks/*/plan.gwlog >"$out"
say 2 "$(grep -c . "$out")" "gone, and back: a line of the log each"
has "with the reason" 'more than the 64 MB of policy.slot_max_mb'
grep -h '"value":"logical slot made, to be taken away when it keeps more than 64 MB"' "$XDG_STATE_HOME"/gatewalk/walks/*/plan.gwlog >"$out"
say 2 "$(grep -c . "$out")" "that it was made stands in the log as well"
run 1 "uninstall while it is open" "$gw" uninstall
must 0 "leave" "$walk" "" "$key" $w "act:leave::this was a test"
is "takes it away" "$slots" 0

plan older
w=orders-drop-older
must 0 "a second walk" "$walk" "" "$key" "$top/older.yaml" begin
must 0 "to gate C" "$walk" "" "$key" $w armed
is "its slot stands until the drop" "$slots" 1
drop $w "the drop"
run 0 "whoever looks next" "$gw" status $w
is "takes it away" "$slots" 0
run 0 "the log verifies" "$gw" verify "$(grep -l '"name":"orders-drop-older"' "$XDG_STATE_HOME"/gatewalk/walks/*/plan.gwlog | head -n 1)"
sql "UPDATE gatewalk.walk SET closed_at = now(); UPDATE gatewalk.job SET ended_at = coalesce(ended_at, now())"
sql "SELECT pg_create_logical_replication_slot('gatewalk_slot_00000000000a', 'test_decoding')" >/dev/null
run 0 "uninstall" "$gw" uninstall
is "leaves none" "$slots" 0
exit $failed
