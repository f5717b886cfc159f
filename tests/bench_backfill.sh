# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154 # top, took, wait and the functions are bench.sh's and bench_table.sh's
# A new column filled in the rows of a table with three more indexes (FILL=N rows; a million): the job, against one UPDATE, a plain loop over ranges of the
# key, and pgroll's way (a trigger that fills, and rows by key, a thousand a transaction, written onto themselves). Beside each a client that locks one of those
# rows again and again, as an update would: its longest wait. Then the job beside pgbench, at several loads; paused; and killed in its midst. Source it
# from bench.sh.
fill=${FILL:-1000000}

fill_table() {
	psql -qX <<END
SET client_min_messages = error;
DROP TABLE IF EXISTS public.big;
CREATE TABLE public.big (id bigint PRIMARY KEY, k int, a text, b numeric, c text, n bigint);
INSERT INTO public.big SELECT i, i, md5(i::text), i / 7.0, repeat('x', i % 200) FROM generate_series(1, $fill) i;
CREATE INDEX ON public.big (k);
CREATE INDEX ON public.big (a);
CREATE INDEX ON public.big (b);
VACUUM ANALYZE public.big;
CHECKPOINT;
END
}

by_one_update() { psql -qX -c "UPDATE public.big SET n = k * 100 WHERE n IS NULL"; }
by_job() { "$B/tests/tool_backfill" "k * 100" >"$top/used"; }
by_ranges() {
	psql -qXAt -v ON_ERROR_STOP=1 >/dev/null <<END
SELECT format('UPDATE public.big SET n = k * 100 WHERE id BETWEEN %s AND %s AND n IS NULL', i, i + 999) FROM generate_series(1, $fill, 1000) i \\gexec
END
}
by_pgroll() {
	psql -qXAt -v ON_ERROR_STOP=1 >/dev/null <<END
CREATE OR REPLACE FUNCTION public.big_fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.n := NEW.k * 100; RETURN NEW; END';
CREATE TRIGGER big_fill BEFORE INSERT OR UPDATE ON public.big FOR EACH ROW EXECUTE FUNCTION public.big_fill();
SELECT format('UPDATE public.big SET id = id WHERE id IN (SELECT id FROM public.big WHERE id > %s ORDER BY id LIMIT 1000 FOR NO KEY UPDATE)', i) FROM generate_series(0, $fill - 1, 1000) i \\gexec
DROP TRIGGER big_fill ON public.big;
END
}
filled() { psql -XAtc "SELECT coalesce(sum(filled), 0) > $1 FROM gatewalk.backfill"; }
until_filled() { until [ "$(filled "$1")" = t ]; do sleep 0.05; done; }   # rows

# In its midst, with kill -9; what that costs is what both took more than one that was left alone.
by_killed() {
	"$B/tests/tool_backfill" "k * 100" >"$top/used" &
	filler=$!
	until_filled $((fill / 2))
	kill -9 $filler
	wait $filler 2>/dev/null
	"$B/tests/tool_backfill" "k * 100" 100 100 on >"$top/used"
}

# pgbench on tables of its own, with the job at some load beside it: the 99th of a hundred, and the longest, in ms.
pgbench_beside() { # load; 0 none
	fill_table || return
	rm -f "$top"/pgb.*
	pgbench -n -c 2 -T 600 -l --log-prefix="$top/pgb" >/dev/null 2>&1 &
	pgb=$!
	sleep 1
	if [ "$1" -eq 0 ]; then sleep 8; else "$B/tests/tool_backfill" "k * 100" 100 "$1" >/dev/null || return; fi
	kill $pgb
	wait $pgb 2>/dev/null
	cat "$top"/pgb.* | awk '{ print $3 }' | sort -n | awk '{ v[NR] = $1 } END { printf "%.1f %.1f\n", v[int(NR * 0.99)] / 1000, v[NR] / 1000 }'
}

measure_beside() {
	pgbench -q -i -s 10 >/dev/null 2>&1 || return
	alone=$(pgbench_beside 0) || return
	for load in 100 50 20; do
		beside=$(pgbench_beside $load) || return
		line "pgbench beside a backfill at load $load: p99 (ms; alone)" "${beside% *}" "${alone% *}" "$(ratio "${beside% *}" "${alone% *}")" "$([ $load -eq 100 ] && echo "<= 10 ms" || echo -)"
		line "  its longest (ms; alone)" "${beside#* }" "${alone#* }" "$(ratio "${beside#* }" "${alone#* }")" "<= 100 ms"
	done
}

fill_by() { # function: sets took, wait, fill_wal and fill_grew
	fill_table || return
	size=$(psql -XAtc "SELECT pg_total_relation_size('public.big')") from_wal=$(wal)
	with_client "SELECT FROM public.big WHERE id = $((fill / 10)) FOR UPDATE;" "$1" || return
	fill_wal=$(($(wal) - from_wal)) fill_grew=$(($(psql -XAtc "SELECT pg_total_relation_size('public.big')") - size))
	[ "$(psql -XAtc "SELECT count(*) FROM public.big WHERE n IS DISTINCT FROM k * 100")" -eq 0 ]
}

measure_pause() {
	fill_table || return
	"$B/tests/tool_backfill" "k * 100" >/dev/null 2>&1 &
	filler=$!
	until_filled 1
	from=$(ms)
	psql -qX -c "UPDATE gatewalk.job SET control = 'pause' WHERE ended_at IS NULL"
	until [ "$(psql -XAtc "SELECT count(*) FROM gatewalk.job WHERE ended_at IS NULL AND state = 'paused'")" -eq 1 ]; do sleep 0.02; done
	line "from the word to a paused backfill (ms)" $(($(ms) - from)) - - "-"
	psql -qX -c "UPDATE gatewalk.job SET control = 'stop' WHERE ended_at IS NULL"
	wait $filler   # it says that it was stopped
	return 0
}

measure_backfill() {
	fill_by by_one_update || return
	plain=$took plain_wait=$wait plain_wal=$fill_wal plain_grew=$fill_grew
	fill_by by_job || return
	line "backfill of $fill rows, its count with it (ms; one UPDATE)" "$took" "$plain" "$(ratio "$took" "$plain")" "<= 0.8"
	line "its WAL (kB; one UPDATE)" $((fill_wal / 1024)) $((plain_wal / 1024)) "$(ratio "$fill_wal" "$plain_wal")" "<= 0.75"
	line "what table and indexes grew by (kB; one UPDATE)" $((fill_grew / 1024)) $((plain_grew / 1024)) "$(ratio "$fill_grew" "$plain_grew")" "<= 0.75"
	line "longest wait of a client beside it (ms; one UPDATE)" "$wait" "$plain_wait" "$(ratio "$wait" "$plain_wait")" "<= 100 ms"
	line "memory of the job (kB)" "$(cat "$top/used")" - - "<= 65536 kB"
	whole=$took
	for way in by_ranges by_pgroll; do
		fill_by $way || return
		line "the job (ms; $([ $way = by_ranges ] && echo "a loop over ranges of the key" || echo "pgroll's way"))" "$whole" "$took" "$(ratio "$whole" "$took")" "-"
		line "  longest wait of a client (ms; that way)" - "$wait" - "-"
	done
	fill_by by_killed || return
	line "killed in its midst and begun again (ms; left alone)" "$took" "$whole" "$(ratio "$took" "$whole")" "-"
	measure_pause && measure_beside
}
