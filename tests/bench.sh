#!/bin/sh
# SPDX-License-Identifier: MIT
# The figures, each beside a named peer in the same run. Ratios travel; seconds are this machine's. Nothing here fails by time.
# BENCH_SERVER: further settings of its server, which has 64 MB of shared_buffers else: FILL=20000000 wants "shared_buffers=2GB max_wal_size=16GB".
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C.UTF-8
B=${B:-build}
gw=$(realpath "$B/gatewalk") bench=$(realpath "$B/tests/tool_bench") walk=$(realpath "$B/tests/tool_walk") || exit 1
top=$(mktemp -d /tmp/gwbench.XXXXXX) || exit 1
chmod 711 "$top"
export GATEWALK="$gw" HOME="$top/home" XDG_STATE_HOME="$top/state" XDG_DATA_HOME="$top/data" XDG_CONFIG_HOME="$top/config"
mkdir -p "$HOME" "$XDG_CONFIG_HOME/gatewalk" && chmod 700 "$HOME" "$XDG_CONFIG_HOME" "$XDG_CONFIG_HOME/gatewalk"
finish() { "$B/tests/tool_cluster" stop "$top/pg" >/dev/null 2>&1; rm -rf "$top"; }
trap finish EXIT
trap 'exit 130' INT TERM HUP
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", (b > 0 ? a / b : 0) }'; }
# shellcheck disable=SC2034 # lib_walk.sh reads them
out=$top/out tm_dir=""
# shellcheck source=tests/lib_tmux.sh disable=SC1091 # looked at on its own
. tests/lib_tmux.sh
# shellcheck source=tests/lib_walk.sh disable=SC1091
. tests/lib_walk.sh
# shellcheck source=tests/bench_table.sh disable=SC1091
. tests/bench_table.sh
# shellcheck source=tests/bench_backfill.sh disable=SC1091
. tests/bench_backfill.sh
# shellcheck source=tests/bench_cost.sh disable=SC1091
. tests/bench_cost.sh
# shellcheck source=tests/bench_dual.sh disable=SC1091
. tests/bench_dual.sh
line() { printf '%-58s %12s %12s %8s   %s\n' "$@"; }

# shellcheck disable=SC2086 # words
"$B/tests/tool_cluster" start "$top/pg" fsync=off max_locks_per_transaction=512 pg_stat_statements.max=20000 ${BENCH_SERVER:-} >/dev/null || exit 1
eval "$("$B/tests/tool_cluster" env "$top/pg")"
export PGDATABASE=bench
key="$XDG_CONFIG_HOME/gatewalk/id_ed25519"
ssh-keygen -q -t ed25519 -N '' -f "$key" || exit 1
psql -qXd postgres -c "CREATE DATABASE bench" || exit 1
psql -qX -c "CREATE EXTENSION pg_stat_statements SCHEMA public; CREATE TABLE public.orders (id bigint PRIMARY KEY, total int, pad text, old text);
	INSERT INTO public.orders SELECT i, i, repeat('x', 200), md5(i::text) FROM generate_series(1, 1500000) i; ANALYZE" || exit 1
"$gw" init --environment rehearsal >/dev/null || exit 1
cat >"$top/plan.yaml" <<'EOF'
gatewalk: 1
name: orders-drop-old
archetype: destructive
recipe: drop-column
target: {schema: public, table: orders, column: old}
document: {before: with it, after: without it, why: nobody uses it, way_back: restore, leaves_behind: nothing, rollback_floor: "1.20", api_contract: none, falls: []}
deploys: [{name: web}]
sources: []
window: {zone: UTC, open: [{days: [Mon, Tue, Wed, Thu], from: "02:00", to: "06:00"}]}
snapshot: {scope: table}
rehearsal: {now: "Tue 04:30", day: 0.2}
EOF
"$walk" "" "$key" "$top/plan.yaml" begin >/dev/null || exit 1

echo "$(getconf _NPROCESSORS_ONLN) cores, $("$gw" --version), server $(psql -XAtc 'show server_version')"
line what gatewalk peer ratio aim
peer=$("$bench" exec 15 psql -XAtc 'select 1')
home=$("$bench" screen 15 "$gw")
line "start to first screen, home (ms; psql -c 'select 1')" "$home" "$peer" "$(ratio "$home" "$peer")" "<= 1.5"
one=$("$bench" screen 15 "$gw" walk orders-drop-old)
peer=$("$bench" exec 15 psql -XAtc 'select 1')
line "start to first screen, a walk (ms; psql -c 'select 1')" "$one" "$peer" "$(ratio "$one" "$peer")" "<= 1.5"

"$walk" "" "$key" orders-drop-old start-snapshot >/dev/null || exit 1
calm=$("$bench" keys 300 "$gw" walk orders-drop-old | tail -n 1)
alive=$("$gw" job list --json | grep -q '"state":"running"' && echo yes || echo "ended before")
while "$gw" job list --json | grep -q '"state":"running"'; do sleep 0.5; done
quiet=$("$bench" keys 300 "$gw" walk orders-drop-old | tail -n 1)
line "key to repaint, p99 ms, snapshot running ($alive; none)" "$calm" "$quiet" "$(ratio "$calm" "$quiet")" "<= 16 ms"

"$B/tests/tool_journal" "$top/long" 100000 10000 || exit 1
verify=$("$bench" exec 3 "$gw" verify "$top/long")
peer=$("$bench" exec 3 sha256sum "$top/long/plan.gwlog")
line "verify 100,000 lines, 10,000 signed (ms; sha256sum alone)" "$verify" "$peer" "$(ratio "$verify" "$peer")" "<= 2000 ms"

echo "(filling a log with 10,000 lines and a folder with 1,000 walks)"
"$walk" "" "$key" orders-drop-old fill:10000 >/dev/null || exit 1
sid=$(basename "$(ls -d "$XDG_STATE_HOME"/gatewalk/walks/*)")
i=0
while [ $i -lt 1000 ]; do
	other=$(printf '%032x' $((i + 1)))
	mkdir -m 700 "$XDG_STATE_HOME/gatewalk/walks/$other"
	sed "s/$sid/$other/; s/orders-drop-old/walk-$i/" "$XDG_STATE_HOME/gatewalk/walks/$sid/summary" >"$XDG_STATE_HOME/gatewalk/walks/$other/summary"
	chmod 600 "$XDG_STATE_HOME/gatewalk/walks/$other/summary"
	i=$((i + 1))
done
mem=$("$bench" memory L "$gw" walk orders-drop-old)
# shellcheck disable=SC2016 # the shell that psql starts expands it
peer=$(psql -XAtq -c '\! grep VmHWM /proc/$PPID/status' | awk '{ print $2 }')
line "memory, 1,000 walks and a 10,000-line log (kB; psql)" "$mem" "$peer" "$(ratio "$mem" "$peer")" "<= 30720 kB"
home=$("$bench" screen 5 "$gw")
peer=$("$bench" exec 5 psql -XAtc 'select 1')
line "start to first screen, home of 1,000 walks (ms; psql)" "$home" "$peer" "$(ratio "$home" "$peer")" "-"

# Rows: a removal as the job does it, and its way back, against one plain DELETE. Beside each, a client that locks one of those rows
# again and again, as an update would: its longest wait. ROWS=1000000 for a million.
rows=${ROWS:-100000}
lock_one="SELECT FROM public.big WHERE id = $((rows / 10)) FOR UPDATE;"
rows_table() {
	psql -qX -c "DROP TABLE IF EXISTS public.big; CREATE TABLE public.big (id bigint PRIMARY KEY, total int, pad text);
		INSERT INTO public.big SELECT i, i, repeat('x', 100) FROM generate_series(1, $rows * 2) i; ANALYZE public.big" -c "VACUUM public.big" -c "CHECKPOINT"
}
wal() { psql -XAtc "SELECT pg_current_wal_insert_lsn() - '0/0'"; }
ms() { date +%s%3N; }
measure_rows() {
	rows_table
	rm -f "$top/end"
	client "$top/end" "$lock_one" >"$top/plain.wait" &
	from=$(ms) w=$(wal)
	psql -qX -c "DELETE FROM public.big WHERE id <= $rows"
	plain=$(($(ms) - from)) plain_wal=$(($(wal) - w))
	touch "$top/end"; wait
	rows_table
	"$bench_rows" prepare "$rows" >/dev/null || return
	rm -f "$top/end"
	client "$top/end" "$lock_one" >"$top/ours.wait" &
	from=$(ms) w=$(wal)
	"$bench_rows" remove || return
	ours=$(($(ms) - from)) ours_wal=$(($(wal) - w))
	touch "$top/end"; wait
	from=$(ms)
	"$bench_rows" restore || return
	back=$(($(ms) - from))
	psql -qX -c "CREATE TABLE public.copy AS SELECT * FROM public.big WHERE id <= $rows; DELETE FROM public.big WHERE id <= $rows"
	from=$(ms)
	psql -qX -c "INSERT INTO public.big SELECT * FROM public.copy"
	insert=$(($(ms) - from))
	line "removal of $rows rows (ms; one DELETE)" "$ours" "$plain" "$(ratio "$ours" "$plain")" "-"
	line "its WAL (kB; one DELETE)" $((ours_wal / 1024)) $((plain_wal / 1024)) "$(ratio "$ours_wal" "$plain_wal")" "-"
	line "longest wait of another client (ms; one DELETE)" "$(cat "$top/ours.wait")" "$(cat "$top/plain.wait")" "$(ratio "$(cat "$top/ours.wait")" "$(cat "$top/plain.wait")")" "-"
	line "the way back of $rows rows (ms; one INSERT)" "$back" "$insert" "$(ratio "$back" "$insert")" "-"
}
bench_rows=$(realpath "$B/tests/tool_rows_bench") && measure_rows
measure_parts
measure_backfill

# Source trees: a million lines in 8,000 files of a work tree, made here; git's own search for two of the spellings beside it.
measure_source() {
	mkdir "$top/tree" && "$B/tests/tool_source" --make "$top/tree" 8000 125 || return
	git -C "$top/tree" init -q && git -C "$top/tree" add -A && git -C "$top/tree" -c user.name=b -c user.email=b@b commit -qm tree || return
	"$B/tests/tool_source" public orders legacy_note "$top/tree" >/dev/null   # both read from memory
	"$B/tests/tool_source" public orders legacy_note "$top/tree" | tail -n 1 >"$top/source"
	ours=$("$bench" exec 3 "$B/tests/tool_source" public orders legacy_note "$top/tree")
	peer=$("$bench" exec 3 git -C "$top/tree" grep -nwi -e legacy_note -e legacyNote)
	line "source tree of 1 million lines (ms; git grep of 2 names)" "$ours" "$peer" "$(ratio "$ours" "$peer")" "<= 10000 ms"
	line "its memory (kB)" "$(cut -d ' ' -f 2 "$top/source")" "-" "-" "<= 204800 kB"
}
measure_source
measure_audit
measure_writes
measure_dual
