# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034 # the script uses them
# A server whose clock is moved through days and weeks, in a home of its own. It starts on a Tuesday some nine weeks ago, at what is about noon in
# $zone, and goes towards now: with a clock ahead of the real one the server's own timers would not fire. Source it behind lib_walk.sh.
# shellcheck source=tests/lib_jobs.sh disable=SC1091
. tests/lib_jobs.sh
B=${B:-build}
gw=$(realpath "${GATEWALK:-$B/gatewalk}") walk=$(realpath "$B/tests/tool_walk") cluster=$(realpath "$B/tests/tool_cluster") || exit 1
export GATEWALK="$gw"
tm_dir=""

# shellcheck disable=SC2317 # the trap calls it
clock_end() {
	[ -z "$tm_dir" ] || tm_stop
	jobs_end 2>/dev/null
	"$cluster" stop "$top/pg" >/dev/null 2>&1
	rm -rf "$top"
}

clock() { echo "$1" >"$top/clock.new" && chmod 644 "$top/clock.new" && mv "$top/clock.new" "$top/clock"; }   # seconds from the real one

# From now on it is this time of the day, on that day behind the one with fifteen days in it (1: that one), by the wall of $zone.
clock_at() { # day hh:mm
	clock_wall=$(date -u -d "$(date -u -d "@$(($(date +%s) - then + 15 * 86400 - shift_h * 3600))" +%Y-%m-%d) $2" +%s)
	clock "$((clock_wall + ($1 - 1) * 86400 + shift_h * 3600 - $(date +%s)))"
}

clock_server() { # name
	fake=$(dpkg -L libfaketime 2>/dev/null | grep '/libfaketime\.so\.1$')
	[ -n "$fake" ] || { echo "not ok - libfaketime is here"; exit 1; }
	top=$(mktemp -d "${SHORT_TMP:-/tmp}/gw$1.XXXXXX") || exit 1
	chmod 711 "$top"
	export HOME="$top/home" XDG_STATE_HOME="$top/state" XDG_DATA_HOME="$top/data" XDG_CONFIG_HOME="$top/config"
	mkdir -p "$HOME" "$XDG_CONFIG_HOME/gatewalk" && chmod 700 "$HOME" "$XDG_CONFIG_HOME" "$XDG_CONFIG_HOME/gatewalk"
	trap clock_end EXIT
	trap 'exit 130' INT TERM HUP
	days=60
	while [ "$(date -u -d "-$days days" +%u)" != 2 ]; do days=$((days + 1)); done
	shift_h=$(($(date -u +%-H) - 12))
	if [ $shift_h -ge 0 ]; then zone=Etc/GMT+$shift_h; else zone=Etc/GMT$shift_h; fi
	[ $shift_h -ne 0 ] || zone=UTC
	then=$((days * 86400))
	clock "-$then"
	GW_CLUSTER_ENV="LD_PRELOAD=$fake
FAKETIME_TIMESTAMP_FILE=$top/clock
FAKETIME_NO_CACHE=1" "$cluster" start "$top/pg" fsync=off >"$top/out" 2>&1 || { cat "$top/out"; echo "not ok - a server with a moved clock"; exit 1; }
	eval "$("$cluster" env "$top/pg")"
	export PGDATABASE="$1"
	psql -qXd postgres -c "CREATE DATABASE $1" || exit 1
}
