#!/bin/sh
# SPDX-License-Identifier: MIT
# A base backup is put back, twice: one of before some decisions, one of before the drop. And one of before the walk began. Each is a
# named state; a signed resync goes on, after a kill in the middle of it, too; the first snapshot counts on only where the database
# knows of it and its files are whole.
# shellcheck disable=SC2119,SC2154
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_servers.sh
. tests/lib_servers.sh
# shellcheck source=tests/lib_tmux.sh
. tests/lib_tmux.sh

backup() { # name
	mkdir -m 700 "$now/$1" && { [ "$(id -u)" != 0 ] || chown postgres "$now/$1"; } && data_copy "$now/$1" || exit 1
}

put_back() { # name: in the place of the server's own data
	jobs_end
	server_crash "$now/pg"
	rm -rf "$now/pg/data" && mv "$now/$1/data" "$now/pg/data" && rmdir "$now/$1" || exit 1
	echo "unix_socket_directories = '$now/pg'" | as_server tee -a "$now/pg/data/postgresql.conf" >/dev/null
	server_start "$now/pg" || exit 1
}

snapshot_word() {
	last_of resync | sed 's/.*"snapshot":"\([a-z]*\)".*/\1/'
}

servers_new
place_walk shop 300 0.1
backup empty
go consumers || cat "$now/said"
backup early
go armed || cat "$now/said"
backup armed
go_drop || cat "$now/said"
say "$(yes_if [ "$(stage)" = monitor ])" "the column is dropped: $(stage)"

# Of right before the drop: no decision is missing but the drop.
put_back armed
go look
"$GATEWALK" status shop -d "$conn" --json >"$now/said" 2>&1
say "$(yes_if grep -q 'The drop was lost' "$now/said")" "a backup of before the drop: the drop is named as lost"
go finish
say "$(yes_if grep -q '^error the drop was lost' "$now/said")" "the watch after it does not end: $(grep '^error' "$now/said")"
lines=$(wc -l <"$(log_of)")
asked resync no "" shop
say "$(yes_if [ "$rc" -eq 1 -a "$(wc -l <"$(log_of)")" -eq "$lines" ])" "resync asks on a terminal, and another word changes nothing: $(grep 'answer is not' "$now/said")"
asked resync shop "the backup was put back" shop
say "$(yes_if grep -q '"typed":"shop","why":"the backup was put back"' "$(log_of)")" "what was typed stands in the log"
go look
say "$(yes_if [ "$rc" -eq 0 -a "$(stage)$(snapshot_word)" = "nobody uses itstands" ])" "resync leads to before gate B, and the first snapshot counts on: $(stage), $(snapshot_word)"
say "$(yes_if grep -q '^stage nobody uses it dropped 0' "$now/said")" "it is not called dropped any more"
go_drop
say "$(yes_if grep -q '^error the walk is not at its drop' "$now/said")" "the old final snapshot and gates serve no second drop"
go armed || cat "$now/said"
go_drop || cat "$now/said"
say "$(yes_if [ "$(stage)" = monitor ])" "through the gates again, it is dropped again: $(stage)"
"$GATEWALK" verify "$(log_of)" >"$now/said" 2>&1
say "$(yes_if [ $? -eq 0 ])" "the log verifies: $(head -n 1 "$now/said")"

# Of long before: from consumers on all is lost, the drop too. The resync is killed after its line stands in the log, and done again.
put_back early
agree resync wrong
say "$(yes_if grep -q '^drop      the log says dropped' "$now/said")" "an old backup: $(grep '^missing' "$now/said"); $(grep '^ledger' "$now/said")"
lines=$(wc -l <"$(log_of)")
sql "CREATE FUNCTION public.wait() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN PERFORM pg_sleep(30); RETURN NEW; END \$\$"
sql "CREATE TRIGGER wait BEFORE INSERT ON gatewalk.line FOR EACH ROW EXECUTE FUNCTION public.wait()"
agree resync &
one=$!
until_true "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
gone=$(sql "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
below() { grep -lxs "PPid:	$1" /proc/[0-9]*/status | cut -d/ -f3; }   # a minimal system has no ps
for pid in $(below "$one"); do for deep in $(below "$pid") "$pid"; do kill -9 "$deep" 2>/dev/null; done; done
wait "$one" 2>/dev/null
killed=$?
sql "SELECT pg_terminate_backend($gone)" >/dev/null
sql "DROP TRIGGER wait ON gatewalk.line; DROP FUNCTION public.wait()"
say "$(yes_if [ $killed -eq 137 -a "$(wc -l <"$(log_of)")" -eq $((lines + 1)) -a "$(sql "SELECT count(*) FROM gatewalk.anchor WHERE kind = 'again'")" -eq 0 ])" "killed between its line and the ledger: the line stands, the ledger lacks all"
go look
why=$(apart)
say "$(yes_if [ "$(stage)$why" = "nobody uses it" ])" "the next look brings the ledger up, and it agrees: $(stage) $why"
say "$(yes_if [ "$(snapshot_word)" = stands ])" "the first snapshot counts on: the database is younger than it"

# Its files are gone: it does not count any more.
go final || cat "$now/said"
backup now
go armed || cat "$now/said"
rm -rf "$XDG_DATA_HOME"/gatewalk/snapshots/*
put_back now
agree resync
go look
say "$(yes_if [ "$(stage)$(snapshot_word)" = snapshotagain ])" "without its files the first snapshot is taken again: $(stage), $(snapshot_word)"

# Of before the walk began: the ledger has never heard of it.
put_back empty
"$GATEWALK" status shop -d "$conn" --json >"$now/said" 2>&1
say "$(yes_if grep -q 'it knows nothing of this walk' "$now/said")" "a backup of before the walk: the database knows nothing of it"
sid=$(basename "$XDG_STATE_HOME"/gatewalk/walks/*)
timeout 60 "$GATEWALK" resync shop -d "$conn" --key "$now/home/bare" --answer shop --reason "tested with a real one" >"$now/said" 2>&1 </dev/null
say "$(yes_if [ $? -eq 0 -a "$(sql "SELECT sid FROM gatewalk.walk")" = "$sid" ])" "resync makes its row again: $(tail -n 1 "$now/said")"
go archetype || cat "$now/said"
why=$(apart)
say "$(yes_if [ "$(stage)$why" = archetype ])" "and the walk goes on: $(stage) $why"

# It is left, and a backup of when it stood under watch and guard is put back: what came with that goes again.
"$GATEWALK" guard install -d "$conn" >"$now/said" 2>&1 || cat "$now/said"
go unused || cat "$now/said"
backup watched
timeout 60 "$GATEWALK" leave shop -d "$conn" --key "$now/home/bare" --reason "not needed" >"$now/said" 2>&1 </dev/null || cat "$now/said"
put_back watched
ours="SELECT string_agg(DISTINCT substring(tgname from '^gatewalk_(.*)_............'), ' ' ORDER BY substring(tgname from '^gatewalk_(.*)_............')) FROM pg_trigger WHERE tgname ~ '^gatewalk_'"
came=$(sql "$ours")
timeout 60 "$GATEWALK" resync shop -d "$conn" --key "$now/home/bare" --answer shop --reason "tested with a real one" >"$now/said" 2>&1 </dev/null || cat "$now/said"
say "$(yes_if [ "$came+$(sql "$ours")" = "guard trip+" ])" "of a walk that was left no trigger stays: $came, then $(sql "$ours")"
shell_check >"$now/said" 2>&1
say "$(yes_if grep -q '^good: ' "$now/said")" "the log is good by sha256sum and ssh-keygen alone: $(cut -c 1-60 "$now/said")"
exit "$failed"
