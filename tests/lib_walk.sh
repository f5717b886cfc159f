# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034 # out, walk, key are the script's; tm_dir is lib_tmux.sh's
# What the scripts share that bring a whole walk along with tool_walk. Source it behind lib_tmux.sh; out is a file for what a command
# said, walk the tool, key the operator's: walk_home sets them, or the script.
failed=0   # what the scripts exit with

# A home of its own, with a key that asks for nothing and a folder of code that names no target. Sets B, gw, walk, top, out, key.
walk_home() { # tag
	B=${B:-build}
	gw=$(realpath "${GATEWALK:-$B/gatewalk}") && walk=$(realpath "$B/tests/tool_walk") && top=$(mktemp -d "${TMPDIR:-/tmp}/gw$1.XXXXXX") || exit 1
	out=$top/out key=$top/config/gatewalk/id_ed25519
	export GATEWALK="$gw" HOME="$top/home" XDG_STATE_HOME="$top/state" XDG_DATA_HOME="$top/data" XDG_CONFIG_HOME="$top/config"
	chmod 711 "$top" && mkdir -p "$top/code" "$HOME" "$XDG_CONFIG_HOME/gatewalk" && echo 1 >"$top/code/one" &&
		chmod 700 "$HOME" "$XDG_CONFIG_HOME" "$XDG_CONFIG_HOME/gatewalk" && ssh-keygen -q -t ed25519 -N '' -f "$key" || exit 1
}

# A new database, the one that is meant from here on.
walk_database() { # name
	export PGDATABASE="$1"
	psql -qXd postgres -c "DROP DATABASE IF EXISTS $1 WITH (FORCE)" -c "CREATE DATABASE $1" 2>/dev/null || exit 1
}

say() { if [ "$1" = "$2" ]; then echo "ok - $3"; else echo "not ok - $3 (wanted $1, got $2)"; cat "$out"; failed=1; fi; } # wanted got text
run() { # status text command...
	want=$1 text=$2
	shift 2
	"$@" >"$out" 2>&1 </dev/null
	say "$want" $? "$text"
}
must() { run "$@"; [ $failed -eq 0 ] || exit 1; }   # the rest stands on it
has() { if grep -Eq -- "$2" "$out"; then echo "ok - $1"; else echo "not ok - $1: no \"$2\" in"; cat "$out"; failed=1; fi; } # text pattern
sql() { psql -XAtqc "$1"; }
is() { sql "$2" >"$out" 2>&1; say "$3" "$(cat "$out")" "$1"; } # text query wanted

# The same command again and again until the file is there, as an application that goes on: for a pipe into one psql. Seconds between.
again() { # file seconds command...
	again_until=$1 again_nap=$2
	shift 2
	while [ ! -e "$again_until" ]; do
		"$@"
		sleep "$again_nap"
	done
}

# A client beside what is tested: asks the same again and again until the file is there. Prints its longest wait in ms; what the
# server refused goes to standard error.
client() { # file statement
	again "$1" 0.005 echo "$2" | psql -XAtq -v ON_ERROR_STOP=0 -c '\timing on' -f - | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | sort -n | tail -n 1
}

# Until a query says "t"; five minutes at most, on a machine that is busy. A look by psql costs 60 ms of a processor there.
until_sql() { # text query
	until_tries=0
	until [ "$(sql "$2" 2>/dev/null)" = t ]; do
		if [ "$until_tries" -gt 600 ]; then
			sql "SELECT id, kind, state, phase, note, error FROM gatewalk.job ORDER BY id" >"$out" 2>&1
			echo "not ok - $1"; cat "$out"; failed=1
			return 1
		fi
		until_tries=$((until_tries + 1))
		if [ "$until_tries" -lt 10 ]; then sleep 0.1; else sleep 0.5; fi
	done
	echo "ok - $1"
}

# The same of a command whose output is to have it, within a minute.
until_out() { # text pattern command...
	until_text=$1 until_pattern=$2 until_end=$(($(date +%s) + 60))
	shift 2
	until "$@" >"$out" 2>&1 && grep -Eq -- "$until_pattern" "$out"; do
		if [ "$(date +%s)" -gt "$until_end" ]; then echo "not ok - $until_text"; cat "$out"; sql "SELECT id, state, phase, note, error FROM gatewalk.job ORDER BY id"; failed=1; return 1; fi
		sleep 0.2
	done
	echo "ok - $until_text"
}

# The drop, signed by a person who types the passphrase.
drop() { # walk text
	ssh-keygen -q -p -P '' -N night -f "$key" >/dev/null || exit 1
	tm_start 80x24 "$walk" "" "$key" "$1" drop
	tm_wait "Enter passphrase" 20 || failed=1
	tm_type night
	tm_keys Enter
	rc=$(tm_exit 60)
	tm_screen >"$out"
	tm_stop
	tm_dir=""
	ssh-keygen -q -p -P night -N '' -f "$key" >/dev/null || exit 1
	say 0 "${rc:-none}" "$2"
	[ $failed -eq 0 ] || exit 1
}
