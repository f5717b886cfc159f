#!/bin/sh
# SPDX-License-Identifier: MIT
# The sweep over the whole walk: at each point of each of its items the program or its job is killed, its link is cut, the server is
# stopped at once, the disk gets full. Walk after walk, each hurt once in every step (the k-th walk at the k-th point of each): after
# each fault somebody looks, log, ledger and catalogue must agree, nothing may be left behind, and the step is done again; at the end the
# walk is closed and the data put back whole. Each kind of fault has a program with a fault of its own that must be found out.
# Prints a table: item, points, fired, bad. SWEEP_STEP=n takes every n-th point; e2e_long_walk.sh kill cut: these faults only.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_fault.sh
. tests/lib_fault.sh
# shellcheck source=tests/lib_hurt.sh
. tests/lib_hurt.sh
step=${SWEEP_STEP:-1}
day=0.1

# Sets item, who, verb.
step_take() { # number
	# shellcheck disable=SC2046
	set -- $(echo "$sweep_steps" | sed -n "$1p")
	item=$1 who=$2 verb=$3
}

walk_new() { # name
	put_back=''
	place_walk "$1" 200 $day
	digest=$(table_digest)
}

walk_end() {
	jobs_end
	psql -XAtq -d postgres -c "DROP DATABASE $db WITH (FORCE)" >/dev/null 2>&1
	rm -rf "$XDG_STATE_HOME" "$XDG_DATA_HOME"
}

# What a step needs that no fault is to come into.
step_ready() {
	case $item-$verb in
	12-confirm | 12-tick) sql "SELECT pg_sleep(greatest(0, extract(epoch FROM watched_until - clock_timestamp()) + 0.05)) FROM gatewalk.walk" >/dev/null ;;
	back-*) put_back=yes ;;
	esac
}

# Walks to the end without a fault and notes each step's points, and the stage that follows.
count() { # kind
	kind=$1
	walk_new "${kind}0"
	n=0
	while [ "$n" -lt "$sweep_count" ]; do
		n=$((n + 1))
		step_take $n
		step_ready
		hurt "$who" "$verb" "$kind" 0
		grep -c '^[0-9]' "$now/points" >"$top/points.$n"
		cp "$now/points" "$top/list.$n"
		go look || { echo "bad count at $item $who $verb: $(cat "$now/hurt" "$now/said")"; return 1; }
		stage >"$top/stage.$n"
		plan=$walk
	done
	go act:look:
	why=$(ended_well)
	[ -z "$why" ] || { echo "bad clean walk: $why"; return 1; }
	walk_end
}

# Steps that no fault is to come into are taken together, as late as can be.
skip() {
	case $verb in
	begin | tick | act:declare:* | act:watch | act:snapshot | act:restore) ;;
	drop | look | confirm | act:schema-log) caught_up && step_ready && way_on "$who" "$verb" && was=$(cat "$top/stage.$n") ;;
	*) behind=$verb ;;
	esac
}

caught_up() {
	[ -z "$behind" ] || go "$behind" || return
	[ -z "$behind" ] || was=$(stage)
	behind=''
}

# The k-th walk: one fault in each step that has a k-th point, and whatever there is to be done to get there.
one() { # k
	k=$1
	walk_new "$kind$k"
	n=0 was=snapshot behind='' last=$(last_of_points "$k")
	while [ "$n" -lt "$last" ]; do
		n=$((n + 1))
		step_take $n
		if [ "$(cat "$top/points.$n")" -lt "$k" ]; then
			skip || { bad_one "no way on: $(tail -n 3 "$now/said")"; return; }
			continue
		fi
		caught_up || { bad_one "no way on: $(tail -n 3 "$now/said")"; return; }
		step_ready
		hurt "$who" "$verb" "$kind" "$k"
		if grep -q '^fired' "$now/points" 2>/dev/null; then echo "F $n" >>"$top/result"; else echo "# $kind $item $who $verb $k did not fire" >>"$top/result"; fi
		why=$(holds "$was" "$(cat "$top/stage.$n")")
		[ -z "$why" ] || bad_one "$why" || return
		way_on "$who" "$verb" || { bad_one "no way on: $(tail -n 3 "$now/said")"; return; }
		plan=$walk
		case $who in job:*) ;; *) was=$(cat "$top/stage.$n") ;; esac
	done
	[ "$n" -eq "$sweep_count" ] || return
	way_back
	why=$(ended_well)
	[ -z "$why" ] || bad_one "at the end: $why"
}

# The last step that has a k-th point. A walk that was hurt in the monitor or later goes to its end.
last_of_points() { # k
	n=$sweep_count
	while [ "$n" -gt 1 ] && [ "$(cat "$top/points.$n")" -lt "$1" ]; do n=$((n - 1)); done
	if [ "$n" -gt 16 ]; then echo "$sweep_count"; else echo "$n"; fi
}

bad_one() { # why
	echo "B $n" >>"$top/result"
	{
		echo "# BAD $kind $item $who $verb, point $k: $1"
		grep -B 1 '^fired' "$now/points" 2>/dev/null | head -n 1 | sed 's/^/#   at /'
		tail -n 3 "$now/hurt" | sed 's/^/#   said: /'
	} >>"$top/result"
	false
}

# Whatever became of the hurt one, another restore brings the rest.
way_back() {
	go act:restore:
	i=0
	until [ "$(sql "SELECT count(*) FROM gatewalk.job WHERE kind = 'restore' AND ended_at IS NULL")" -eq 0 ] || [ "$i" -gt 200 ]; do sleep 0.1; i=$((i + 1)); done
	go act:look:
}

lane() { # kind
	kind=$1
	: >"$top/result"
	count "$kind" >"$top/count.said" || { cat "$top/count.said"; failed=1; }
	cat "$top/count.said"
	most=$(cat "$top"/points.* | sort -n | tail -n 1)
	k=1
	while [ "$failed" -eq 0 ] && [ "$k" -le "$most" ]; do
		one "$k"
		walk_end
		k=$((k + step))
	done
	n=0
	while [ "$n" -lt "$sweep_count" ]; do
		n=$((n + 1))
		step_take $n
		points=$(cat "$top/points.$n")
		echo "T $item $who $verb $kind $(((points + step - 1) / step)) $(grep -c "^F $n\$" "$top/result") $(grep -c "^B $n\$" "$top/result")"
	done
	grep '^#' "$top/result"
}

kinds=${*:-kill cut crash full}
out=$(mktemp -d "${TMPDIR:-/tmp}/gwsweep.XXXXXX") || exit 1
trap 'rm -rf "$out"' EXIT
for f in $kinds; do
	(
		place_new fsync=off
		sweep_place
		lane "$f"
		exit "$failed"
	) >"$out/$f" 2>&1 &
done
wait
cat "$out"/*
