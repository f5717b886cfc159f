#!/bin/sh
# SPDX-License-Identifier: MIT
# rebind for what the other scripts do not move: a table and rows, before their drop, half way through a removal and after the drop; an open
# drop whose outcome nobody wrote; the mark alone. And its question, asked on a real terminal. The databases are dumped and restored:
# there table and columns have other numbers. Without REBIND_WHOLE only what needs no drop is run.
# shellcheck disable=SC2119,SC2154
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_servers.sh
. tests/lib_servers.sh
# shellcheck source=tests/lib_tmux.sh
. tests/lib_tmux.sh

target() { # name recipe target falls
	place_walk "$1" 300 0.1
	sql "ALTER TABLE public.orders ADD COLUMN gone int; ALTER TABLE public.orders DROP COLUMN gone; ALTER TABLE public.orders ADD COLUMN extra text DEFAULT 'x'; SELECT pg_stat_statements_reset()" >/dev/null || exit 1
	sed -e "s/^recipe: .*/recipe: $2/" -e "s/^target: .*/target: {schema: public, table: orders$3}/" -e "s/^  falls: .*/  falls: [$4]/" -e '/^snapshot:/d' "$plan" >"$plan.new" &&
		mv "$plan.new" "$plan"
}

move() { # database: from now on the walk is looked for there
	jobs_end
	createdb "$1" && pg_dump -d "$db" >"$now/dump.sql" || exit 1
	[ -z "${2:-}" ] || { sed "$2" "$now/dump.sql" >"$now/dump.new" && mv "$now/dump.new" "$now/dump.sql"; }
	psql -X -q -d "$1" -v ON_ERROR_STOP=1 -c "SET session_replication_role = replica" -f "$now/dump.sql" >/dev/null 2>"$now/errors" || { cat "$now/errors"; exit 1; }
	db=$1 conn="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$1"
	# What loaded the dump names the target, and is over.
	sql "SELECT pg_stat_statements_reset()" >/dev/null
}

back() { # database
	db=$1 conn="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$1"
}

# A walk with waits in it, on a machine that is busy.
bring() { # stage
	go "$1" || go "$1" || cat "$now/said"
}

servers_new
tm_dir=""
trap '[ -z "$tm_dir" ] || tm_stop; servers_end' EXIT

# ---- the mark alone; then the walk, by a person ----
target tab drop-table "" '"constraint orders_pkey on table public.orders"'
bring unused
move tab2
asked rebind tab2@nowhere ""
say "$(yes_if [ "$rc" -eq 1 ] && grep -q 'was changed' "$now/said")" "rebind without a walk, answered with another word: $(grep 'was changed' "$now/said")"
label=$(sed -n 's/^Type \(.*\) to go on, anything else to stop\.$/\1/p' "$now/said")
say "$(yes_if [ "$(sql "SELECT moved_from IS NULL FROM gatewalk.meta")" = t ])" "changed nothing"
asked rebind "$label" "restored"
say "$(yes_if [ "$rc" -eq 0 ])" "rebind without a walk, answered with $label: $(tail -n 1 "$now/said")"
say "$(yes_if [ "$(sql "SELECT moved_from IS NOT NULL AND database_oid = (SELECT oid FROM pg_database WHERE datname = current_database()) FROM gatewalk.meta")" = t ])" "binds the mark to this database"
timeout 60 "$GATEWALK" rebind -d "$conn" --key "$now/home/bare" --answer "$label" --reason again >"$now/said" 2>&1 </dev/null
rc=$?
say "$(yes_if [ "$rc" -eq 1 ] && grep -q 'there is nothing to rebind' "$now/said")" "and once is enough: $(head -n 1 "$now/said")"
go act:snapshot
say "$(yes_if grep -q '^error this is not the database that the walk was in' "$now/said")" "the open walk is not moved by that: $(grep '^hint' "$now/said")"
mv "$XDG_DATA_HOME/gatewalk/snapshots" "$now/aside"
agree rebind
say "$(yes_if grep -q 'cannot be told' "$now/said")" "without the manifest of its snapshot it cannot be told whether the table is the same: $(grep 'cannot be told' "$now/said")"
mv "$now/aside" "$XDG_DATA_HOME/gatewalk/snapshots"
lines=$(wc -l <"$(log_of)")
asked rebind orders "" tab
say "$(yes_if [ "$rc" -eq 1 ] && [ "$(wc -l <"$(log_of)")" -eq "$lines" ])" "rebind tab, answered with another word: $(grep 'answer is not' "$now/said")"
asked rebind tab "it moved house" tab
say "$(yes_if [ "$rc" -eq 0 ] && grep -q '"typed":"tab","why":"it moved house"' "$(log_of)")" "rebind tab, by a person: $(tail -n 1 "$now/said")"
numbers=$(sql "SELECT relid = 'public.orders'::regclass FROM gatewalk.walk")
go look
why=$(apart)
say "$(yes_if [ "$numbers$(stage)$why" = tsnapshot ])" "a table is known again by all but its numbers: $(stage) $why"

# ---- what is no longer the same table ----
bring archetype
move tab3 's/^    extra text/    extra character varying(9)/'
agree rebind
say "$(yes_if grep -q 'has another definition here than where the walk began' "$now/said")" "a table with another column type is refused: $(grep '^  *A walk\|keeps to' "$now/said")"
back tab2
[ -n "${REBIND_WHOLE:-}" ] || exit "$failed"

# ---- after the drop: the table has no number anywhere ----
bring armed
go_drop || cat "$now/said"
say "$(yes_if [ "$(stage)" = monitor ])" "the table is dropped: $(stage)"
move tab5
agree rebind
say "$(yes_if [ $? -eq 0 ])" "rebind after it: $(tail -n 1 "$now/said")"
go look
why=$(apart)
say "$(yes_if [ "$(stage)$why" = monitor ])" "the walk is where it was: $(stage) $why"
"$GATEWALK" restore tab -d "$conn" --key "$now/home/bare" >"$now/said" 2>&1 </dev/null
say "$(yes_if [ "$(sql "SELECT count(*) || ' ' || count(old_total) FROM public.orders")" = "300 200" ])" "and the table comes back there: $(tail -n 1 "$now/said")"

# ---- rows: before the removal, and half way through it ----
target rem remove-rows ', where: "id <= 200"' ''
bring unused
move rem2
agree rebind
go look
why=$(apart)
say "$(yes_if [ "$(stage)$why" = snapshot ])" "rows of a table that has other numbers: $(stage) $why"
bring armed
sql "BEGIN; SELECT FROM public.orders WHERE id = 100 FOR UPDATE; SELECT pg_sleep(120) AS held; COMMIT" >/dev/null 2>&1 &
held=$!
until_true "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%AS held%' AND state = 'active' AND pid <> pg_backend_pid()"
go_drop || cat "$now/said"
until_true "SELECT state = 'waiting' AND note LIKE '%lock timeout%' AND (SELECT max(to_n) = 99 FROM gatewalk.removal) FROM gatewalk.job WHERE kind = 'remove' ORDER BY id DESC LIMIT 1"
# The copy is made while the job is at work: it goes on in the first database.
createdb rem3 && pg_dump -d "$db" | psql -X -q -d rem3 -v ON_ERROR_STOP=1 -c "SET session_replication_role = replica" -f - >/dev/null 2>&1
back rem3
agree rebind
say "$(yes_if grep -q "the removal's job is at work" "$now/said")" "while a removal is at work nothing is moved: $(head -n 1 "$now/said")"
back rem2
jobs_end
back rem3
agree rebind
say "$(yes_if [ $? -eq 0 ])" "once it is ended: $(tail -n 1 "$now/said")"
last_of outcome >"$now/line"
say "$(yes_if grep -q '99 of 200 rows removed, 0 left, 101 not reached' "$now/line")" "its outcome comes first, of what was removed here: $(grep -o '"why":"[^"]*"' "$now/line")"
go look
why=$(apart)
say "$(yes_if [ "$(stage)$why" = monitor ])" "then the walk moves: $(stage) $why"
"$GATEWALK" restore rem -d "$conn" --key "$now/home/bare" >"$now/said" 2>&1 </dev/null
say "$(yes_if [ "$(sql "SELECT count(*) FROM public.orders")" -eq 300 ])" "and what was removed comes back: $(tail -n 1 "$now/said")"
psql -X -q -d rem2 -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%AS held%' AND pid <> pg_backend_pid()" >/dev/null
wait $held

# ---- a column, dropped by a program that was killed before it could write so ----
place_walk shop 300 0.1
bring armed
jobs_end
before="strace -f -o /dev/null -P $(log_of) -e inject=write:signal=SIGKILL:when=2"
go_drop
before=""
say "$(yes_if [ "$(tail -n 1 "$(log_of)" | grep -c '"op":"intent"')" -eq 1 ])" "killed behind the drop: the intent is the log's last line"
say "$(yes_if [ "$(sql "SELECT count(*) FROM gatewalk.anchor WHERE kind = 'drop'")" -eq 1 ])" "and the ledger has its entry"
move shop2
asked rebind shop "it moved, open as it was" shop
say "$(yes_if [ "$rc" -eq 0 ])" "rebind of an open drop: $(tail -n 1 "$now/said")"
last_of outcome >"$now/line"
say "$(yes_if grep -q '"result":"dropped".*settled by the ledger after an interruption' "$now/line")" "its outcome comes first, by the ledger: $(grep -o '"why":"[^"]*"' "$now/line")"
go look
why=$(apart)
say "$(yes_if [ "$(stage)$why" = monitor ])" "then the walk moves: $(stage) $why"
shell_check >"$now/said" 2>&1
say "$(yes_if grep -q '^good: ' "$now/said")" "the log is good by sha256sum and ssh-keygen alone: $(cut -c 1-60 "$now/said")"
exit "$failed"
