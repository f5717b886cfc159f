# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034 # B, top, gw, line, ratio, ms and cost_* are bench.sh's and bench_cost.sh's
# Old and new column side by side: what the dual-write trigger costs writers, one way and both ways; and a comparison of all rows (PARITY=N; a
# million) against count(*). Source it from bench.sh.
dual=$(realpath "$B/tests/tool_dual")
dual_put() { "$dual" put "$1" old n "length(old)"; }
dual_put_both() { "$dual" put "$1" old n "length(old)" "repeat('x', n)"; }
dual_take() { "$dual" take "$1" old n ""; }

# 10 ms are one tick of the clock that psql's own start takes part of: so a median of five.
count_ms() { # query
	for _ in 1 2 3 4 5; do from=$(ms); psql -qXAt -o /dev/null -c "$1"; echo $(($(ms) - from)); done | sort -n | sed -n 3p
}

measure_parity() {
	rows=${PARITY:-1000000}
	psql -qX -c "CREATE TABLE public.big (id bigint PRIMARY KEY, old text, pad text, n int);
		INSERT INTO public.big SELECT i, 'x' || i, repeat('y', 100), length('x' || i) FROM generate_series(1, $rows) i" -c "VACUUM ANALYZE public.big" || return
	plain=$(count_ms "SET max_parallel_workers_per_gather = 0; SELECT count(*) FROM public.big")
	whole=$(count_ms "SET max_parallel_workers_per_gather = 0; SELECT count(*) FROM public.big WHERE n IS DISTINCT FROM length(old)")
	from=$(ms)
	[ "$("$dual" compare big old n "length(old)")" = "$rows 0" ] || return 1
	took=$(($(ms) - from))
	line "parity of $rows rows by key (ms; count(*))" "$took" "$plain" "$(ratio "$took" "$plain")" "-"
	line "  the same (ms; one query that compares)" "$took" "$whole" "$(ratio "$took" "$whole")" "-"
	psql -qX -c "ALTER TABLE public.big DROP CONSTRAINT big_pkey" || return
	from=$(ms)
	[ "$("$dual" compare big old n "length(old)")" = "$rows 0" ] || return 1
	took=$(($(ms) - from))
	line "parity of $rows rows without a key (ms; count(*))" "$took" "$plain" "$(ratio "$took" "$plain")" "-"
}

measure_dual() {
	psql -qX -d postgres -c "CREATE DATABASE dual" || return
	export PGDATABASE=dual
	"$gw" init --environment rehearsal >/dev/null || return
	psql -qX -c "CREATE TABLE public.cost_a (id bigint PRIMARY KEY, total int, old text, n int); CREATE TABLE public.cost_b (LIKE public.cost_a INCLUDING ALL);
		ALTER TABLE public.cost_a SET (autovacuum_enabled = off); ALTER TABLE public.cost_b SET (autovacuum_enabled = off);
		CREATE SEQUENCE public.cost_id START 1000000" || return
	echo "INSERT INTO public.TABLE (id, total, old) VALUES (nextval('public.cost_id'), 1, 'new')" >"$top/cost.insert"
	printf '%s\n' '\set id random(1, 10000)' "UPDATE public.TABLE SET total = total + 1 WHERE id = :id" >"$top/cost.other"
	printf '%s\n' '\set id random(1, 10000)' "UPDATE public.TABLE SET old = 'y' || :id || random() WHERE id = :id" >"$top/cost.update"
	cost_take=dual_take cost_aim=-
	for cost_put in dual_put dual_put_both; do
		way=$([ $cost_put = dual_put ] && echo "one way" || echo "both ways")
		for disk in on off; do
			cost_writes other "dual write $way: update of other columns" "$disk" && cost_writes update "dual write $way: update of the column" "$disk" &&
				cost_writes insert "dual write $way: insert" "$disk" || return
		done
	done
	measure_parity
}
