#!/bin/sh
# SPDX-License-Identifier: MIT
# kill -9 at every write, fsync, send and receive of the whole drop as the engine drives it: a real log, a real key typed on a
# terminal, a real ledger. Before each kill the same state is put back; after it the walk is opened again. Never a drop without its
# intent and anchor, never two, never a lost outcome: log, ledger and catalogue agree. An engine whose anchor stands in a second
# transaction must be found out. SWEEP_STEP=n takes every n-th call only.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_fault.sh
. tests/lib_fault.sh
calls='write fsync fdatasync sendto recvfrom'
step=${SWEEP_STEP:-1}

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

# The calls of a clean drop, as "name first last" lines. How the answers are cut into receives is chance: the smaller of two runs.
count() {
	for run in 1 2; do
		put_back
		before="strace -o $top/trace.$run -e trace=write,fsync,fdatasync,sendto,recvfrom" go_drop || { cat "$now/said"; return 1; }
		[ -z "$(go look; disagree)" ] || { disagree; return 1; }
	done
	for c in $calls; do
		last=1000000 first=0
		for run in 1 2; do
			n=$(grep -c "^$c(" "$top/trace.$run")
			if [ "$n" -lt "$last" ]; then
				last=$n
				first=$(sed '/dropping/q' "$top/trace.$run" | grep -c "^$c(")
			fi
		done
		echo "$c $((first + 1)) $last"
	done
}

# A run that got through with fewer receives than counted is done again.
one_kill() { # call number
	for again in 1 2 3; do
		put_back
		before="strace -o /dev/null -e inject=$1:signal=SIGKILL:when=$2" go_drop
		[ $? -ne 137 ] || return 0
		echo "# $1 $2 did not fire ($again): $(tail -n 1 "$now/said")"
	done
	return 1
}

# One kill and what comes after it. Sets fired, bad, dropped.
one() { # call number
	one_kill "$1" "$2" || return
	fired=$((fired + 1))
	if ! go look; then
		bad=$((bad + 1))
		echo "# $1 $2: going on failed: $(tail -n 2 "$now/said")"
		return
	fi
	why=$(disagree)
	if [ "$(stage)" = monitor ]; then
		dropped=$((dropped + 1))
		# The watch after the drop is part of it.
		[ "$(sql "SELECT count(*) FROM gatewalk.job WHERE kind = 'monitor'")" -eq 1 ] || why="$why; no monitor, or two"
	fi
	if [ -n "$why" ]; then
		bad=$((bad + 1))
		echo "# $1 $2, now at $(stage): $why"
	fi
}

# Sets planned, fired, bad, dropped.
sweep() { # calls [half]
	planned=0 fired=0 bad=0 dropped=0
	while read -r call first last; do
		case " $1 " in *" $call "*) ;; *) continue ;; esac
		k=$first
		[ -z "${2:-}" ] || k=$(((first + last) / 2))
		while [ "$k" -le "$last" ]; do
			planned=$((planned + 1))
			one "$call" "$k"
			k=$((k + step))
		done
	done <"$top/counts"
}

place_new fsync=off
place_walk sweep 500 0.2
go armed || { cat "$now/said"; exit 1; }
# No job of the walk's lives in the state that is put back, so that none outlives it.
sql "SELECT id FROM gatewalk.job WHERE kind = 'watch' AND ended_at IS NULL" | while read -r id; do "$GATEWALK" job stop "$id" -d "$conn" >/dev/null; done
sleep 2
if ! go armed || [ "$(stage)" != armed ]; then cat "$now/said"; exit 1; fi
put_aside || exit 1

count >"$top/counts" || { cat "$top/counts"; exit 1; }
tr '\n' ',' <"$top/counts" | sed 's/^/# calls: /; s/,$/\n/'
sweep "$calls"
echo "# $fired kills fired of $planned, $dropped dropped, $bad bad"
say "$(yes_if [ "$fired" -eq "$planned" ])" "every call of the drop was killed once: $fired kills fired of $planned"
say "$(yes_if [ "$bad" -eq 0 ])" "no drop without intent and anchor, none twice, no outcome lost: $bad bad"
say "$(yes_if [ "$dropped" -gt 4 -a "$dropped" -lt "$fired" ])" "kills before and after COMMIT are among them: $dropped dropped"

walk_tool=$B/tests/tool_walk_apart
sweep sendto half   # the second half has COMMIT and what follows
echo "# anchor in a second transaction: $fired kills fired of $planned, $bad bad"
say "$(yes_if [ "$bad" -gt 0 ])" "the sweep finds an anchor in a second transaction: $bad bad"
exit "$failed"
