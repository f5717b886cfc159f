#!/bin/sh
# SPDX-License-Identifier: MIT
# The pages of a new column in a terminal: a table that somebody holds is named while it is asked for, the column comes, rows that do not
# convert are shown with key, value and error, are mended and tried again; each page by the keys that stand on the one before it.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_tmux.sh disable=SC1091 # looked at on its own
. tests/lib_tmux.sh
# shellcheck source=tests/lib_walk.sh disable=SC1091
. tests/lib_walk.sh
# shellcheck source=tests/lib_jobs.sh disable=SC1091
. tests/lib_jobs.sh
walk_home adds
# shellcheck disable=SC2317 # the trap calls it
finish() {
	tm_stop 2>/dev/null
	touch "$top/end"
	wait
	jobs_end 2>/dev/null
	psql -qXd postgres -c "DROP DATABASE IF EXISTS e2e_add_screens WITH (FORCE)" >/dev/null 2>&1
	rm -rf "$top"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
screen() { if tm_wait "$2" 60; then echo "ok - $1"; else echo "not ok - $1"; exit 1; fi; } # text pattern
go() { "$walk" "" "$key" users-add-total "$1"; }

walk_database e2e_add_screens
psql -qX -v ON_ERROR_STOP=1 <<END || exit 1
CREATE TABLE public.users (id bigint PRIMARY KEY, total_text text);
INSERT INTO public.users SELECT g, CASE WHEN g IN (7, 4711) THEN 'n/a' ELSE g::text END FROM generate_series(1, 5000) g;
ANALYZE;
END
must 0 "marked a rehearsal" "$gw" init --environment rehearsal
"$gw" new -d dbname=e2e_add_screens --recipe add-column --table users --column total --type numeric --name users-add-total --why "sums" --zone UTC --deploy web >"$top/new" 2>&1 || { cat "$top/new"; exit 1; }
sed -e 's/^  after:.*/  after: with it/' -e 's/^  way_back:.*/  way_back: it is taken away/' -e 's/^  leaves_behind:.*/  leaves_behind: nothing/' -e 's/^  rollback_floor:.*/  rollback_floor: "1.20"/' \
	-e 's/^  api_contract:.*/  api_contract: none/' -e 's/"02:00", to: "05:00"/"02:00", to: "06:00"/' -e 's/^  day: 1$/  day: 2/' \
	-e 's/^# backfill:.*/backfill: {value: "total_text::numeric", pause: [{when: replication lag, above: 5}, {when: lock waiters, above: 50}]}/' "$top/new" >"$top/users-add-total.yaml"
must 0 "the plan is whole" "$gw" check -d dbname=e2e_add_screens "$top/users-add-total.yaml"
must 0 "items 1 to 3 and gate A" "$walk" "" "$key" "$top/users-add-total.yaml" expand
until_sql "the monitor has its baseline" "SELECT EXISTS (SELECT FROM gatewalk.sample WHERE baseline)"
go act:declare:releases:none >"$out" 2>&1

# Held for as long as the file is not there.
{ echo "BEGIN; SELECT count(*) FROM public.users;"; until [ -e "$top/end" ]; do sleep 0.1; done; echo "COMMIT;"; } | PGAPPNAME=airflow psql -qXAt >"$top/held" &
until_sql "somebody holds the table" "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'airflow' AND state = 'idle in transaction')"
tm_start 80x24 "$gw" walk users-add-total --key "$key" || exit 1
screen "the walk stands at item 5" "5 . dual write .*to be added"
tm_keys Enter
screen "Enter leads to the page of the new column" "STATEMENT +ALTER TABLE public.users ADD COLUMN total numeric"
screen "which says that it may come" "▸ add the new column"
tm_keys Enter
screen "one key does not add it" "Type yes to add the new column"
tm_type yes
tm_keys Enter
screen "who is in the way is named while it is asked for" "IN THE WAY +pid [0-9]+ +airflow"
touch "$top/end"
screen "then it comes" "Deploy web so that it writes the column"
tm_keys Escape
screen "back on the walk" "5 . dual write .*0 of 1 deploys"
tm_keys Q
say 0 "$(tm_exit 10)" "left with Q"
tm_stop

{ echo "act:declare:writes_fill/web:2.6 ended $(date -u +%F\ %H:%M)"; echo act:confirm:5:written; } | "$walk" "" "$key" users-add-total - >"$out" 2>&1
has "writes are said to fill it" "^stage backfill"
tm_start 80x24 "$gw" walk users-add-total --key "$key" || exit 1
# On a slow machine the hours in which reads wait are over by now, and that is told first.
tm_wait "6 . backfill|since you left" 60
if tm_screen | grep -q "since you left"; then tm_keys Enter; fi
screen "the walk stands at item 6" "6 . backfill .*not begun"
tm_keys Enter
screen "its page says what it pauses on" "lock waiters +[0-9]+ +50 +40"
tm_keys Enter
screen "the backfill leaves what does not convert" "✗ 2 rows do not convert"
tm_keys g Enter
screen "Enter shows them" "id=7 +total_text=n/a +invalid input syntax"
screen "the one under the cursor in full" "ERROR .*22P02"
sql "UPDATE public.users SET total_text = '0' WHERE total_text = 'n/a'" >/dev/null
tm_keys G Enter
screen "tried again they are gone, and the walk goes on" "Safe to quit: the server keeps count|Deploy web so that it reads"
tm_keys Q
say 0 "$(tm_exit 10)" "left with Q"
is "every row has its value" "SELECT count(*) FROM public.users WHERE total IS NULL" 0
exit "$failed"
