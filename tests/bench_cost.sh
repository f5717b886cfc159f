# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154 # B, top, gw, line and ratio are bench.sh's
# What it costs others: writes of pgbench to a table with tripwire and guard, against the same table without; and the audit of a large
# database. Source it from bench.sh. COST_PAIRS=N: so many pairs of runs of a second each.
cost=$(realpath "$B/tests/tool_cost")

# The processor time of the server's sessions that have ended, in ticks.
cost_ticks() { sed 's/.*) //' "/proc/$(head -n 1 "$top/pg/data/postmaster.pid")/stat" | awk '{ print $14 + $15 }'; }

# Transactions a second, and how much of the server's processor time each took, in us. $1 table, $2 shape.
cost_run() {
	sed "s/TABLE/$1/" "$top/cost.$2" >"$top/cost.now"
	before=$(cost_ticks)
	pgbench -n -M prepared -c 2 -T 1 -f "$top/cost.now" >"$top/cost.said" 2>/dev/null
	awk -v ticks=$(($(cost_ticks) - before)) -v hz="$(getconf CLK_TCK)" '/actually processed/ { n = $NF } /^tps/ { tps = $3 }
		END { printf "%s %.3f\n", tps, ticks * 1e6 / hz / n }' "$top/cost.said"
}

# The median of the pairs' column 1 over column 2, and each one's mean.
cost_ratio() { # column column
	awk -v a="$1" -v b="$2" '{ print $a / $b }' "$top/cost.pairs" | sort -n | awk '{ v[NR] = $1 } END { printf "%.3f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}
cost_mean() { awk -v c="$1" -v f="$2" '{ s += $c } END { printf f, s / NR }' "$top/cost.pairs"; }

trip_put() { "$cost" put "$1" old; }
trip_take() { "$cost" take "$1" old; }
cost_put=trip_put cost_take=trip_take

# Two tables alike. In each pair one has what is measured ($cost_put, $cost_take) and the other has not, in changing order; half way they change places. The
# median of the pairs' ratios is what is told: a slow second of the machine meets both, or is one pair of many.
cost_writes() { # shape what on|off
	: >"$top/cost.pairs"
	psql -qX -o /dev/null -c "ALTER SYSTEM SET fsync = $3" -c "SELECT pg_reload_conf()" -c CHECKPOINT
	disk=$3
	set -- "$1" "$2" cost_a cost_b
	for half in 1 2; do
		psql -qX -c "TRUNCATE public.cost_a, public.cost_b; INSERT INTO public.cost_a SELECT i, i, 'x' || i FROM generate_series(1, 10000) i;
			INSERT INTO public.cost_b TABLE public.cost_a" -c "VACUUM ANALYZE public.cost_a, public.cost_b" -c CHECKPOINT || return 1
		"$cost_put" "$3" || return 1
		i=0
		while [ $i -lt $((${COST_PAIRS:-8} / 2)) ]; do
			if [ $((i % 2)) = 0 ]; then on=$(cost_run "$3" "$1"); off=$(cost_run "$4" "$1"); else off=$(cost_run "$4" "$1"); on=$(cost_run "$3" "$1"); fi
			echo "$on $off" >>"$top/cost.pairs"
			i=$((i + 1))
		done
		"$cost_take" "$3" || return 1
		[ $half = 2 ] || set -- "$1" "$2" "$4" "$3"
	done
	aim=${cost_aim:-"<= 1.03"}
	[ "$disk" = on ] || aim=-
	line "$2, fsync $disk (tps; none)" "$(cost_mean 1 %.0f)" "$(cost_mean 3 %.0f)" "$(cost_ratio 3 1)" "$aim"
	[ "$disk" = on ] || line "  the server's processor time for each (us; none)" "$(cost_mean 2 %.1f)" "$(cost_mean 4 %.1f)" "$(cost_ratio 2 4)" "-"
}

# In a database of its own: the bench's has walks, and another mark.
measure_writes() {
	walk_database cost
	psql -qX -c "CREATE TABLE public.cost_a (id bigint PRIMARY KEY, total int, old text); CREATE TABLE public.cost_b (LIKE public.cost_a INCLUDING ALL);
		ALTER TABLE public.cost_a SET (autovacuum_enabled = off); ALTER TABLE public.cost_b SET (autovacuum_enabled = off);
		CREATE SEQUENCE public.cost_id START 1000000" || return
	echo "INSERT INTO public.TABLE VALUES (nextval('public.cost_id'), 1, 'new')" >"$top/cost.insert"
	printf '%s\n' '\set id random(1, 10000)' "UPDATE public.TABLE SET total = total + 1 WHERE id = :id" >"$top/cost.other"
	printf '%s\n' '\set id random(1, 10000)' "UPDATE public.TABLE SET old = 'y' || :id || random() WHERE id = :id" >"$top/cost.update"
	echo "(writes with tripwire and guard; the ratio is the median of ${COST_PAIRS:-8} pairs. fsync on: as servers run; off: all that they cost)"
	for disk in on off; do
		cost_writes other "update of other columns" "$disk" && cost_writes update "update of the column" "$disk" && cost_writes insert "insert with the column" "$disk" || return
	done
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
