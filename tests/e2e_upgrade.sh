#!/bin/sh
# SPDX-License-Identifier: MIT
# The database becomes another one under an open walk: dumped and restored, upgraded by pg_upgrade, and by a newer gatewalk. And the
# operator's machine becomes another one: the log is fetched there. A walk that a gatewalk with schema version 1 left (fixture_v1/, made
# by that very program) goes on.
# shellcheck disable=SC2119,SC2154
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_servers.sh
. tests/lib_servers.sh

machine() { # name: another operator's machine, with the same key
	mkdir -p "$now/$1"
	export HOME="$now/$1" XDG_STATE_HOME="$now/$1/state" XDG_DATA_HOME="$now/$1/data" XDG_CONFIG_HOME="$now/$1/config"
}

fetch() {
	timeout -k 5 60 "$GATEWALK" walk --fetch "$walk" --plain -d "$conn" --key "$now/home/bare" >"$now/said" 2>&1 </dev/null
}

json() { # command...
	"$GATEWALK" "$@" -d "$conn" --json >"$now/json" 2>"$now/errors"
}

servers_new
place_walk shop 300 0.1
go unused || cat "$now/said"

# ---- a dump, restored into another database of the same server; the column has another number there ----
jobs_end
createdb other || exit 1
pg_dump -d shop | sed 's/^    total numeric,$/    total numeric, extra int,/' >"$now/dump.sql"
psql -X -q -d other -v ON_ERROR_STOP=1 -c "SET session_replication_role = replica" -f "$now/dump.sql" >/dev/null 2>"$now/errors" || cat "$now/errors"
old=$conn db=other
conn="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$db"
go look
say "$(yes_if grep -q '^stage nobody uses it' "$now/said")" "a dump restored elsewhere: the walk can be looked at"
go act:snapshot
say "$(yes_if grep -q '^error this is not the database that the walk was in' "$now/said")" "but it does not go on there: $(grep '^hint' "$now/said")"
json doctor
say "$(yes_if grep -q 'gatewalk rebind' "$now/json")" "doctor names the command, too"
"$GATEWALK" init --environment rehearsal -d "$conn" --key "$now/home/bare" >"$now/said" 2>&1
say "$(yes_if grep -q 'belongs to another server or database' "$now/said")" "init does not take the mark over: $(tail -n 1 "$now/said")"
agree rebind
rc=$?
say "$(yes_if [ "$rc" -eq 0 ])" "rebind: $(tail -n 1 "$now/said")"
say "$(yes_if grep -q '^mark ' "$now/said")" "both identities were shown: $(grep '^mark' "$now/said")"
go look
why=$(apart)
say "$(yes_if [ "$(stage)$why" = snapshot ])" "no snapshot of the other database counts: $(stage) $why"
numbers=$(sql "SELECT relid = 'public.orders'::regclass AND attnum = (SELECT attnum FROM pg_attribute WHERE attrelid = relid AND attname = 'old_total') FROM gatewalk.walk")
say "$(yes_if [ "$numbers" = t ])" "table and column have the numbers that they have here"
conn=$old
go look
say "$(yes_if grep -q '^connected 1' "$now/said")" "the old database is still there"
go act:snapshot
say "$(yes_if grep -q '^error this is not the database that the walk was in' "$now/said")" "and does not take the walk back: $(grep '^error' "$now/said")"
conn="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$db"

# ---- another definition is another column ----
createdb third || exit 1
sed 's/^    old_total text$/    old_total character varying(40)/' "$now/dump.sql" | psql -X -q -d third >/dev/null 2>&1
go archetype || cat "$now/said"
db=third conn="host=$PGHOST port=$PGPORT user=$PGUSER dbname=third"
agree rebind
say "$(yes_if grep -q 'has another definition here than where the walk began' "$now/said")" "a column of another type is refused: $(tail -n 2 "$now/said" | head -n 1)"
db=other conn="host=$PGHOST port=$PGPORT user=$PGUSER dbname=other"
dropdb --force third

# ---- another machine ----
go unused || cat "$now/said"
lines=$(wc -l <"$(log_of)")
machine bastion2
fetch
say "$(yes_if [ "$(wc -l <"$(log_of)")" -ge "$lines" ])" "another machine fetches the walk: $(wc -l <"$(log_of)") lines"
say "$(yes_if grep -q 'of evidence stayed on the machine that wrote the log' "$now/said")" "what the mirror does not hold is named"
go final || cat "$now/said"
say "$(yes_if [ "$(stage)" = "snapshot again" ])" "and goes on with it: $(stage)"
machine home
go look
say "$(yes_if grep -q '^error\|^stage' "$now/said")" "the first machine still opens its copy: $(stage)"
go act:snapshot
say "$(yes_if grep -q '^error the log is behind the ledger' "$now/said")" "which is older now, and named so: $(grep '^hint' "$now/said")"
agree resync
say "$(yes_if grep -q 'gatewalk walk --fetch' "$now/said")" "resync is not the way"
fetch
say "$(yes_if [ "$(find "$XDG_STATE_HOME/gatewalk/walks" -maxdepth 1 -name '*.of-*-lines' | wc -l)" -eq 1 ])" "fetched, with the older copy put aside"
go armed || cat "$now/said"
say "$(yes_if [ "$(stage)" = armed ])" "it goes on there: $(stage)"

# ---- pg_upgrade, into a new cluster ----
# A statement that was cleared before the watch saw it first has run since for all that is known, once its counters stay behind: it is
# cleared again in the new cluster. Which of the two came first was chance.
late=$(sql "UPDATE gatewalk.statement SET last_at = clock_timestamp() WHERE how = 'name' RETURNING 1")
say "$(yes_if [ -n "$late" ])" "a statement that names the column was seen after it was cleared"
jobs_end
server_folder "$now/up" || exit 1
as_server "$pg_bin/initdb" -D "$now/up/data" -A trust -U postgres -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null || exit 1
for f in shared_preload_libraries=pg_stat_statements pg_stat_statements.track=all listen_addresses= fsync=off shared_buffers=16MB "unix_socket_directories=$now/up"; do
	echo "${f%%=*} = '${f#*=}'"
done | as_server tee -a "$now/up/data/postgresql.conf" >/dev/null
as_server "$pg_bin/pg_ctl" -D "$now/pg/data" -s -w -m fast stop
(cd / && as_server sh -c "cd '$now/up' && '$pg_bin/pg_upgrade' -b '$pg_bin' -B '$pg_bin' -d '$now/pg/data' -D '$now/up/data' -U postgres -s '$now/up' --no-sync" >"$now/said" 2>&1) || tail -n 20 "$now/said"
server_start "$now/up" || exit 1
server_use "$now/up"
go act:look
say "$(yes_if grep -q '^stage armed' "$now/said")" "pg_upgrade into a new cluster: the walk can be looked at"
go_drop
say "$(yes_if grep -q '^error this is not the database that the walk was in' "$now/said")" "and drops nothing there: $(grep '^error' "$now/said")"
agree rebind
rc=$?
say "$(yes_if [ "$rc" -eq 0 ])" "rebind: $(tail -n 1 "$now/said")"
go armed || { cat "$now/said"; "$B/gatewalk" gates "$walk" -d "$conn"; }
go_drop || cat "$now/said"
say "$(yes_if [ "$(stage)" = monitor ])" "the walk comes to its drop in the new cluster: $(stage)"
why=$(apart)
say "$(yes_if [ -z "$why" ])" "log, mirror and ledger tell alike $why"
shell_check >"$now/said" 2>&1
say "$(yes_if grep -q '^good: ' "$now/said")" "across two moves the log is good by sha256sum and ssh-keygen alone: $(cut -c 1-60 "$now/said")"
"$GATEWALK" restore shop -d "$conn" --key "$now/home/bare" >"$now/said" 2>&1 </dev/null
say "$(yes_if [ "$(sql "SELECT count(old_total) FROM public.orders")" -eq 200 ])" "and the column can be put back: $(tail -n 1 "$now/said")"

# ---- a walk of schema version 1 ----
machine old
db=v1 walk=shop
conn="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$db"
createdb v1 && sql "CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public" && psql -X -q -d v1 -f tests/fixture_v1/shop.sql >/dev/null 2>&1
walks=$XDG_STATE_HOME/gatewalk/walks
mkdir -p "$walks" && chmod 700 "$now/old" "$XDG_STATE_HOME" "$XDG_STATE_HOME/gatewalk" "$walks"
cp -r tests/fixture_v1/walk "$walks/$(cat tests/fixture_v1/sid)" && chmod -R go= "$walks"
install -m 600 tests/fixture_v1/key "$now/old/bare" && install -m 600 tests/fixture_v1/key "$now/old/key" && cp tests/fixture_v1/key.pub "$now/old/bare.pub"
v1() { timeout -k 5 60 "$walk_tool" "$conn" "$now/old/bare" "$walk" "$1" >"$now/said" 2>&1 </dev/null; }
say "$(yes_if [ "$(sql "SELECT version FROM gatewalk.meta")" -eq 1 ])" "a database as a gatewalk of schema version 1 left it"
v1 look
rc=$?
say "$(yes_if [ "$rc" -eq 1 ] && grep -q 'the gatewalk schema here has version 1, and this gatewalk works with version 6' "$now/said")" "its walk is not touched before the upgrade: $(grep '^hint' "$now/said")"
json doctor
say "$(yes_if grep -q 'upgrades it in place to version 6' "$now/json")" "doctor says what is to be done"
timeout 60 "$GATEWALK" rebind shop -d "$conn" --key "$now/old/bare" --answer shop --reason "restored and upgraded" >"$now/said" 2>&1 </dev/null
rc=$?
say "$(yes_if [ "$rc" -eq 0 -a "$(sql "SELECT version FROM gatewalk.meta")" -eq 6 ])" "rebind upgrades the schema and takes the walk along: $(tail -n 1 "$now/said")"
say "$(yes_if grep -q '^schema    version 1, upgraded in place to 6' "$now/said")" "and said so before"
owner=$(sql "SELECT string_agg(DISTINCT o.rolname, ' ') FROM pg_class c JOIN pg_roles o ON o.oid = c.relowner WHERE c.relnamespace = 'gatewalk'::regnamespace AND relkind = 'r'")
say "$(yes_if [ "$owner" = gatewalk_owner ])" "the ledger's owner is who it was: $owner"
v1 unused || cat "$now/said"
say "$(yes_if [ "$(stage)" = "nobody uses it" ])" "the walk of version 1 goes on through gate A to its count: $(stage)"
why=$(apart)
say "$(yes_if [ -z "$why" ])" "log, mirror and ledger tell alike $why"

# ---- a schema newer than the program: one that starts, one that is open, and the watch of an open walk ----
id=$(sql "SELECT max(id) FROM gatewalk.job WHERE kind = 'watch' AND state = 'running'")
pid=$(sql "SELECT pid FROM gatewalk.job WHERE id = $id")
mkfifo "$now/in"
: >"$now/out"
timeout -k 5 120 "$walk_tool" "$conn" "$now/old/bare" shop - <"$now/in" >"$now/out" 2>&1 &
exec 9>"$now/in"
answers() { # count: until so many were given
	tries=0
	until [ "$(grep -c '^\.$' "$now/out")" -ge "$1" ] || [ $tries -ge 200 ]; do tries=$((tries + 1)); sleep 0.1; done
}
echo look >&9
answers 1
say "$(yes_if grep -q '^connected 1' "$now/out")" "a program that has the walk open"
sql "UPDATE gatewalk.meta SET version = 99, program = '9.9'"
seen=$(sql "SELECT state || ' ' || coalesce(phase, '') || ' ' || coalesce(error, '') FROM gatewalk.job WHERE id = $id")
tries=0
while kill -0 "$pid" 2>/dev/null && [ $tries -lt 200 ]; do tries=$((tries + 1)); sleep 0.1; done
say "$(if kill -0 "$pid" 2>/dev/null; then echo false; else echo true; fi)" "the watch of the older program ends"
say "$(yes_if grep -q 'version 99, made by gatewalk 9.9.*knows up to [0-9]' "$(dirname "$(log_of)")/jobs/job-$id.log")" "and says why in its log: $(grep version "$(dirname "$(log_of)")/jobs/job-$id.log")"
say "$(yes_if [ "$(sql "SELECT state || ' ' || coalesce(phase, '') || ' ' || coalesce(error, '') FROM gatewalk.job WHERE id = $id")" = "$seen" ])" "its row is left to the newer one: $seen"
lines=$(wc -l <"$(log_of)")
printf 'look\nact:document\n' >&9
answers 3
exec 9>&-
wait $!
say "$(yes_if grep -q '^connected 0 the gatewalk schema here has version 99' "$now/out")" "the open program lets go of the database: $(grep '^connected' "$now/out" | tail -n 1)"
say "$(yes_if [ "$(wc -l <"$(log_of)")" -eq "$lines" ])" "and writes nothing any more"
jobs=$(sql "SELECT count(*) FROM gatewalk.job")
for command in "status shop" "init --environment rehearsal" "uninstall" "walk shop --plain" "resync shop" "job list" "job pause $id" "job resume $id" "job stop $id" \
	"job set $id interval_s=9" "job tick" "job run $id"; do
	# shellcheck disable=SC2086
	timeout 60 "$GATEWALK" $command -d "$conn" --key "$now/old/bare" >"$now/said" 2>&1 </dev/null
	rc=$?
	say "$(yes_if [ "$rc" -eq 1 ] && grep -q 'version 99.*knows up to [0-9]' "$now/said")" "a newer schema is refused by $command ($rc): $(tail -n 2 "$now/said" | head -n 1)"
done
say "$(yes_if [ "$(sql "SELECT control || ' ' || settings FROM gatewalk.job WHERE id = $id")$(sql "SELECT count(*) FROM gatewalk.job")" = "run {}$jobs" ])" "and none of them wrote to it"
exit "$failed"
