#!/bin/sh
# SPDX-License-Identifier: MIT
# What must not stop a walk, nor lose anything of it: at each of its stages the server is stopped at once and started again, the link
# is cut, the program is killed; the disk is full; a client stops while it holds the drop's lock; somebody is long in front of it; the
# server dies between COMMIT and its answer. Afterwards: a named state, a way on, and log, ledger and catalogue agree.
# Servers of their own, four lanes side by side.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_fault.sh
. tests/lib_fault.sh

# ---- a session: one engine that stays, as a screen does ----

session_begin() {
	rm -f "$now/in"
	mkfifo "$now/in"
	: >"$now/out"
	"$walk_tool" "$conn" "$now/home/bare" "$plan" - <"$now/in" >"$now/out" 2>&1 &
	session=$!
	exec 7>"$now/in"
	answers=0
}

session_end() {
	exec 7>&-
	wait "$session" 2>/dev/null
}

# Uses i. What it answers goes to $now/said.
session() { # verb
	echo "$1" >&7
	answers=$((answers + 1))
	i=0
	until [ "$(grep -c '^\.$' "$now/out")" -ge "$answers" ]; do
		sleep 0.1
		i=$((i + 1))
		if [ "$i" -gt 600 ] || ! kill -0 "$session" 2>/dev/null; then
			echo "no answer to $1" >"$now/said"
			return 1
		fi
	done
	awk -v n="$answers" '$0 == "." { k++; next } k == n - 1' "$now/out" >"$now/said"
	! grep -q '^error' "$now/said"
}

connected() {
	grep -q '^connected 1' "$now/said"
}

# Looks until the session is back, 10 s at most.
session_back() {
	for i in 1 2 3 4 5 6 7 8 9 10; do
		session look
		connected && return 0
		sleep 0.5
	done
	return 1
}

# ---- what breaks ----

crash() {
	"$B/tests/tool_cluster" crash "$now/pg" || return 1
	session look
	down=$(cat "$now/said")
	"$B/tests/tool_cluster" restart "$now/pg"
}

cut() {
	sql "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'gatewalk%' AND datname = '$db'" >/dev/null
	down=''
}

killed() {
	kill -9 "$session"
	session_end
	jobs_end
	session_begin
	down=''
}

# A fault at each stage; each time the same walk has to come to the next stage.
lane() { # fault words
	fault=$1 words=$2
	place_walk "$fault" "$3" 0.2
	session_begin
	session act:snapshot
	trouble=''
	"$fault" || trouble="the snapshot running"
	session_back || trouble="$trouble, no way back from it"
	for at in archetype document gate-a consumers reads unused final gate-c armed; do
		session "$at" || trouble="$trouble; before $at: $(grep '^error' "$now/said")"
		was=$(stage)
		"$fault" || trouble="$trouble; $at: the fault itself"
		[ -z "$down" ] || echo "$down" | grep -q "^stage $was " || trouble="$trouble; $at: without the server it says $(echo "$down" | head -n 1)"
		[ -z "$down" ] || echo "$down" | grep -q '^connected 0 .' || trouble="$trouble; $at: it does not say what is wrong"
		session_back || trouble="$trouble; $at: no way back"
		[ "$(stage)" = "$was" ] || trouble="$trouble; $at: from $was to $(stage)"
		why=$(disagree)
		[ -z "$why" ] || trouble="$trouble; $at: $why"
	done
	say "$(yes_if [ -z "$trouble" ])" "$words at each stage up to the drop: the walk goes on$trouble"
	dropping
	monitored
	session_end
}

# Somebody holds the table, the drop waits for it, and then comes the fault. Then another drop, and the fault comes between COMMIT and its
# answer: the server holds the answer back, for a standby that is not there.
dropping() {
	session armed
	session_end
	drop_waits
	case $fault in
	crash) "$B/tests/tool_cluster" crash "$now/pg"; wait "$drop"; "$B/tests/tool_cluster" restart "$now/pg" ;;
	cut) cut; wait "$drop" ;;
	killed) kill -9 "$(cat "$now/pid")"; wait "$drop" ;;
	esac
	holder_end
	go look
	why=$(disagree)
	say "$(yes_if [ "$(stage)$why" = "gate C" ])" "$words while the drop waits for its lock: nothing was dropped, at gate C again: $(stage) $why"
	go armed
	drop_waits
	answers_held
	holder_end
	awaited "application_name = 'gatewalk drop' AND wait_event = 'SyncRep'"
	case $fault in
	crash) "$B/tests/tool_cluster" crash "$now/pg"; wait "$drop"; between=$(stage); "$B/tests/tool_cluster" restart "$now/pg"; answers_free ;;
	cut) cut; wait "$drop"; between=dropping; answers_free ;;
	killed) kill -9 "$(cat "$now/pid")"; wait "$drop"; go look & sleep 1; between=$(undecided); answers_free; wait $! ;;
	esac
	go look
	why=$(disagree)
	say "$(yes_if [ "$between$(stage)$why" = droppingmonitor ])" "$words between COMMIT and its answer: the ledger says it was dropped: $between, $(stage) $why"
}

drop_waits() {
	holder 8
	go_drop &
	drop=$!
	awaited "application_name = 'gatewalk drop' AND query LIKE '%LOCK TABLE%'"
}

# Only the drop waits for a standby: the rest of the database was told not to.
answers_held() {
	sql "CREATE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN PERFORM set_config('synchronous_commit', 'on', true); RETURN NEW; END \$\$"
	sql "CREATE TRIGGER hold BEFORE INSERT ON gatewalk.permit FOR EACH ROW EXECUTE FUNCTION public.hold()"
	sql "ALTER SYSTEM SET synchronous_standby_names = 'nobody'"
	sql "SELECT pg_reload_conf()" >/dev/null
}

answers_free() {
	sql "ALTER SYSTEM RESET synchronous_standby_names"
	sql "SELECT pg_reload_conf()" >/dev/null
}

# Is the intent still open in the log?
undecided() {
	tail -n 1 "$(log_of)" | grep -q '"op":"intent"' && echo dropping
}

# The watch after the drop goes on by itself, and the walk comes to its end.
monitored() {
	session_begin
	session look
	"$fault"
	session_back
	tries=0
	until session finish; do
		tries=$((tries + 1))
		[ "$tries" -lt 40 ] || break
		sleep 0.5
		session look
	done
	session look
	why=$(disagree)
	say "$(yes_if [ -z "$why" -a "$(stage)" = closed ])" "$words during the watch after the drop: it is watched to its end, and closed: $(stage) $(grep '^error' "$now/said") $why"
}

# ---- others at the table ----

holder() { # seconds
	psql -X -q -At -d "$db" -c "BEGIN; SELECT count(*) FROM public.orders; SELECT pg_sleep($1); COMMIT" >/dev/null 2>&1 &
	holding=$!
	awaited "query LIKE 'BEGIN; SELECT count%' AND pid <> pg_backend_pid() AND wait_event = 'PgSleep'"
}

holder_end() {
	kill "$holding" 2>/dev/null
	wait "$holding" 2>/dev/null
	sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; SELECT count%' AND pid <> pg_backend_pid()" >/dev/null
}

# Until a session like this is there, 10 s at most.
awaited() { # condition
	sql "DO \$\$ BEGIN FOR i IN 1..1000 LOOP PERFORM pg_stat_clear_snapshot();
		EXIT WHEN EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND $1); PERFORM pg_sleep(0.01); END LOOP; END \$\$"
}

# Reads the table over and over for some seconds; prints the longest wait in ms.
longest_read() { # seconds
	{
		printf '%s\n' '\timing on'
		i=0
		while [ "$i" -lt $(($1 * 25)) ]; do
			echo 'SELECT id FROM public.orders WHERE id = 1;'
			echo 'SELECT pg_sleep(0.03);'
			i=$((i + 1))
		done
	} | psql -X -At -d "$db" | awk '/^Time/ { n++; if (n % 2 == 1 && $2 > max) max = $2 } END { printf "%d\n", max }'
}

# Another session at a table whose lock is held by a client that has stopped.
stopped() {
	place_walk stopped 500 0.2
	sed -i "s/scope: column/scope: table/" "$plan"   # a key that was used again is seen by the rest of its row
	go armed
	sql "CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END \$\$"
	sql "CREATE TRIGGER slow BEFORE INSERT ON gatewalk.permit FOR EACH ROW EXECUTE FUNCTION public.slow()"
	go_drop &
	drop=$!
	awaited "application_name = 'gatewalk drop' AND wait_event = 'PgSleep'"
	kill -STOP "$(cat "$now/pid")"
	ms=$(longest_read 1)
	kill -CONT "$(cat "$now/pid")"
	wait "$drop"
	sql "DROP TRIGGER slow ON gatewalk.permit"
	go look
	why=$(disagree)
	say "$(yes_if [ "$(stage)$why" = "gate C" ])" "a client stopped while it holds the lock: the server lets go, nothing was dropped: $(stage) $why"
	say "$(yes_if [ "$ms" -gt 1000 -a "$ms" -lt 3000 ])" "another session waited $ms ms for it (under 3 s)"
}

# The drop gives up and tries again, and those behind it wait no longer than one try.
behind_somebody() {
	go armed
	holder 4
	longest_read 6 >"$now/reads" &
	reads=$!
	go_drop
	why=$(disagree)
	wait "$reads"
	ms=$(cat "$now/reads")
	say "$(yes_if [ "$(stage)$why" = monitor ])" "4 s of somebody else at the table: the drop comes after them: $(stage) $(grep '^error' "$now/said") $why"
	say "$(yes_if [ "$ms" -lt 600 ])" "and no reader behind it waited longer than one try: $ms ms"
}

# Into a table that was written to since the drop: what could not be placed is listed, and the exit status says so.
restored() {
	sql "DELETE FROM public.orders WHERE id IN (4, 5, 6); INSERT INTO public.orders VALUES (4, 4711), (1000, 1)"
	"$GATEWALK" restore "$walk" -d "$conn" --key "$now/home/bare" >"$now/said" 2>&1 </dev/null
	status=$?
	values=$(sql "SELECT string_agg(id || coalesce(old_total, '-'), ' ' ORDER BY id) FROM public.orders WHERE id < 9 OR id = 1000")
	listed=$(grep -c 'row id=[45]: ' "$now/said")
	say "$(yes_if [ "$status" -eq 7 -a "$values" = "1v1 2v2 3- 4- 7v7 8v8 1000-" -a "$listed" -eq 2 ])" "a restore into a table written to since: $values; exit $status: $(grep 'row id' "$now/said" | tr -s ' \n' ' ')"
	"$GATEWALK" verify "$(log_of)" >/dev/null 2>&1
	say "$(yes_if [ $? -eq 0 -a "$(grep -c '"op":"restore"' "$(log_of)")" -eq 1 ])" "and its line stands in the log, which verifies"
}

truncated() {
	place_walk truncated 300000 0.2
	go act:snapshot
	sql "DO \$\$ BEGIN FOR i IN 1..1000 LOOP EXIT WHEN EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity s USING (pid)
		WHERE l.relation = 'public.orders'::regclass AND l.mode = 'AccessShareLock' AND s.query LIKE 'COPY%'); PERFORM pg_stat_clear_snapshot(); PERFORM pg_sleep(0.01); END LOOP; END \$\$"
	sql "TRUNCATE public.orders"
	while sql "SELECT state FROM gatewalk.job" | grep -qE 'new|running'; do sleep 0.2; done
	go look
	fact=$(grep '"kind":"snapshot"' "$(log_of)" | grep '"op":"evidence"' | sed 's/.*"fact":\({[^}]*}\).*/\1/')
	say "$(yes_if [ "$(echo "$fact" | grep -c '"equal":1.*"rows":300000')" -eq 1 ])" "TRUNCATE during the snapshot waits for it, and the copy has every row"
}

# ---- a full disk ----

# No file may grow beyond this, as on a disk that is full; a write that hits it is cut in the middle.
full() { # blocks of 512 bytes, command...
	blocks=$1
	shift
	(
		trap '' XFSZ
		ulimit -f "$blocks"
		"$@"
	)
}

disk_of_log() {
	place_walk disk 500 0.2
	go consumers
	log=$(log_of)
	full $((($(wc -c <"$log") + 700) / 512)) go act:declare:releases:none
	text=$(sed -n "s/^error //p" "$now/said")
	go look
	say "$(yes_if [ -n "$text" -a "$(stage)" = consumers ])" "a disk full under the log is said, and the walk stands where the log ends: $text"
	go armed
	torn=$(grep -c '"op":"torn"' "$log")
	say "$(yes_if [ "$(stage)" = armed -a "$torn" -eq 1 ])" "with room again the torn line is sealed over and the walk goes on to its drop: $(stage), $torn torn"
	"$GATEWALK" verify "$log" >"$now/verified" 2>&1
	say "$(yes_if [ $? -eq 0 ])" "and the log verifies: $(tail -n 1 "$now/verified")"
	go_drop
	why=$(disagree)
	say "$(yes_if [ "$(stage)$why" = monitor ])" "and it drops: $(stage) $(grep '^error' "$now/said") $why"
}

# The disk gets full a little later at each drop: within the intent, behind it, within the outcome. What was not written as an intent
# is not dropped; what was dropped and could not be told is told by the ledger.
disk_of_drop() {
	place_walk brim 500 0.2
	go armed
	log=$(log_of)
	trouble='' refused=0 more=1
	while [ "$more" -lt 20 ]; do
		full $(($(wc -c <"$log") / 512 + more)) go_drop
		unsaid=$(tail -n 1 "$log" | grep -c '"op":"outcome"')
		go look
		why=$(disagree)
		[ -z "$why" ] || trouble="$trouble; room for $more blocks: $why"
		[ "$(stage)" != monitor ] || break
		refused=$((refused + 1)) more=$((more + 1))
		go armed || trouble="$trouble; no way on: $(grep '^error' "$now/said")"
	done
	"$GATEWALK" verify "$log" >"$now/verified" 2>&1 || trouble="$trouble; $(tail -n 1 "$now/verified")"
	say "$(yes_if [ -z "$trouble" -a "$refused" -ge 1 ])" "a disk full within the intent: nothing is dropped, $refused times, and with room it goes on$trouble"
	say "$(yes_if [ "$(stage)" = monitor -a "$unsaid" -eq 0 ])" "a disk full behind the intent: dropped, and the outcome is told by the ledger ($(stage))"
}

disk_of_snapshot() {
	place_walk store 60000 0.2
	had=$(find "$XDG_DATA_HOME/gatewalk/snapshots" -type f 2>/dev/null | wc -l)
	full 64 go act:snapshot
	i=0
	until [ "$(sql "SELECT state FROM gatewalk.job WHERE id = 1")" = failed ]; do
		sleep 0.2
		i=$((i + 1))
		[ "$i" -lt 50 ] || break
	done
	go look
	left=$(($(find "$XDG_DATA_HOME/gatewalk/snapshots" -type f 2>/dev/null | wc -l) - had))
	text=$(sql "SELECT error FROM gatewalk.job WHERE id = 1")
	say "$(yes_if [ "$(stage)" = snapshot -a -n "$text" -a "$left" -eq 0 ])" "a disk full under the snapshot: the job says so and leaves no half copy: $text ($left files)"
	go gate-a
	why=$(disagree)
	say "$(yes_if [ "$(stage)$why" = "gate A" ])" "with room again the snapshot is taken: $(stage) $(grep '^error' "$now/said") $why"
}

# ---- the lanes ----

only="$*"   # e2e_faults.sh 1 4: these lanes only
out=$(mktemp -d "${TMPDIR:-/tmp}/gwfaults.XXXXXX") || exit 1
trap 'rm -rf "$out"' EXIT
in_lane() { # name command...
	name=$1
	shift
	case "${only:-$name}" in *"$name"*) ;; *) return ;; esac
	(
		place_new fsync=off
		printf '#!/bin/sh\necho $$ >"%s"\nexec "$@"\n' "$now/pid" >"$top/with_pid"
		chmod 755 "$top/with_pid"
		before=$top/with_pid
		"$@"
		exit "$failed"
	) >"$out/$name" 2>&1 &
}

tables() {
	stopped
	behind_somebody
	restored
	truncated
}

disks() {
	disk_of_log
	disk_of_drop
	disk_of_snapshot
}

in_lane 1 lane crash "the server stopped immediately" 500
in_lane 2 lane cut "the link cut" 500
in_lane 3 lane killed "gatewalk and its jobs killed" 500
in_lane 4 tables
in_lane 5 disks
wait
said=$(cat "$out"/[1-5])
echo "$said"
! echo "$said" | grep -q "^not ok" && [ "$(echo "$said" | grep -c "^ok")" -ge 1 ]
