#!/bin/sh
# SPDX-License-Identifier: MIT
# A walk that adds a column, and a database that has less than its log or another identity: lines that are lost, a move with the column, and
# a database of before it came, where it comes again.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_walk.sh disable=SC1091 # looked at on its own
. tests/lib_walk.sh
# shellcheck source=tests/lib_jobs.sh disable=SC1091
. tests/lib_jobs.sh
walk_home agree
# shellcheck disable=SC2317 # the trap calls it
finish() {
	for one in add_here add_moved add_before; do
		PGDATABASE=$one
		jobs_end 2>/dev/null
		psql -qXd postgres -c "DROP DATABASE IF EXISTS $one WITH (FORCE)" >/dev/null 2>&1
	done
	rm -rf "$top"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

walk_database add_here
psql -qX -c "CREATE TABLE public.orders (id bigint PRIMARY KEY, total int); INSERT INTO public.orders SELECT g, g FROM generate_series(1, 500) g"
must 0 "marked a rehearsal" "$gw" init --environment rehearsal
"$gw" new --recipe add-column --table orders --column note --name notes --type text --why "clerks want it" --zone UTC --deploy web >"$top/new" || exit 1
sed -e 's/^  before:.*/  before: without it/' -e 's/^  after:.*/  after: with it/' -e 's/^  way_back:.*/  way_back: it is taken away/' -e 's/^  leaves_behind:.*/  leaves_behind: nothing/' \
	-e 's/^  rollback_floor:.*/  rollback_floor: "1.20"/' -e 's/^  api_contract:.*/  api_contract: none/' -e 's/"02:00", to: "05:00"/"02:00", to: "06:00"/' -e 's/^  day: 1$/  day: 0.5/' "$top/new" >"$top/notes.yaml"
# shellcheck disable=SC2317 # by run and must
go() { "$walk" "" "$key" notes "$1"; }   # verb
# A whole copy of the database under another name; nobody may be in it.
copy() { # name
	jobs_end
	psql -qXd postgres -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$PGDATABASE'" -c "CREATE DATABASE $1 TEMPLATE $PGDATABASE" >/dev/null || exit 1
}
agree() { # command text
	run 0 "$2" "$gw" "$1" notes --answer notes --reason "it was put back"
}

must 0 "up to the change" "$walk" "" "$key" "$top/notes.yaml" expand
copy add_before
must 0 "the column comes, writes fill it" go reads
log=$(ls "$XDG_STATE_HOME"/gatewalk/walks/*/plan.gwlog)
at=$(($(grep -n '"op":"changed"' "$log" | cut -d: -f1) - 1))
sql "DELETE FROM gatewalk.anchor WHERE n > $at; DELETE FROM gatewalk.line WHERE n > $at" >/dev/null
run 6 "nothing is written in a database without the last lines" go "act:back::a test"
agree resync "is brought together with the log"
has "and stays where it was" '"reads moved"'
is "the column with it" "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.orders'::regclass AND attname = 'note'" 1
copy add_moved
export PGDATABASE=add_moved
run 6 "nor in another one" go "act:back::a test"
agree rebind "takes the walk, and its column"
say 1 "$(grep -c '"op":"rebind"' "$log")" "its line stands in the log"
must 0 "it goes on there" go monitor
export PGDATABASE=add_before
agree rebind "a database of before the column came"
has "says so" "column +the log says that it came; the database is of before that"
must 0 "it is copied, drilled and added once more" go writes
is "the column is there" "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.orders'::regclass AND attname = 'note'" 1
run 0 "the log verifies" "$gw" verify "$log"
psql -qX -c "ALTER TABLE public.orders DROP COLUMN note"
run 0 "a deploy declares its release" go "act:declare:writes_fill/web:2.6 ended $(date -u +%F\ %H:%M)"
run 3 "somebody took the column away meanwhile" go act:confirm:5:written
has "which is said" "the column that this walk added is not there any more"
exit "$failed"
