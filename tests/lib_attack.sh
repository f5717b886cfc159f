# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034
# For the e2e_attack scripts. Source it. A private cluster, a home and a rehearsal walk that is ready for its drop; every
# attack ends in attack_refused: the exit status, the words, no statement of a drop in the server's log, the column there.

attack_failed=0
B=${B:-build}
gw=$(realpath "${GATEWALK:-$B/gatewalk}")   # jobs are started from other folders
export GATEWALK="$gw"

say() { # true|false text
	if [ "$1" = true ]; then
		echo "ok - $2"
	else
		echo "not ok - $2"
		attack_failed=1
		sed 's/^/  | /' "$top/out"
	fi
}

# Jobs wait for a server that is gone: ours would wait for a day.
attack_jobs_end() {
	[ -n "$cluster" ] || return 0
	for base in $(psql -XAtq -d postgres -c "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn" 2>/dev/null); do
		for pid in $(psql -XAtq -d "$base" -c "SELECT pid FROM gatewalk.job WHERE ended_at IS NULL AND pid > 1" 2>/dev/null); do kill "$pid" 2>/dev/null; done
	done
}

attack_stop() {
	attack_jobs_end
	[ -z "$cluster" ] || "$B/tests/tool_cluster" stop "$cluster" >/dev/null 2>&1
	rm -rf "$top"
}

# The cluster's path must be short: a socket stands in it. 0711: the server's user must get through.
attack_start() { # [setting...]
	top=$(mktemp -d "${SHORT_TMP:-/tmp}/gwatk.XXXXXX") || exit 1
	chmod 711 "$top"
	: >"$top/out"
	cluster=""
	trap attack_stop EXIT
	trap 'exit 1' INT TERM HUP
	trap '' PIPE
	"$B/tests/tool_cluster" start "$top/pg" fsync=off log_statement=ddl "log_line_prefix='%a|%d|'" "$@" || exit 1
	cluster="$top/pg"
	eval "$("$B/tests/tool_cluster" env "$cluster")"
	attack_home "$top/home"
	key="$top/key"
	unset XDG_RUNTIME_DIR SSH_AUTH_SOCK
	bare="$top/bare"
	ssh-keygen -q -t ed25519 -N '' -C attack -f "$bare" && cp "$bare" "$key" && cp "$bare.pub" "$key.pub" &&
		ssh-keygen -q -p -P '' -N pass -f "$key" >/dev/null || exit 1
}

attack_home() { # folder
	export HOME="$1" XDG_STATE_HOME="$1/state" XDG_DATA_HOME="$1/data" XDG_CONFIG_HOME="$1/config"
	mkdir -p "$1"
	chmod 700 "$1"
}

sql() { PGOPTIONS='-c client_min_messages=warning' psql -XAtq -v ON_ERROR_STOP=1 -d shop -c "$1"; }

# A table of a few rows, its column legacy_total, an index that falls with it; a plan for it.
attack_shop() { # environment
	psql -Xq -d postgres -c "CREATE DATABASE shop" && sql "CREATE EXTENSION pg_stat_statements SCHEMA public;
		CREATE TABLE public.orders (id bigint PRIMARY KEY, total int, legacy_total int);
		CREATE INDEX orders_legacy_total ON public.orders (legacy_total);
		INSERT INTO public.orders SELECT i, i, i FROM generate_series(1, 200) i" || exit 1
	cat >"$top/plan.yaml" <<'PLAN'
gatewalk: 1
name: legacy
archetype: destructive
recipe: drop-column
target: {schema: public, table: orders, column: legacy_total}
document:
  before: the table has it
  after: the table without it
  why: nobody uses it
  way_back: gatewalk restore
  leaves_behind: nothing
  rollback_floor: "2.4.0"
  api_contract: none
  falls: ["index public.orders_legacy_total"]
deploys: [{name: web}]
sources: []
policy: {unused_days: 14, longest_job_days: 7}
window: {zone: UTC, open: [{days: [Mon, Tue, Wed, Thu], from: "02:00", to: "06:00"}]}
snapshot: {scope: column}
rehearsal: {now: "Tue 04:30", day: 0.05}
PLAN
	to="dbname=shop"
	"$gw" init --environment "$1" -d "$to" --key "$bare" >"$top/out" 2>&1 || { cat "$top/out"; exit 1; }
}

# To a stage, by the same key without a passphrase, as nobody sits before this terminal.
bring() { # stage [plan|walk]
	sent_before=$(sent)
	"$B/tests/tool_walk" "$to" "$bare" "${2:-$top/plan.yaml}" "$1" >"$top/out" 2>&1 </dev/null
	rc=$?
	return $rc
}

# A walk that is ready, its jobs ended, and all of it kept for rewind.
attack_armed() {
	bring armed || { cat "$top/out"; exit 1; }
	for job in $(sql "SELECT id FROM gatewalk.job WHERE ended_at IS NULL"); do "$gw" job stop "$job" -d "$to" >/dev/null; done
	n=0
	until [ "$(sql "SELECT count(*) FROM gatewalk.job WHERE ended_at IS NULL")" = 0 ] || [ $n -gt 100 ]; do n=$((n + 1)); sleep 0.1; done
	"$B/tests/tool_walk" "$to" "$bare" legacy look >"$top/out" 2>&1 </dev/null || { cat "$top/out"; exit 1; }
	sid=$(sql "SELECT sid FROM gatewalk.walk WHERE name = 'legacy'")
	walk="$XDG_STATE_HOME/gatewalk/walks/$sid"
	log="$walk/plan.gwlog"
	snap=$(sed -n 's/.*"path":"\([^"]*\)".*"role":"final".*/\1/p' "$log" | tail -n 1)
	[ -f "$snap/manifest.json" ] || { echo "no final snapshot in $log"; exit 1; }
	attack_keep
}

attack_keep() {
	rm -rf "$top/kept"
	mkdir "$top/kept"
	"$B/tests/tool_cluster" crash "$cluster" || exit 1
	cp -a "$cluster/data" "$top/kept/data"
	cp -a "$HOME" "$top/kept/home"
	"$B/tests/tool_cluster" restart "$cluster" || exit 1
}

# Server and home as attack_armed left them.
rewind() {
	attack_jobs_end
	"$B/tests/tool_cluster" crash "$cluster"
	rm -rf "$cluster/data" "$HOME"
	cp -a "$top/kept/data" "$cluster/data"
	cp -a "$top/kept/home" "$HOME"
	"$B/tests/tool_cluster" restart "$cluster" || exit 1
}

sent() { grep -ac '^gatewalk drop|.*statement: ' "$cluster/log"; }
column_there() { [ "$(sql "SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass('public.orders') AND attname = 'legacy_total'")" = 1 ]; }

# The drop, by the engine itself, on a terminal where a person types the passphrase. hook: run while it is asked for.
drop() { # [hook]
	sent_before=$(sent)
	rm -f "$top/rc" "$top/in"
	mkfifo "$top/in"
	: >"$top/tty"
	(
		timeout 60 script -qefc "$B/tests/tool_walk '$to' '${attack_key:-$key}' ${attack_walk:-legacy} drop" "$top/tty" <"$top/in" >/dev/null 2>&1
		echo $? >"$top/rc"
	) &
	exec 9>"$top/in"
	until [ -s "$top/rc" ] || grep -q 'Enter passphrase' "$top/tty"; do sleep 0.05; done
	if ! [ -s "$top/rc" ]; then
		asked=yes
		[ $# -eq 0 ] || eval "$1"
		echo "${attack_pass:-pass}" >&9
	else
		asked=no
	fi
	wait
	exec 9>&-
	rc=$(cat "$top/rc")
	grep -av '^Script ' "$top/tty" | tr -d '\r' >"$top/out"
}

# Any command: its status and its words.
run() {
	sent_before=$(sent)
	"$@" >"$top/out" 2>&1 </dev/null
	rc=$?
}

said() { grep -Eq -- "$1" "$top/out"; }

# What the last drop or run must have come to.
attack_refused() { # text status pattern...
	text=$1 want=$2
	shift 2
	good=true
	echo "$rc" | grep -Eqx -- "$want" || { good=false; echo "# status $rc, not $want"; }
	for pattern; do said "$pattern" || { good=false; echo "# it does not say: $pattern"; }; done
	[ "$(sent)" = "$sent_before" ] || { good=false; echo "# a statement was sent"; }
	column_there || { good=false; echo "# the column is gone"; }
	say $good "$text"
}
