# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034 # top, walk, key, gw and line, ratio, ms are bench.sh's; out and tm_dir are its libraries'
# A table of 1,000 partitions (PARTS=N for others): the tripwire put, the drop as the operator does it, the way back; beside each a
# client that writes to one partition again and again, and its longest wait. Source it from bench.sh.
# The peers: plain DROP TABLE in psql, and pg_restore of a pg_dump.
parts=${PARTS:-1000}

parts_table() {
	psql -qX <<END
SET client_min_messages = error;
DROP TABLE IF EXISTS public.many;
CREATE TABLE public.many (id bigint NOT NULL, at int NOT NULL, note text, k int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE INDEX ON public.many (note);
CREATE INDEX ON public.many (k);
DO \$\$ BEGIN FOR i IN 0 .. $parts - 1 LOOP EXECUTE format('CREATE TABLE public.many_%s PARTITION OF public.many FOR VALUES FROM (%s) TO (%s)', i, i, i + 1); END LOOP; END \$\$;
INSERT INTO public.many SELECT i, i % $parts, 'e' || i, i FROM generate_series(1, $parts * 100) i;
ANALYZE public.many;
SELECT pg_stat_statements_reset() \g /dev/null
CHECKPOINT;
END
}

with_client() { # statement command...: sets took and wait
	rm -f "$top/end"
	client "$top/end" "$1" >"$top/wait" 2>/dev/null &
	beside=$!
	shift
	sleep 0.3
	from=$(ms)
	"$@" >"$top/said" 2>&1 || { cat "$top/said"; touch "$top/end"; wait $beside; return 1; }
	took=$(($(ms) - from))
	touch "$top/end"
	wait $beside
	wait=$(cat "$top/wait")
}
# It wants to write, and finds no row; marked as gatewalk's own, or the audit would rightly stop the walk.
write="/* gatewalk */ UPDATE public.many_7 SET k = 1 WHERE id = -1;"
plain_drop() { psql -qX -c "DROP TABLE public.many"; }
by_hand() { pg_restore -d "$PGDATABASE" "$top/many.dump"; }

measure_parts() {
	parts_table || return
	pg_dump -Fc -t public.many -t 'public.many_*' -f "$top/many.dump" || return
	with_client "$write" plain_drop || return
	plain=$took plain_wait=$wait
	from=$(ms)
	by_hand || return
	plain_back=$(($(ms) - from))
	parts_table || return
	mkdir -p "$top/code" && echo 1 >"$top/code/one"
	"$gw" new -d dbname="$PGDATABASE" --recipe drop-table --table many --why "nobody uses it" --zone UTC --deploy web --source "$top/code" >"$top/new" || { cat "$top/new"; return 1; }
	sed -e 's/^  after:.*/  after: without it/' -e 's/^  way_back:.*/  way_back: gatewalk restore/' -e 's/^  leaves_behind:.*/  leaves_behind: nothing/' \
		-e 's/^  rollback_floor:.*/  rollback_floor: "1.20"/' -e 's/^  api_contract:.*/  api_contract: none/' -e 's/"02:00", to: "05:00"/"02:00", to: "06:00"/' \
		-e 's/^  day: 1$/  day: 0.2/' "$top/new" >"$top/many.yaml"
	must 0 "(the walk, up to the audit)" "$walk" "" "$key" "$top/many.yaml" consumers
	with_client "$write" "$walk" "" "$key" many-drop unused || return
	line "tripwire put on it: longest wait of another client (ms; -)" "$wait" - - "<= 50 ms"
	must 0 "(the walk, up to the drop)" "$walk" "" "$key" many-drop armed
	with_client "$write" drop many-drop "(the drop)" || return
	held=$(grep -ho '"held_us":[0-9]*' "$XDG_STATE_HOME"/gatewalk/walks/*/plan.gwlog 2>/dev/null | tail -n 1)
	line "drop of $parts partitions (ms, passphrase typed; DROP TABLE)" "$took" "$plain" "$(ratio "$took" "$plain")" "-"
	line "  of that under its locks (ms)" $((${held#*:} / 1000)) - - "-"
	line "longest wait of another client of the table (ms; DROP TABLE)" "$wait" "$plain_wait" "$(ratio "$wait" "$plain_wait")" "-"
	from=$(ms)
	"$gw" restore many-drop >"$top/said" || { cat "$top/said"; return 1; }
	back=$(($(ms) - from))
	line "restore of $parts partitions (ms; pg_restore)" "$back" "$plain_back" "$(ratio "$back" "$plain_back")" "-"
}
