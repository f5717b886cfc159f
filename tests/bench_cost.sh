# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154 # B, top, gw, line and ratio are bench.sh's
# What it costs others: writes of pgbench to a table with tripwire and guard, against the same table without; and the audit of a large
# database. Source it from bench.sh. COST_PAIRS=N: so many pairs of runs of a second each.
cost=$(realpath "$B/tests/tool_cost")

# Transactions a second. $1 table, $2 shape.
cost_tps() {
	sed "s/TABLE/$1/" "$top/cost.$2" >"$top/cost.now"
	pgbench -n -M prepared -c 2 -T 1 -f "$top/cost.now" 2>/dev/null | sed -n 's/^tps = \([0-9.]*\).*/\1/p'
}

# Two tables alike. In each pair one has them and the other has none, in changing order; half way they change places. The median of
# the pairs' ratios is what is told: a slow second of the machine meets both or is one pair of many.
cost_writes() { # shape what aim
	: >"$top/cost.pairs"
	for with in cost_a cost_b; do
		[ "$with" = cost_a ] && without=cost_b || without=cost_a
		psql -qX -c "TRUNCATE public.cost_a, public.cost_b; INSERT INTO public.cost_a SELECT i, i, 'x' || i FROM generate_series(1, 10000) i;
			INSERT INTO public.cost_b TABLE public.cost_a" -c "VACUUM ANALYZE public.cost_a, public.cost_b" -c CHECKPOINT || return 1
		"$cost" put $with old || return 1
		i=0
		while [ $i -lt $((${COST_PAIRS:-12} / 2)) ]; do
			if [ $((i % 2)) = 0 ]; then on=$(cost_tps "$with" "$1"); off=$(cost_tps "$with"out "$1"); else off=$(cost_tps "$with"out "$1"); on=$(cost_tps "$with" "$1"); fi
			echo "$on $off" >>"$top/cost.pairs"
			i=$((i + 1))
		done
		"$cost" take $with old || return 1
	done
	half=$(awk '{ print $2 / $1 }' "$top/cost.pairs" | sort -n | awk '{ v[NR] = $1 } END { printf "%.3f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }')
	line "$2" "$(awk '{ s += $1 } END { printf "%.0f", s / NR }' "$top/cost.pairs")" "$(awk '{ s += $2 } END { printf "%.0f", s / NR }' "$top/cost.pairs")" "$half" "$3"
}

measure_writes() {
	psql -qX -c "CREATE TABLE public.cost_a (id bigint PRIMARY KEY, total int, old text); CREATE TABLE public.cost_b (LIKE public.cost_a INCLUDING ALL);
		CREATE SEQUENCE public.cost_id START 1000000" || return
	echo "INSERT INTO public.TABLE VALUES (nextval('public.cost_id'), 1, 'new')" >"$top/cost.insert"
	printf '%s\n' '\set id random(1, 10000)' "UPDATE public.TABLE SET total = total + 1 WHERE id = :id" >"$top/cost.other"
	printf '%s\n' '\set id random(1, 10000)' "UPDATE public.TABLE SET old = 'y' || :id || random() WHERE id = :id" >"$top/cost.update"
	echo "(the ratio is the median of ${COST_PAIRS:-12} pairs: tps without, over tps with tripwire and guard)"
	cost_writes other "updates of other columns, tripwire and guard (tps; none)" "<= 1.03" || return
	cost_writes update "updates of the column (tps; none)" "<= 1.03" || return
	cost_writes insert "inserts with the column (tps; none)" "<= 1.03"
}

# 1,000 tables, 10,000 statements, and the million lines of source that bench.sh has made by then.
measure_audit() {
	psql -qX -d postgres -c "CREATE DATABASE large" && psql -qX -d large -c "CREATE EXTENSION pg_stat_statements SCHEMA public" || return
	"$cost" make 1000 10000 | psql -qX -d large -o /dev/null || return
	psql -XAtc "SELECT count(*) || ' statements are kept' FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = 'large'"
	cat >"$top/audit.peer" <<'END'
psql -XAt -d large -c "SELECT query FROM public.pg_stat_statements" -c "SELECT prosrc FROM pg_proc" -c "SELECT pg_get_viewdef(oid) FROM pg_class WHERE relkind = 'v'" | grep -nwi legacy_note
git -C "$1" grep -nwi -e legacy_note -e legacyNote
END
	for i in 1 2 3; do
		"$cost" run "$gw" audit public.shop_7.legacy_note -d dbname=large --json --source "$top/tree" >>"$top/audit.ours" || return
		"$cost" run sh "$top/audit.peer" "$top/tree" >>"$top/audit.theirs" || return
	done
	ours=$(sort -n "$top/audit.ours" | sed -n 2p) theirs=$(sort -n "$top/audit.theirs" | sed -n 2p)
	line "audit: 1,000 tables, 10,000 statements, 1 million lines (ms;" "${ours% *}" "${theirs% *}" "$(ratio "${ours% *}" "${theirs% *}")" "<= 10000 ms"
	line "  its memory (kB) (psql reading the same | grep; git grep)" "${ours#* }" "${theirs#* }" "$(ratio "${ours#* }" "${theirs#* }")" "<= 204800 kB"
}
