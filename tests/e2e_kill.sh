#!/bin/sh
# SPDX-License-Identifier: MIT
# kill -9 at every send, receive, write and fsync of the drop, then a restart: never a drop without its intent and anchor,
# never two, never a lost outcome. A writer that anchors in a second transaction must be found out by the same sweep.
# Needs strace and a server (PGHOST and the like); B is the build folder.
set -u
cd "$(dirname "$0")/.." || exit 1
B=${B:-build}
tool=$(realpath "$B/tests/tool_drop") && apart=$(realpath "$B/tests/tool_drop_apart") || exit 1
dir=$(mktemp -d "${TMPDIR:-/tmp}/gwkill.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
calls='sendto recvfrom write fsync fdatasync'
spare=90 cases=180
failed=0

say() { # true|false text
	if [ "$1" = true ]; then echo "ok - $2"; else echo "not ok - $2"; failed=1; fi
}

# The calls of a clean run, as "name count" lines. How the answers are cut into receives is chance: the smaller of two runs.
count() { # program case case
	for k in "$2" "$3"; do
		strace -f -o "$dir/trace.$k" -e trace=sendto,recvfrom,write,fsync,fdatasync "$1" run "$dir/$k" || exit 1
	done
	for c in $calls; do
		a=$(grep -c "[ ]$c(" "$dir/trace.$2"); b=$(grep -c "[ ]$c(" "$dir/trace.$3")
		if [ "$a" -lt "$b" ]; then echo "$c $a"; else echo "$c $b"; fi
	done
}

# One kill; prints 1 when it fired. A run that got through with fewer receives is done again on a spare case.
cat >"$dir/one.sh" <<'EOF'
for at in "$4" "$5"; do
	strace -f -o /dev/null -e inject="$2":signal=SIGKILL:when="$3" "$1" run "$at" >/dev/null 2>&1
	if [ $? -eq 137 ]; then echo 1; exit 0; fi
done
EOF

# Sets planned, fired, bad.
sweep() { # program
	rm -rf "$dir"/[0-9]* "$dir"/trace.*
	"$tool" prepare "$dir" "$cases" || exit 1
	count "$1" 0 1 >"$dir/counts" || exit 1
	k=2
	while read -r call n; do
		i=1
		while [ "$i" -le "$n" ]; do
			echo "$1 $call $i $dir/$k $dir/$((k + spare))"
			i=$((i + 1)) k=$((k + 1))
		done
	done <"$dir/counts" >"$dir/plan"
	planned=$(wc -l <"$dir/plan")
	fired=$(xargs -P 2 -L 1 sh "$dir/one.sh" <"$dir/plan" 2>/dev/null | grep -c 1)
	"$tool" settle "$dir" "$cases" >"$dir/settled"
	bad=$(sed -n 's/.* \([0-9]*\) bad$/\1/p' "$dir/settled")
	dropped=$(sed -n 's/.* \([0-9]*\) dropped,.*/\1/p' "$dir/settled")
}

sweep "$tool"
echo "# $fired kills fired of $planned, $dropped dropped, $bad bad"
grep '^case' "$dir/settled"
say "$([ "$planned" -gt 40 ] && [ "$planned" -lt "$spare" ] && [ "$fired" -eq "$planned" ] && echo true || echo false)" "every call of the drop was killed once: $fired kills fired of $planned"
say "$([ "${bad:-1}" -eq 0 ] && echo true || echo false)" "no drop without intent and anchor, none twice, no outcome lost: $bad bad"
say "$([ "$dropped" -gt 4 ] && [ "$dropped" -lt "$planned" ] && echo true || echo false)" "kills before and after COMMIT are among them: $dropped dropped"

sweep "$apart"
echo "# anchor in a second transaction: $fired kills fired of $planned, $bad bad"
"$tool" clean
say "$([ "${bad:-0}" -gt 0 ] && echo true || echo false)" "the sweep finds an anchor in a second transaction: $bad bad"
exit "$failed"
