# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154 # top, took, wait and the functions are bench.sh's and bench_table.sh's
# A new column filled in the rows of a table with three more indexes (FILL=N rows; a million): the job, against one UPDATE. Beside each a
# client that locks one of those rows again and again, as an update would: its longest wait. Source it from bench.sh.
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
by_job() { "$B/tests/tool_backfill" "k * 100"; }

fill_by() { # function: sets took, wait, fill_wal and fill_grew
	fill_table || return
	size=$(psql -XAtc "SELECT pg_total_relation_size('public.big')") from_wal=$(wal)
	with_client "SELECT FROM public.big WHERE id = $((fill / 10)) FOR UPDATE;" "$1" || return
	fill_wal=$(($(wal) - from_wal)) fill_grew=$(($(psql -XAtc "SELECT pg_total_relation_size('public.big')") - size))
	[ "$(psql -XAtc "SELECT count(*) FROM public.big WHERE n IS DISTINCT FROM k * 100")" -eq 0 ]
}

measure_backfill() {
	fill_by by_one_update || return
	plain=$took plain_wait=$wait plain_wal=$fill_wal plain_grew=$fill_grew
	fill_by by_job || return
	line "backfill of $fill rows, its count with it (ms; one UPDATE)" "$took" "$plain" "$(ratio "$took" "$plain")" "<= 0.8"
	line "its WAL (kB; one UPDATE)" $((fill_wal / 1024)) $((plain_wal / 1024)) "$(ratio "$fill_wal" "$plain_wal")" "<= 0.75"
	line "what table and indexes grew by (kB; one UPDATE)" $((fill_grew / 1024)) $((plain_grew / 1024)) "$(ratio "$fill_grew" "$plain_grew")" "<= 0.75"
	line "longest wait of a client beside it (ms; one UPDATE)" "$wait" "$plain_wait" "$(ratio "$wait" "$plain_wait")" "<= 100 ms"
}
