# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the fault scripts share: a place of their own (server, home, key), a walk in it, and the question whether log, ledger and
# catalogue tell the same story. The place's parts are $now/pg and $now/home, so that it can be put aside and taken back whole.
# shellcheck source=tests/lib_jobs.sh
. tests/lib_jobs.sh
B=${B:-build}
B=$(realpath "$B") || exit 1
GATEWALK=${GATEWALK:-$B/gatewalk}
export B GATEWALK LC_ALL=C.UTF-8
walk_tool=$B/tests/tool_walk
secret='open it'
failed=0       # what the scripts exit with
before=""      # words put in front of the drop: strace and the like
put_back=""    # set where the column may be there again behind its drop

# shellcheck disable=SC2034
say() { # true|false text
	if [ "$1" = true ]; then echo "ok - $2"; else echo "not ok - $2"; failed=1; fi
}

yes_if() { # command...: true when it succeeds
	if "$@"; then echo true; else echo false; fi
}

place_end() {
	[ -d "$now/pg" ] || return 0
	"$B/tests/tool_cluster" restart "$now/pg" 2>/dev/null
	# Each walk has a database of its own, and its watch waits for a day for a server that is gone.
	for db in $(psql -XAtq -d postgres -c "SELECT datname FROM pg_database WHERE datallowconn AND datname NOT LIKE 'template%'" 2>/dev/null); do jobs_end 2>/dev/null; done
	"$B/tests/tool_cluster" stop "$now/pg" >/dev/null 2>&1
	rm -rf "$top"
}

# Sets top, now; a server and a home in it.
place_new() { # setting...
	top=$(mktemp -d "${SHORT_TMP:-/tmp}/gwXXXXXX") || exit 1
	chmod 711 "$top"
	now=$top/now
	mkdir -p "$now/home"
	chmod 711 "$now"
	trap place_end EXIT
	trap 'exit 1' INT TERM HUP
	export HOME="$now/home" XDG_STATE_HOME="$now/home/state" XDG_DATA_HOME="$now/home/data" XDG_CONFIG_HOME="$now/home/config"
	unset XDG_RUNTIME_DIR SSH_AUTH_SOCK PGSERVICE PGPASSWORD PGOPTIONS PGHOSTADDR PGPASSFILE 2>/dev/null
	"$B/tests/tool_cluster" start "$now/pg" shared_preload_libraries=pg_stat_statements "$@" || exit 1
	eval "$("$B/tests/tool_cluster" env "$now/pg")"
	# One key, in two files: the walk is brought along without a passphrase, the drop wants one.
	ssh-keygen -q -t ed25519 -N '' -C oper -f "$now/home/bare" && cp -p "$now/home/bare" "$now/home/key" && cp "$now/home/bare.pub" "$now/home/key.pub" &&
		ssh-keygen -q -p -P '' -N "$secret" -f "$now/home/key" >/dev/null || exit 1
}

sql() { # statement
	psql -X -q -At -v ON_ERROR_STOP=1 -d "$db" -c "$1"
}

# A database with a table, marked; and a plan for its column. Sets db, conn, plan, walk.
place_walk() { # name rows day
	db=$1 walk=$1 plan=$now/home/$1.yaml
	createdb "$db" || exit 1
	conn="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$db"
	sql "CREATE EXTENSION pg_stat_statements SCHEMA public" || exit 1
	sql "CREATE TABLE public.orders (id bigint PRIMARY KEY, total numeric, old_total text)" || exit 1
	sql "INSERT INTO public.orders SELECT i, i, CASE WHEN i % 3 > 0 THEN 'v' || i END FROM generate_series(1, $2) i; ANALYZE" || exit 1
	# Nothing here waits for a standby, even where a test names one.
	sql "ALTER DATABASE $db SET synchronous_commit = local" || exit 1
	cat >"$plan" <<END
gatewalk: 1
name: $1
archetype: destructive
recipe: drop-column
target: {schema: public, table: orders, column: old_total}
document:
  before: table orders has the column old_total
  after: table orders without it
  why: Totals have been kept in orders.total for a year.
  way_back: gatewalk restore puts the values back by key
  leaves_behind: rows written after the drop have no value in it
  rollback_floor: "2.4.0"
  api_contract: no answer of the shop's API ever carried it
  falls: []
sources: []
deploys:
  - name: web
policy: {unused_days: 14, longest_job_days: 7}
window:
  zone: UTC
  open:
    - {days: [Mon, Tue, Wed, Thu], from: "02:00", to: "06:00"}
health: {max_lag_s: 5, max_lock_waiters: 5, max_longest_tx_s: 120}
snapshot: {scope: column}
rehearsal: {now: "Tue 04:30", day: $3}
END
	"$GATEWALK" init --environment rehearsal -d "$conn" --key "$now/home/bare" >/dev/null || exit 1
}

# The walk of $plan by the engine itself; what it says goes to $now/said.
go() { # verb
	timeout -k 5 60 "$walk_tool" "$conn" "$now/home/bare" "$plan" "$1" >"$now/said" 2>&1 </dev/null
}

# The drop, with a person at a terminal.
go_drop() {
	# shellcheck disable=SC2086
	timeout -k 5 60 "$B/tests/tool_type" "$secret" $before "$walk_tool" "$conn" "$now/home/key" "$plan" drop >"$now/said" 2>&1 </dev/null
}

stage() {
	sed -n 's/^stage \(.*\) dropped .*/\1/p' "$now/said"
}

log_of() {
	echo "$XDG_STATE_HOME/gatewalk/walks/$(sql "SELECT sid FROM gatewalk.walk WHERE name = '$walk'")/plan.gwlog"
}

# Do log, ledger and catalogue agree? Prints what does not. In a log with a torn line the file's lines and the log's are not the same:
# there the heads and the mirror are left to gatewalk itself.
disagree() {
	mirror=$(mktemp "$now/mirror.XXXXXX")
	psql -X -q -At -v ON_ERROR_STOP=1 -d "$db" >"$mirror.facts" 2>&1 <<END
SELECT (SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.orders'::regclass AND attname = 'old_total'), d.*, w.stage, w.sid
	FROM (SELECT count(*), max(n), max(head) FROM gatewalk.anchor WHERE kind = 'drop') d, gatewalk.walk w;
\\o $mirror
SELECT line FROM gatewalk.line ORDER BY n;
END
	fields=$IFS
	IFS='|'
	# shellcheck disable=SC2046
	set -- $(cat "$mirror.facts")
	IFS=$fields
	log=$XDG_STATE_HOME/gatewalk/walks/${6:-}/plan.gwlog
	"$GATEWALK" verify "$log" >/dev/null 2>&1 || echo "the log does not verify"
	if [ $# -eq 6 ]; then told_the_same "$@"; else echo "the ledger cannot be read: $(cat "$mirror.facts")"; fi
	rm -f "$mirror" "$mirror.facts"
}

told_the_same() { # column-there drop-anchors n head stage
	intents=$(grep -c '"op":"intent"' "$log")
	outcomes=$(grep -c '"op":"outcome"' "$log")
	told=$(grep '"op":"outcome"' "$log" | grep -c '"result":"dropped"')
	torn=$(grep -c '"op":"torn"' "$log")
	[ "$intents" -eq "$outcomes" ] || echo "$intents intents, $outcomes outcomes"
	[ -n "$put_back" ] || [ "$told" -eq $((1 - $1)) ] || echo "the log tells of $told drops, the column is there $1 times"
	[ "$2" -eq "$told" ] || echo "the ledger knows of $2 drops, the log of $told"
	[ "$5" = "$(stage)" ] || echo "the ledger's stage is not the walk's"
	[ "$torn" -eq 0 ] || return
	cmp -s "$mirror" "$log" || echo "the mirror is not the log"
	[ -n "$3" ] || return
	sed -n "$(($3 + 1))p" "$log" | grep -q '"op":"intent"' || echo "the drop's anchor stands at no intent"
	sum=$(head -n $(($3 + 1)) "$log" | sha256sum)
	[ "${sum%% *}" = "$4" ] || echo "the anchor is $3 $4, the intent's head $sum"
}
