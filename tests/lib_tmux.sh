# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# A full-screen program in a private tmux. Source it. Nothing sleeps: every step waits for text that only the new state shows,
# and prints the screen when it gives up.

tm_start() { # tm_start COLSxROWS command...
	tm_dir=$(mktemp -d "${TMPDIR:-/tmp}/gwtm.XXXXXX") || return 1
	tm_cols=${1%x*}
	tm_rows=${1#*x}
	shift
	printf '%s\n' 'set -g status off' 'set -s escape-time 0' 'set -g remain-on-exit on' 'set -g history-limit 0' \
		"set -g default-terminal ${TM_TERM:-tmux-256color}" >"$tm_dir/conf"
	# shellcheck disable=SC2016 # the inner shell expands them
	env -u TMUX -u LINES -u COLUMNS LC_ALL="${TM_LANG:-C.UTF-8}" TZ=UTC tmux -S "$tm_dir/s" -f "$tm_dir/conf" new-session -d -s t \
		-x "$tm_cols" -y "$tm_rows" sh -c 'rc=$1; shift; "$@"; echo $? >"$rc.new"; mv "$rc.new" "$rc"' sh "$tm_dir/rc" "$@"
}
tm() { tmux -S "$tm_dir/s" "$@"; }
tm_screen() { tm capture-pane -p -t t; }
tm_keys() { tm send-keys -t t "$@"; }
tm_type() { tm send-keys -t t -l -- "$1"; }
# Seconds are counted by the naps: the looks themselves come on top, more of them on a busy machine. No clock is asked, a look starts programs enough.
tm_wait() { # tm_wait PATTERN [seconds]
	tm_left=$((5 * ${2:-10})) tm_nap=0.05
	until tm_screen | grep -Eq -- "$1"; do
		if [ "$tm_left" -le 0 ]; then
			echo "not on the screen within ${2:-10} s: $1"
			tm_screen | sed 's/^/  |/'
			return 1
		fi
		sleep "$tm_nap"
		tm_left=$((tm_left - 1)) tm_nap=0.2
	done
}
tm_exit() { # prints the exit status once the program has ended
	tm_left=$((10 * ${1:-10}))
	until [ -e "$tm_dir/rc" ]; do
		[ "$tm_left" -gt 0 ] || { tm_screen | sed 's/^/  |/'; return 1; }
		sleep 0.1
		tm_left=$((tm_left - 1))
	done
	cat "$tm_dir/rc"
}
tm_stop() {
	tm kill-server 2>/dev/null
	rm -rf "$tm_dir"
}
