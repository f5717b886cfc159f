#!/bin/sh
# SPDX-License-Identifier: MIT
# The server's guard over a column's walk, begin to end: install, status, what others are told, the log's lines, gate C shut by a guard
# that is switched off, the drop through it, remove and uninstall.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_tmux.sh disable=SC1091 # looked at on its own
. tests/lib_tmux.sh
# shellcheck source=tests/lib_walk.sh disable=SC1091
. tests/lib_walk.sh
walk_home grd
tm_dir=""
# shellcheck disable=SC2317 # the trap calls it
finish() {
	[ -z "$tm_dir" ] || tm_stop
	psql -qXd postgres -c "DROP DATABASE IF EXISTS e2e_guard WITH (FORCE)" >/dev/null 2>&1
	rm -rf "$top"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
walk_database e2e_guard
psql -qX -v ON_ERROR_STOP=1 <<END || exit 1
CREATE EXTENSION pg_stat_statements SCHEMA public;
CREATE TABLE public.orders (id bigint PRIMARY KEY, old text, note text);
INSERT INTO public.orders SELECT i, 'o' || i FROM generate_series(1, 1000) i;
ANALYZE;
END
run 1 "no guard without a schema" "$gw" guard install
has "and the command that helps" "gatewalk init --environment"
run 1 "no status either" "$gw" guard status
has "with the same command" "gatewalk init --environment"
must 0 "marked a rehearsal" "$gw" init --environment rehearsal
run 1 "status before it is installed" "$gw" guard status
has "says so" "not installed in this database: the server refuses nobody"
run 1 "an unknown word" "$gw" guard now
has "with the known ones" "install.status.remove"
run 0 "install" "$gw" guard install
run 0 "status without a walk" "$gw" guard status
has "says that nothing is guarded" "no walk is open: nothing is guarded"
"$gw" new -d dbname=e2e_guard --recipe drop-column --table orders --column old --why "nobody uses it" --zone UTC --deploy web --source "$top/code" >"$top/new" 2>&1 || { cat "$top/new"; exit 1; }
sed -e 's/^  hide: true/  hide: false/' -e 's/^  after:.*/  after: without it/' -e 's/^  way_back:.*/  way_back: gatewalk restore/' -e 's/^  leaves_behind:.*/  leaves_behind: nothing/' \
	-e 's/^  rollback_floor:.*/  rollback_floor: "1.20"/' -e 's/^  api_contract:.*/  api_contract: none/' -e 's/"02:00", to: "05:00"/"02:00", to: "06:00"/' \
	-e 's/^  day: 1$/  day: 0.2/' "$top/new" >"$top/plan.yaml"
others() { psql -qX -c "$2" >"$out" 2>&1; say "$1" $? "$3"; } # status sql text

tm_start 80x24 "$gw" audit orders.old -d dbname=e2e_guard --source "$top/code"
tm_wait "public.orders.old.* audit +e2e_guard@" || failed=1
tm_wait "SOURCES" || failed=1
tm_keys r
tm_wait "looked just now" || failed=1
tm_keys q
say 0 "$(tm_exit)" "an audit on a terminal is a screen, and q ends it"
tm_stop
tm_dir=""

must 0 "a walk begins" "$walk" "" "$key" "$top/plan.yaml" begin
others 1 "ALTER TABLE public.orders DROP COLUMN old" "from its first look on nobody else drops it"
has "who is hit learns which walk" 'gatewalk guards public.orders.old: ALTER TABLE would take away table column public.orders.old'
has "and where to look" 'HINT: .*gatewalk status orders-drop-old'
others 1 "DO \$\$ BEGIN EXECUTE 'ALTER TABLE public.orders RENAME old TO young'; END \$\$" "nor renames it, in whatever wrapping"
others 0 "ALTER TABLE public.orders ADD COLUMN more int; ALTER TABLE public.orders DROP COLUMN more; CREATE INDEX ON public.orders (note)" "the rest of the table is theirs"
must 0 "items 1 to 3: the drill loads a dump that has event triggers in it" "$walk" "" "$key" orders-drop-old consumers
must 0 "the watch brings the trigger against TRUNCATE" "$walk" "" "$key" orders-drop-old unused
others 1 "TRUNCATE public.orders" "TRUNCATE is refused, too"
run 0 "status tries it" "$gw" guard status
has "each way is refused" "refused +TRUNCATE"
has "what remains open is listed" "ALTER or DROP EVENT TRIGGER"
run 0 "status as JSON" "$gw" guard status --json
has "dropping it with all that hangs on it is refused, too" 'take away table column public.orders.old[^}]*"way":"DROP COLUMN"'
is "none was let through" "SELECT count(*) FROM jsonb_path_query('$(sed "s/'/''/g" "$out")', '\$.walks[*].tries[*] ? (@.result != \"refused\" && @.result != \"stopped\")')" 0
is "and no try left a trace" "/* gatewalk */ SELECT count(old) FROM public.orders" 1000
must 0 "gate B, final snapshot, gate C" "$walk" "" "$key" orders-drop-old armed
run 0 "gates" "$gw" gates orders-drop-old
has "C9 holds" "C9  holds +the server refuses it to everybody else +it stands"

sql "ALTER EVENT TRIGGER gatewalk_guard_drop DISABLE"
run 3 "switched off it shuts gate C" "$gw" gates orders-drop-old
has "and says why" "because  an event trigger of the guard is missing, switched off or changed"
run 3 "status sees it" "$gw" guard status
must 0 "the walk looks" "$walk" "" "$key" orders-drop-old look
sql "ALTER EVENT TRIGGER gatewalk_guard_drop ENABLE ALWAYS"
run 3 "switched on again it is still another one" "$gw" gates orders-drop-old
has "since it was installed" "because  the guard was switched off, changed or granted to others since it was installed"
run 0 "install makes it anew" "$gw" guard install
must 0 "the walk looks" "$walk" "" "$key" orders-drop-old look
grep -ho '"kind":"guard","why":"[^"]*"' "$XDG_STATE_HOME"/gatewalk/walks/*/plan.gwlog >"$out"
say 3 "$(grep -c . "$out")" "each change is a line of the log"
has "it stood" '"why":""'
has "and was switched off" 'switched off or changed'
drop orders-drop-old "the drop goes through"
is "by a pass that was spent in its own transaction" "SELECT count(*) FROM gatewalk.pass p JOIN gatewalk.anchor a USING (sid, xid) WHERE a.kind = 'drop' AND p.spent_at IS NOT NULL" 1
is "and nothing of the guard is on the table" "SELECT count(*) FROM pg_trigger WHERE tgname ~ '^gatewalk'" 0
run 0 "the log verifies" "$gw" verify "$(ls -d "$XDG_STATE_HOME"/gatewalk/walks/*)"
# The line that says so cannot be signed at first: the key's public half is away.
sql "BEGIN; LOCK TABLE public.orders IN ROW EXCLUSIVE MODE; SELECT pg_sleep(600) AS held; COMMIT" >/dev/null 2>&1 &
held=$!
until_sql "somebody writes to the table" "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%AS held%' AND state = 'active' AND pid <> pg_backend_pid()"
"$gw" restore orders-drop-old >"$out" 2>&1 </dev/null &
restoring=$!
until_sql "its restore has begun" "SELECT count(*) = 1 FROM gatewalk.job WHERE kind = 'restore'"
mv "$key.pub" "$key.away"
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%AS held%' AND pid <> pg_backend_pid()" >/dev/null
wait $held
until_sql "the column is back, and the log cannot say so" "SELECT count(*) = 1 FROM gatewalk.job WHERE kind = 'restore' AND state = 'done' AND NOT taken"
mv "$key.away" "$key.pub"
wait $restoring
say 0 $? "with the key it does"
has "and what was placed" "values placed"
others 0 "ALTER TABLE public.orders DROP COLUMN old; TRUNCATE public.orders" "the walk guards it no more"

run 0 "remove" "$gw" guard remove
is "no event trigger is left" "SELECT count(*) FROM pg_event_trigger" 0
run 1 "and again" "$gw" guard remove
run 0 "installed once more" "$gw" guard install
sql "UPDATE gatewalk.walk SET closed_at = now(); UPDATE gatewalk.job SET ended_at = coalesce(ended_at, now())"
run 0 "uninstall takes it along" "$gw" uninstall
is "nothing is left" "SELECT (SELECT count(*) FROM pg_event_trigger) + (SELECT count(*) FROM pg_namespace WHERE nspname = 'gatewalk')" 0
exit $failed
