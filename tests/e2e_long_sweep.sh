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
# shellcheck source=tests/lib_sweep.sh
. tests/lib_sweep.sh
step=${SWEEP_STEP:-1}
# shellcheck disable=SC2034 # lib_sweep.sh asks for it
mark=dropping
# shellcheck disable=SC2317 # lib_sweep.sh calls it
act() { go_drop; }

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
	fired=0 bad=0 dropped=0
	sweep_calls "$step" "$@"
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
