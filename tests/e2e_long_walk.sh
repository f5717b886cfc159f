#!/bin/sh
# SPDX-License-Identifier: MIT
# The sweep over the whole walk: at each point of each of its items the program or its job is killed, its link is cut, the server is
# stopped at once, the disk gets full. Walk after walk, each hurt once in every step (the k-th walk at the k-th point of each): after
# each fault somebody looks, log, ledger and catalogue must agree, nothing may be left behind, and the step is done again; at the end the
# walk is closed and the data put back whole. Each kind of fault has a program with a fault of its own that must be found out.
# Prints a table: item, points, fired, bad. SWEEP_STEP=n takes every n-th point, SWEEP_FROM=m from the m-th on; e2e_long_walk.sh kill cut: these faults only.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_fault.sh
. tests/lib_fault.sh
# shellcheck source=tests/lib_hurt.sh
. tests/lib_hurt.sh
step=${SWEEP_STEP:-1} first=${SWEEP_FROM:-1}
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
	begin | tick | act:watch | act:snapshot | act:restore) ;;
	act:declare:* | drop | look | confirm | act:schema-log) caught_up && step_ready && way_on "$who" "$verb" && was=$(cat "$top/stage.$n") ;;
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
	put_back=yes
	go act:restore:
	i=0
	until [ "$(sql "SELECT count(*) FROM gatewalk.job WHERE kind = 'restore' AND ended_at IS NULL")" -eq 0 ] || [ "$i" -gt 200 ]; do sleep 0.1; i=$((i + 1)); done
	go act:look:
}

# A drop by a program with a fault of its own, hurt where that must show: behind COMMIT, or at the intent's write.
control() {
	n=$(echo "$sweep_steps" | grep -n 'drop$' | cut -d: -f1)
	step_take "$n"
	case $kind in
	kill) flawed=apart from=$(grep 'before COMMIT' "$top/list.$n" | tail -n 1) ;;
	cut | crash) flawed=believes from=$(grep 'before COMMIT' "$top/list.$n" | tail -n 1) ;;
	full) flawed=unwritten from=$(grep 'write plan.gwlog' "$top/list.$n" | head -n 1) ;;
	esac
	from=${from%% *} fired=0 bad=0
	for k in $from $((from + 1)); do
		walk_new "flawed$k"
		go begin
		plan=$walk
		go armed
		walk_tool=$B/tests/tool_walk_$flawed
		hurt "$who" "$verb" "$kind" "$k"
		walk_tool=$B/tests/tool_walk
		fired=$((fired + $(grep -c '^fired' "$now/points")))
		why=$(holds armed monitor)
		[ -z "$why" ] || bad=$((bad + 1))
		echo "# control $kind $flawed, point $k: $why" >>"$top/result"
		walk_end
	done
	echo "C $kind $flawed 2 $fired $bad" >>"$top/result"
}

lane() { # kind
	kind=$1
	: >"$top/result"
	count "$kind" >"$top/count.said" || { cat "$top/count.said"; failed=1; }
	cat "$top/count.said"
	most=$(cat "$top"/points.* | sort -n | tail -n 1)
	k=$first
	while [ "$failed" -eq 0 ] && [ "$k" -le "$most" ]; do
		one "$k"
		walk_end
		k=$((k + step))
	done
	[ "$failed" -ne 0 ] || control
	n=0
	while [ "$n" -lt "$sweep_count" ]; do
		n=$((n + 1))
		step_take $n
		points=$(cat "$top/points.$n")
		echo "T $item $who $verb $kind $((points < first ? 0 : (points - first) / step + 1)) $(grep -c "^F $n\$" "$top/result") $(grep -c "^B $n\$" "$top/result")"
	done
	grep '^[C#]' "$top/result"
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
grep -h '^#' "$out"/*
grep -hv '^[#TC]' "$out"/*

# The table, an item a line: points, fired, bad of each fault.
grep -h '^T' "$out"/* | awk -v kinds="$kinds" 'BEGIN { m = split(kinds, kind, " "); printf "# item     "; for (i = 1; i <= m; i++) printf "%-22s", kind[i] " points/fired/bad"; print "" }
	{ if (!($2 in seen)) { seen[$2] = 1; item[++n] = $2 } p[$2, $5] += $6; f[$2, $5] += $7; b[$2, $5] += $8 }
	function cell(x, k) { return p[x, k] + 0 "/" f[x, k] + 0 "/" b[x, k] + 0 }
	END { for (j = 1; j <= n; j++) { printf "# %-9s", item[j]; for (i = 1; i <= m; i++) { printf "%-22s", cell(item[j], kind[i])
		p["all", kind[i]] += p[item[j], kind[i]]; f["all", kind[i]] += f[item[j], kind[i]]; b["all", kind[i]] += b[item[j], kind[i]] } print "" }
		printf "# all      "; for (i = 1; i <= m; i++) printf "%-22s", cell("all", kind[i]); print "" }'
for f in $kinds; do
	grep -h '^T' "$out/$f" | awk '{ p += $6; f += $7; b += $8 } END { print p + 0, f + 0, b + 0 }' >"$out/sum"
	read -r points fired bad <"$out/sum"
	# A program that is not always as fast takes now a step more and now one less.
	say "$(yes_if [ "$points" -gt 0 -a "$fired" -ge $((points - points / 20)) ])" "$f at the points of the whole walk: $fired of $points fired"
	say "$(yes_if [ "$bad" -eq 0 ])" "$f: log, ledger and catalogue agree, nothing is left behind, the walk goes on to its end: $bad bad"
	read -r _ kind flawed points fired bad <<END
$(grep -h '^C' "$out/$f" || echo C - - 0 0 0)
END
	say "$(yes_if [ "$bad" -gt 0 ])" "$f: the sweep finds a program with a fault of its own ($flawed): $fired of $points fired, $bad bad"
done
exit "$failed"
