#!/bin/sh
# SPDX-License-Identifier: MIT
# A real standby is promoted that never got the last decisions: gatewalk names that, nothing goes on by itself, a signed resync goes on
# with what the new primary has, and the walk comes to its drop there. Then the same once more, with the drop itself lost.
# shellcheck disable=SC2119,SC2154
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_servers.sh
. tests/lib_servers.sh

standby_of_now() { # dir
	server_folder "$1" && data_copy "$1" -R && server_start "$1" || exit 1
	until_true "SELECT count(*) = 1 FROM pg_stat_replication WHERE state = 'streaming'"
}

caught_up() { # standby
	at=$(sql "SELECT pg_current_wal_flush_lsn()")
	until_true "SELECT pg_last_wal_replay_lsn() >= '$at'" "$1"
}

# The standby gets nothing any more, as when the link between the two is cut.
cut_off() { # standby
	caught_up "$1"
	PGHOST=$1 sql "ALTER SYSTEM SET primary_conninfo = ''" && PGHOST=$1 sql "SELECT pg_reload_conf()" >/dev/null
	until_true "SELECT count(*) = 0 FROM pg_stat_replication"
}

# The primary dies at once, the standby takes over.
fail_over() { # from to
	jobs_end
	server_crash "$1"
	as_server "$pg_bin/pg_ctl" -D "$2/data" -s -w promote || exit 1
	server_use "$2"
	until_true "SELECT NOT pg_is_in_recovery()"
}

servers_new
one=$now/pg two=$now/two three=$now/three
place_walk shop 300 0.1
go unused || cat "$now/said"
standby_of_now "$two"
caught_up "$two"
had=$(wc -l <"$(log_of)")
cut_off "$two"

# Decisions that only the old primary ever had.
go final || cat "$now/said"
lost=$(($(wc -l <"$(log_of)") - had))
was=$(stage)
fail_over "$one" "$two"
go look
say "$(yes_if [ "$lost" -ge 2 -a "$was" = "snapshot again" ])" "decisions are made that the standby never gets: $lost lines, $was"
go act:snapshot
say "$(yes_if grep -q '^error the database is behind the log: decisions are missing' "$now/said")" "after the failover nothing goes on by itself: $(grep '^error' "$now/said")"
say "$(yes_if grep -q '^hint gatewalk resync shop' "$now/said")" "and it is said what goes on: $(grep '^hint' "$now/said")"
"$GATEWALK" status shop -d "$conn" --json >"$now/status" 2>&1
say "$(yes_if grep -q 'Run: gatewalk resync shop' "$now/status")" "the walk's NEXT line names the command"
lines=$(wc -l <"$(log_of)")
"$GATEWALK" resync shop -d "$conn" --key "$now/home/bare" >"$now/said" 2>&1 </dev/null
rc=$?
say "$(yes_if [ "$rc" -eq 1 ] && grep -q -- '--answer WORD and --reason TEXT' "$now/said")" "without a terminal it does not go on, and says which flags answer"
agree resync wrong
rc=$?
say "$(yes_if [ "$rc" -eq 1 -a "$(wc -l <"$(log_of)")" -eq "$lines" ])" "another word is no answer: $(tail -n 2 "$now/said" | head -n 1)"
agree rebind
say "$(yes_if grep -q 'behind the log' "$now/said")" "the identity did not change: rebind is not the way"
agree resync
rc=$?
say "$(yes_if [ "$rc" -eq 0 ])" "resync: $(tail -n 1 "$now/said")"
say "$(yes_if grep -q 'timeline 2' "$now/said")" "both sides were shown: $(grep '^database' "$now/said")"
last_of resync >"$now/line"
n=$(sed 's/.*"last_n":\([0-9]*\).*/\1/' "$now/line")
head=$(sed 's/.*"last_head":"\([0-9a-f]*\)".*/\1/' "$now/line")
sum=$(head -n $((n + 1)) "$(log_of)" | sha256sum)
say "$(yes_if [ "${sum%% *}" = "$head" ])" "the signed line names the last common entry, $n, with its head"
again=$(sql "SELECT count(*) FROM gatewalk.anchor WHERE kind = 'again'")
say "$(yes_if [ "$again" -ge 1 ])" "what was lost stands in the ledger again, marked: $again"
go look
why=$(disagree)
say "$(yes_if [ "$(stage)$why" = "nobody uses it" ])" "log, ledger and mirror agree, and the walk stands before gate B: $(stage) $why"
agree resync
say "$(yes_if grep -q 'there is nothing to bring together' "$now/said")" "a second resync has nothing to do"
shell_check >"$now/said" 2>&1
say "$(yes_if grep -q '^good: ' "$now/said")" "the log is good by sha256sum and ssh-keygen alone: $(cat "$now/said")"

# It goes on to the drop; and that is lost, too: the next standby's link is cut from the start.
go armed || cat "$now/said"
server_folder "$three" && data_copy "$three" && as_server touch "$three/data/standby.signal" && server_start "$three" || exit 1
go_drop || cat "$now/said"
say "$(yes_if [ "$(stage)" = monitor ])" "the walk goes on to its drop: $(stage)"
why=$(disagree)
say "$(yes_if [ -z "$why" ])" "which log, ledger and catalogue tell alike $why"
fail_over "$two" "$three"
go look
"$GATEWALK" status shop -d "$conn" --json >"$now/status" 2>&1
say "$(yes_if grep -q 'The drop was lost: the database is of before it' "$now/status")" "a drop that was lost is a state of its own"
agree resync
rc=$?
say "$(yes_if [ "$rc" -eq 0 ] && grep -q '"drop":"lost"' "$(log_of)")" "resync notes it as lost: $(tail -n 1 "$now/said")"
go look
say "$(yes_if grep -q '^stage nobody uses it dropped 0' "$now/said")" "the walk stands before gate B, and the column is not called dropped: $(stage)"
"$GATEWALK" verify "$(log_of)" >"$now/said" 2>&1
say "$(yes_if [ $? -eq 0 ])" "the log verifies: $(head -n 1 "$now/said")"
go armed || cat "$now/said"
go_drop
say "$(yes_if [ "$(stage)" = monitor -a "$(sql "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.orders'::regclass AND attname = 'old_total'")" -eq 0 ])" \
	"it comes to its drop again, on the third server: $(stage)"
exit "$failed"
