#!/bin/sh
# SPDX-License-Identifier: MIT
# kill -9 at every fourth send and receive of a removal of rows (e2e_long_rows_kill.sh: at every one), then a restart that goes on:
# never a row removed that differs from the snapshot, never one that is not accounted for, never one counted twice. A writer that goes
# by the key alone must be found out.
# Needs strace and a server (PGHOST and the like); B is the build folder.
set -u
cd "$(dirname "$0")/.." || exit 1
B=${B:-build}
tool=$(realpath "$B/tests/tool_rows") && by_key=$(realpath "$B/tests/tool_rows_key") || exit 1
dir=$(mktemp -d "${TMPDIR:-/tmp}/gwrowkill.XXXXXX") || exit 1
trap '"$tool" clean >/dev/null 2>&1; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
failed=0 step=${SWEEP_STEP:-4}

say() { # true|false text
	if [ "$1" = true ]; then echo "ok - $2"; else echo "not ok - $2"; failed=1; fi
}

"$tool" prepare "$dir" || { echo "not ok - prepared"; exit 1; }
strace -f -o "$dir/trace" -e trace=sendto,recvfrom "$tool" run "$dir" || exit 1
"$tool" check "$dir" >"$dir/out" || { cat "$dir/out"; echo "not ok - a clean run is well"; exit 1; }
fired=0 planned=0 bad=0
for call in sendto recvfrom; do
	n=$(grep -c "[ ]$call(" "$dir/trace")
	i=1
	while [ "$i" -le "$n" ]; do
		planned=$((planned + 1))
		strace -f -o /dev/null -e inject="$call":signal=SIGKILL:when="$i" "$tool" run "$dir" >/dev/null 2>&1
		[ $? -ne 137 ] || fired=$((fired + 1))
		"$tool" check "$dir" >"$dir/out" || { bad=$((bad + 1)); sed "s/^/# $call $i: /" "$dir/out"; }
		i=$((i + step))
	done
done
echo "# $fired kills fired of $planned, $bad bad"
# How the answers are cut into receives is chance: a few of the last ones may not come.
say "$([ "$planned" -gt $((80 / step)) ] && [ "$fired" -ge $((planned - 10 / step - 1)) ] && echo true || echo false)" "the removal was killed all along: $fired of $planned"
say "$([ "$bad" -eq 0 ] && echo true || echo false)" "no row that differs was removed, none lost or counted twice: $bad bad"
"$by_key" check "$dir" >"$dir/out"
say "$(grep -q 'rows that changed were removed' "$dir/out" && echo true || echo false)" "a writer that goes by the key alone is found out"
exit "$failed"
