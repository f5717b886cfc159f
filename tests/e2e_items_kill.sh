#!/bin/sh
# SPDX-License-Identifier: MIT
# Items 10 and 13 under faults. The final snapshot's job is killed at its writes, fsyncs, renames, sends and receives: what stands in the
# store under a snapshot's name is always whole, and the walk comes to its drop with the next one. The schema log is killed the same
# way, and its server stopped: afterwards the table has one row, the Markdown is that row's, the log has one line. SWEEP_STEP=n takes
# every n-th call only.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_fault.sh
. tests/lib_fault.sh
# shellcheck source=tests/lib_sweep.sh
. tests/lib_sweep.sh
step=${SWEEP_STEP:-30}
snapshots() { echo "$XDG_DATA_HOME/gatewalk/snapshots"; }

# ---- item 10: the copy ----

# tool_walk starts its jobs by this program. A job of the snapshot is traced and killed as the file says; its end is noted.
wrap() {
	cat >"$top/gatewalk" <<-END
		#!/bin/sh
		if [ "\$1 \$2" != "job run" ] || [ ! -e "$top/kill" ]; then exec "$GATEWALK" "\$@"; fi
		read -r how <"$top/kill"
		rm -f "$top/kill"
		strace \$how "$GATEWALK" "\$@"
		echo \$? >"$top/ended.new"
		mv "$top/ended.new" "$top/ended"
	END
	chmod 755 "$top/gatewalk"
}

# One snapshot of item 10 under strace; prints the job's status.
copied() { # strace's words
	rm -f "$top/ended"
	echo "$1" >"$top/kill"
	GATEWALK=$top/gatewalk go act:snapshot || { cat "$now/said" >&2; return 1; }
	i=0
	until [ -e "$top/ended" ]; do
		sleep 0.1
		i=$((i + 1))
		[ "$i" -lt 600 ] || { echo "no snapshot was begun" >&2; return 1; }
	done
	cat "$top/ended"
}

# Folders in the store, and of them those that are not what their manifest says.
broken() {
	for d in "$(snapshots)"/*; do
		[ -d "$d" ] || continue
		psql -XAtq -d "$db" -v "m=$(cat "$d/manifest.json" 2>/dev/null)" <<-'END' >"$top/sums" 2>/dev/null
			SELECT (f ->> 'sha256') || '  ' || (f ->> 'name') FROM json_array_elements(:'m'::json -> 'files') f;
		END
		if [ -s "$top/sums" ] && (cd "$d" && sha256sum -c --quiet --strict "$top/sums") >/dev/null 2>&1; then continue; fi
		basename "$d"
	done
}

item_10() {
	place_walk copy 2000 0.2
	go final || { cat "$now/said"; exit 1; }
	wrap
	status=$(copied "-s 600 -o $top/trace -e trace=write,fsync,rename,mkdir,sendto,recvfrom")
	go look
	say "$(yes_if [ "$status" = 0 -a "$(stage)" = "gate C" ])" "the final snapshot, traced: $(stage)"
	planned=0 fired=0 wrong=''
	for call in write fsync rename mkdir sendto recvfrom; do
		n=$(grep -c "^$call(" "$top/trace")
		# From where the job has said that it runs: one that never did is waited for, for two minutes.
		k=$(($(sed '/started_at = clock_timestamp/q' "$top/trace" | grep -c "^$call(") + 1))
		while [ "$k" -le "$n" ]; do
			planned=$((planned + 1))
			status=$(copied "-o /dev/null -e inject=$call:signal=SIGKILL:when=$k")
			[ "$status" != 137 ] || fired=$((fired + 1))
			go look || wrong="$wrong; $call $k: $(grep '^error' "$now/said")"
			why=$(broken)
			[ -z "$why" ] || wrong="$wrong; $call $k left $why"
			k=$((k + step))
		done
	done
	say "$(yes_if [ "$planned" -ge 6 -a "$fired" -ge $((planned - 1)) ])" "the copy was killed all along: $fired kills fired of $planned"
	say "$(yes_if [ -z "$wrong" ])" "what stands in the store under a name is whole$wrong"
	copied "-o /dev/null -e trace=rename" >/dev/null
	go armed || cat "$now/said"
	parts=$(find "$(snapshots)" -maxdepth 1 -name '.part-*' | wc -l)
	scratch=$(psql -XAtq -d postgres -c "SELECT count(*) FROM pg_database WHERE datname ~ 'gatewalk'")
	say "$(yes_if [ "$(stage) $parts $scratch" = "armed 0 0" ])" "the next one serves, and nothing is left of the others: $(stage), $parts halves, $scratch scratch databases"
	for d in "$(snapshots)"/*; do echo x >>"$d/schema.sql"; break; done
	say "$(yes_if [ "$(broken | wc -l)" -eq 1 ])" "a damaged one would have been seen"
}

# ---- item 13: the schema log ----

act() { # the log is written and the walk closed
	# shellcheck disable=SC2086 # words
	timeout -k 5 60 $before "$walk_tool" "$conn" "$now/home/bare" "$plan" act:schema-log >"$now/said" 2>&1 </dev/null
}

# What is not as it should be once the walk is closed.
unlike() {
	dir=$(dirname "$(log_of)")
	[ "$(stage)" = closed ] || echo "it stands at $(stage): $(grep '^error' "$now/said")"
	[ "$(sql "SELECT count(*) FROM gatewalk.schema_log")" -eq 1 ] || echo "the table has not one row"
	sql "SELECT markdown FROM gatewalk.schema_log" | cmp -s - "$dir/schema-log.md.nl" || echo "the Markdown is not the row's"
	[ "$(grep -c '"op":"schema_log"' "$dir/plan.gwlog")" -eq 1 ] || echo "the log has not one line of it"
	[ "$(grep -c '"op":"close"' "$dir/plan.gwlog")" -eq 1 ] || echo "the log is not closed once"
	disagree
}

closed() { # goes on after a fault, and prints what is wrong
	go look || grep '^error' "$now/said"
	[ "$(stage)" = closed ] || go act:schema-log
	{ cat "$(dirname "$(log_of)")/schema-log.md"; echo; } >"$(dirname "$(log_of)")/schema-log.md.nl"
	unlike
}

one() { # call number
	one_kill "$1" "$2" || return
	fired=$((fired + 1))
	why=$(closed)
	[ -z "$why" ] || wrong="$wrong; $1 $2: $why"
}

server_stopped() {
	put_back
	sql "CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN PERFORM pg_sleep(20); RETURN NEW; END \$\$"
	sql "CREATE TRIGGER slow BEFORE INSERT ON gatewalk.schema_log FOR EACH ROW EXECUTE FUNCTION public.slow()"
	before=''
	act &
	acting=$!
	sql "DO \$\$ BEGIN FOR i IN 1..1000 LOOP PERFORM pg_stat_clear_snapshot(); EXIT WHEN EXISTS (SELECT FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event = 'PgSleep' AND application_name ~ '^gatewalk'); PERFORM pg_sleep(0.01); END LOOP; END \$\$"
	"$B/tests/tool_cluster" crash "$now/pg"
	wait "$acting"
	told=$(grep '^error' "$now/said")
	"$B/tests/tool_cluster" restart "$now/pg"
	rows=$(sql "SELECT count(*) FROM gatewalk.schema_log")
	sql "DROP TRIGGER slow ON gatewalk.schema_log"
	why=$(closed)
	say "$(yes_if [ -n "$told" -a "$rows" -eq 0 -a -z "$why" ])" "the server stopped while it is written: $told; then it is written once $why"
}

item_13() {
	place_walk log 300 0.2
	if ! go armed || ! go_drop; then cat "$now/said"; exit 1; fi
	jobs_end
	plan=$walk   # by its name: the plan of a walk that is closed would begin another
	tries=0
	until "$GATEWALK" job tick -d "$conn" >/dev/null 2>&1 && go "act:confirm:12:$(grep -c '"op":"alarm"' "$(log_of)")"; do
		tries=$((tries + 1))
		[ "$tries" -lt 40 ] || { cat "$now/said"; exit 1; }
		sleep 0.2
	done
	put_aside || exit 1
	mark="# log: public.orders"
	calls='write fsync sendto recvfrom'
	count >"$top/counts" || { cat "$top/counts"; say false "a clean one"; exit 1; }
	fired=0 wrong=''
	sweep_calls "$step" "$calls"
	say "$(yes_if [ "$planned" -ge 4 -a "$fired" -eq "$planned" ])" "the schema log was killed all along: $fired kills fired of $planned"
	say "$(yes_if [ -z "$wrong" ])" "afterwards row, Markdown and line tell the same, once each$wrong"
	server_stopped
}

place_new fsync=off
only=${1:-}   # e2e_items_kill.sh 10: this one alone
[ "$only" = 13 ] || { item_10; jobs_end; }
[ "$only" = 10 ] || item_13
exit "$failed"
