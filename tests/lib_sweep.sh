# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034
# kill -9 at every call of a step, by strace, from the same state each time. Source it behind lib_fault.sh. A script says what the step
# is: act(), which puts $before in front of the program, and mark, a pattern in the step's own trace from which on its calls are killed.
calls='write fsync fdatasync sendto recvfrom'

put_aside() {
	sql CHECKPOINT
	jobs_end
	"$B/tests/tool_cluster" crash "$now/pg" && cp -a "$now" "$top/saved" && "$B/tests/tool_cluster" restart "$now/pg"
}

put_back() {
	jobs_end
	"$B/tests/tool_cluster" crash "$now/pg"
	rm -rf "$now" && cp -a "$top/saved" "$now" && "$B/tests/tool_cluster" restart "$now/pg" || exit 1
	# What the watch saw must be fresh, however long the sweep has lasted.
	"$GATEWALK" job tick -d "$conn" >/dev/null 2>&1
}

# The calls of a clean run, as "name first last" lines. How the answers are cut into receives is chance: the smaller of two runs.
count() {
	for run in 1 2; do
		put_back
		before="strace -s 80 -o $top/trace.$run -e trace=$(echo "$calls" | tr ' ' ,)"
		act || { cat "$now/said"; return 1; }
		[ -z "$(go look; disagree)" ] || { disagree; return 1; }
	done
	for c in $calls; do
		last=1000000 first=0
		for run in 1 2; do
			n=$(grep -c "^$c(" "$top/trace.$run")
			if [ "$n" -lt "$last" ]; then
				last=$n
				first=$(sed "/$mark/q" "$top/trace.$run" | grep -c "^$c(")
			fi
		done
		echo "$c $((first + 1)) $last"
	done
}

# A run that got through with fewer receives than counted is done again.
one_kill() { # call number
	for again in 1 2 3; do
		put_back
		before="strace -o /dev/null -e inject=$1:signal=SIGKILL:when=$2"
		act
		[ $? -ne 137 ] || return 0
		echo "# $1 $2 did not fire ($again): $(tail -n 1 "$now/said")"
	done
	return 1
}

# Every n-th call of these is killed, and one() looks at what comes of it. Sets planned; one() counts the rest.
sweep_calls() { # step calls [half]
	planned=0
	while read -r call first last; do
		case " $2 " in *" $call "*) ;; *) continue ;; esac
		k=$first
		[ -z "${3:-}" ] || k=$(((first + last) / 2))
		while [ "$k" -le "$last" ]; do
			planned=$((planned + 1))
			one "$call" "$k"
			k=$((k + $1))
		done
	done <"$top/counts"
}
