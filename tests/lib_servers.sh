# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# More servers beside that of lib_fault.sh: a standby, a restored backup, an upgraded cluster; and an operator's answers. A server is a
# folder with data/ in it, as tool_cluster makes them; PGHOST says which one sql and the walk speak to.
# shellcheck source=tests/lib_fault.sh
. tests/lib_fault.sh

others=""   # servers that end with the place

# As the user that runs servers here.
as_server() { # command...
	if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

# Removes the servers beside the first one, then the place.
servers_end() {
	jobs_end
	for dir in $others; do
		"$B/tests/tool_cluster" stop "$dir" >/dev/null 2>&1
	done
	export PGHOST="$now/pg"
	place_end 2>/dev/null
}

servers_new() { # setting...
	place_new shared_buffers=16MB fsync=off "$@"
	trap servers_end EXIT
	pg_bin=$(sed -n 2p "$now/pg/gatewalk-cluster")
}

# A server's folder without data yet.
server_folder() { # dir
	mkdir -m 700 "$1" && cp "$now/pg/gatewalk-cluster" "$1/" && chmod 600 "$1/gatewalk-cluster" || return 1
	[ "$(id -u)" != 0 ] || chown postgres "$1" || return 1
	others="$others $1"
}

# The data of a running server, as of now; the last line of its settings says where its socket is.
data_copy() { # to-dir option...
	to=$1
	shift
	as_server "$pg_bin/pg_basebackup" -h "$PGHOST" -U postgres -D "$to/data" -X stream -c fast "$@" || return 1
	echo "unix_socket_directories = '$to'" | as_server tee -a "$to/data/postgresql.conf" >/dev/null
}

server_start() { # dir
	"$B/tests/tool_cluster" restart "$1"
}

server_crash() { # dir
	"$B/tests/tool_cluster" crash "$1"
}

# From now on sql and the walk speak to this one.
server_use() { # dir
	export PGHOST="$1"
	conn="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$db"
}

# Until a statement answers t, 20 s at most.
until_true() { # statement [dir]
	tries=0
	until [ "$(PGHOST=${2:-$PGHOST} sql "$1" 2>/dev/null)" = t ]; do
		tries=$((tries + 1))
		if [ "$tries" -gt 200 ]; then echo "never true: $1"; return 1; fi
		sleep 0.1
	done
}

# gatewalk resync|rebind WALK, with the answer that it asks for. What it says goes to $now/said.
agree() { # verb [answer]
	timeout -k 5 60 "$GATEWALK" "$1" "$walk" -d "$conn" --key "$now/home/bare" --answer "${2:-$walk}" --reason "tested with a real one" >"$now/said" 2>&1 </dev/null
}

# The same on a terminal, typed by a person who is asked; with another word as the answer no reason is asked for. lib_tmux.sh is needed. Sets rc.
# shellcheck disable=SC2034 # rc is the script's, tm_dir lib_tmux.sh's, failed lib_fault.sh's
asked() { # verb answer reason [walk]
	tm_start 100x30 env PATH="$PATH" "$GATEWALK" "$1" ${4:+"$4"} -d "$conn" --key "$now/home/bare"
	tm_wait '^answer' 20 || failed=1
	tm_type "$2"
	tm_keys Enter
	if [ -n "$3" ]; then
		tm_wait '^reason' 20 || failed=1
		tm_type "$3"
		tm_keys Enter
	fi
	rc=$(tm_exit 60)
	tm_screen | sed '/^$/d; /^Pane is dead/d' >"$now/said"
	tm_stop
	tm_dir=""
}

# Do log and mirror tell the same story, and is each entry of the ledger a line's? A drop may have been lost here, so that disagree()
# counts too many. Prints what does not.
apart() {
	"$GATEWALK" verify "$(log_of)" >/dev/null 2>&1 || echo "the log does not verify"
	sql "SELECT line FROM gatewalk.line ORDER BY n" | cmp -s - "$(log_of)" || echo "the mirror is not the log"
	sql "SELECT n, head FROM gatewalk.anchor ORDER BY n DESC LIMIT 4" | while IFS='|' read -r n head; do
		sum=$(head -n $((n + 1)) "$(log_of)" | sha256sum)
		[ "${sum%% *}" = "$head" ] || echo "entry $n has another head than the line"
	done
	sql "SELECT stage FROM gatewalk.walk" | grep -qxF "$(stage)" || echo "the ledger's stage is not the walk's"
}

# The walk's last line of this op.
last_of() { # op
	grep "\"op\":\"$1\"" "$(log_of)" | tail -n 1
}

# Log and ledger as a program without gatewalk checks them: the script of gatewalk-log(5).
shell_check() {
	mandoc -Tascii -Owidth=200 man/gatewalk-log.5 | sed 's/.\x08//g' |
		sed -n '/^ *#!\/bin\/sh$/,/^ *# end of check.sh$/p' | sed 's/^     //' >"$now/check.sh"
	sh "$now/check.sh" "$(dirname "$(log_of)")"
}
