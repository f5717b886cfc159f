#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2119,SC2154,SC2317
# However the screen ends, in the middle of a snapshot: the terminal is usable afterwards, and the snapshot and the watch go on as
# the processes that they were. The real program, on a real terminal and server; the snapshot is held, so that it
# is still at work when the screen ends.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_attack.sh
. tests/lib_attack.sh
# shellcheck source=tests/lib_tmux.sh disable=SC1091 # looked at on its own
. tests/lib_tmux.sh
attack_start
tm_dir=""
trap '[ -z "$tm_dir" ] || tm_stop; attack_stop' EXIT
attack_shop rehearsal
bring final || { cat "$top/out"; exit 1; }
lock="$XDG_STATE_HOME/gatewalk/walks/$(sql "SELECT sid FROM gatewalk.walk")/lock"

# What the operator's shell is, before and after.
cat >"$top/shell" <<END
stty -a >"$top/before"
"$gw" walk legacy -d "$to" --key "$bare"
echo \$? >"$top/status"
[ ! -e "$top/stops" ] || { stty -a >"$top/stopped"; echo stopped; read -r answer; fg; echo \$? >"$top/status"; }
stty -a >"$top/after"
echo back in the shell
read -r answer
END

until_sql() { # condition on gatewalk.job, tenths of a second
	n=0
	until [ "$(sql "SELECT EXISTS (SELECT FROM gatewalk.job WHERE $1)")" = t ]; do
		n=$((n + 1))
		[ $n -lt "${2:-150}" ] || return 1
		sleep 0.1
	done
}

# A new job begins with a pause: the snapshot is at work for as long as the case needs.
hold() { sql "ALTER TABLE gatewalk.job ALTER control SET DEFAULT 'pause'"; }
let_go() { sql "ALTER TABLE gatewalk.job ALTER control SET DEFAULT 'run'; UPDATE gatewalk.job SET control = 'run' WHERE control = 'pause'"; }

# The screen's process, as its walk's lock names it.
screen() { cat "$lock"; }
given_back() { # file of stty: the settings are the shell's, and so are the screen's page and its cursor
	cmp -s "$top/before" "$1" && [ "$(tm display -p -t t '#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{keypad_flag}')" = "0 1 0 0" ]
}

# Sets trouble.
ended() { # status
	trouble=""
	tm_wait "back in the shell" 20 >"$top/out" || { trouble="no shell again"; return; }
	[ "$(cat "$top/status")" = "$1" ] || trouble="status $(cat "$top/status"), not $1"
	given_back "$top/after" || trouble="$trouble, the terminal is not as it was"
}

stopped() {
	trouble=""
	tm_keys C-z
	tm_wait "^stopped" 20 >"$top/out" || { trouble="not stopped"; return; }
	given_back "$top/stopped" || trouble="the terminal is not as it was while it is stopped"
	tm_keys Enter
	tm_wait "safe to quit" 20 >"$top/out" || { trouble="$trouble, it does not go on"; return; }
	tm_keys Q
	ended 0
}

gone() {
	was=$(screen)
	trouble=""
	tm_stop
	tm_dir=""
	n=0
	while kill -0 "$was" 2>/dev/null && [ "$n" -lt 100 ]; do n=$((n + 1)); sleep 0.1; done
	[ "$n" -lt 100 ] || trouble="the screen still runs"
}

# The snapshot is started with the keys that stand on the screen.
case_of() { # text command...
	text=$1
	shift
	rm -f "$top/status" "$top/after" "$top/stops"
	[ "$1" != stopped ] || : >"$top/stops"
	taken=$(grep -c '"event":"end".*"kind":"snapshot"' "${lock%/*}/plan.gwlog")
	hold
	tm_start 80x24 sh -m "$top/shell" || exit 1
	tm_wait "take the final snapshot|safe to quit" 20 >"$top/out" || { say false "$text: the walk does not open"; exit 1; }
	tm_keys Enter
	tm_wait "Enter take the final snapshot|A second copy" 20 >"$top/out" || { say false "$text: the step does not open"; exit 1; }
	tm_keys Enter
	until_sql "kind = 'snapshot' AND state = 'paused'" || { say false "$text: no snapshot runs"; exit 1; }
	jobs=$(sql "SELECT string_agg(pid::text, ' ' ORDER BY id) FROM gatewalk.job WHERE ended_at IS NULL")
	rounds=$(sql "SELECT done FROM gatewalk.job WHERE kind = 'watch' AND ended_at IS NULL")
	"$@"
	[ "$(echo "$jobs" | wc -w)" = 2 ] || trouble="$trouble, not two jobs: $jobs"
	for pid in $jobs; do kill -0 "$pid" 2>/dev/null || trouble="$trouble, job process $pid is gone"; done
	let_go
	until_sql "kind = 'snapshot' AND state = 'done' AND NOT taken" || trouble="$trouble, the snapshot did not come to its end"
	until_sql "kind = 'watch' AND ended_at IS NULL AND done > $rounds" || trouble="$trouble, the watch stands still"
	[ -z "$tm_dir" ] || tm_stop
	tm_dir=""
	"$B/tests/tool_walk" "$to" "$bare" legacy "act:back::for the next case" >"$top/out" 2>&1 </dev/null
	grep -c '"event":"end".*"kind":"snapshot"' "${lock%/*}/plan.gwlog" | grep -qx "$((taken + 1))" && said '^stage snapshot again ' || trouble="$trouble, the snapshot is not taken in"
	say "$([ -z "$trouble" ] && echo true || echo false)" "$text, and the jobs go on${trouble:+ (${trouble#, })}"
}

by_key() { tm_keys "$1"; ended "$2"; }
by_signal() { kill "-$1" "$(screen)"; ended "$2"; }
# Nobody gives a terminal back then: that it is seen shows that the others' check can fail.
killed() {
	kill -9 "$(screen)"
	ended 137
	case $trouble in *"not as it was"*) trouble="" ;; *) trouble="a terminal left behind is not seen" ;; esac
}

case_of "Ctrl-C: the terminal is given back" by_key C-c 130
case_of "SIGHUP: the terminal is given back" by_signal HUP 0
case_of "SIGTERM: the terminal is given back" by_signal TERM 0
case_of "SIGSEGV: the terminal is given back" by_signal SEGV 139
case_of "Ctrl-Z, and on: the terminal is given back" stopped
case_of "kill -9: the terminal is left as it was" killed
case_of "the terminal goes away, as when ssh drops: so does the screen" gone
exit "$attack_failed"
