#!/bin/sh
# SPDX-License-Identifier: MIT
# The shell lines of gatewalk-log(5), as a reader would copy them from the page, over a real log: they call a good one good and
# name the line of a bad one. Needs tool_journal; B is the build folder.
set -u
cd "$(dirname "$0")/.." || exit 1
B=${B:-build}
tool=$(realpath "$B/tests/tool_journal") || exit 1
dir=$(mktemp -d "${TMPDIR:-/tmp}/gwshell.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

say() { # status text
	if [ "$1" -eq 0 ]; then echo "ok - $2"; else echo "not ok - $2"; failed=1; fi
}

mandoc -Tascii -Owidth=200 man/gatewalk-log.5 | sed 's/.\x08//g' |
	sed -n '/^ *#!\/bin\/sh$/,/^ *# end of check.sh$/p' | sed 's/^     //' >"$dir/check.sh"
[ "$(wc -l <"$dir/check.sh")" -gt 40 ]
say $? "the page has the lines"
shellcheck -S warning "$dir/check.sh"
say $? "shellcheck has nothing against them"

fresh() {
	rm -rf "$dir/w"
	"$tool" "$dir/w" 12 4 || exit 1
}

# The verdict of the shell lines must be this, and gatewalk's must be good or bad as well.
expect() { # pattern text
	said=$(sh "$dir/check.sh" "$dir/w" 2>&1)
	# shellcheck disable=SC2254  # a pattern is meant
	case $said in
	$1) say 0 "$2: $said" ;;
	*) say 1 "$2: $said" ;;
	esac
	[ -n "${GATEWALK:-}" ] && [ -x "$GATEWALK" ] || return
	"$GATEWALK" verify "$dir/w" >"$dir/said" 2>&1
	status=$?
	case $1 in good*) want=0 ;; *) want=6 ;; esac
	[ "$status" -eq "$want" ]
	say $? "gatewalk verify says the same ($status)"
}

log=$dir/w/plan.gwlog
fresh
expect "good: 12 lines, the first * of them sealed, head $(sha256sum <"$log" | cut -c 1-64)" "a good log"

signed=$(awk -F '\t' 'NR > 1 && $2 != "" { print NR; exit }' "$log")
bare=$(awk -F '\t' '$2 == "" { print NR; exit }' "$log")
last=$(awk -F '\t' '$2 != "" { n = NR } END { print n }' "$log")

sed -i "${signed}s/rehearsal of 3/rehearsal of 4/" "$log"
expect "line $signed: not signed by ada@example" "a signed line edited"

fresh
sed -i "${bare}s/none was new/two were new/" "$log"
expect "line $((bare + 1)): what stands before it was changed" "an unsigned line edited"

fresh
sed -i "${bare}d" "$log"
expect "line $bare: it should be numbered $((bare - 1))" "a line taken out"

fresh
sed -i "${bare}{h;d};$((bare + 1))G" "$log"
expect "line $bare: it should be numbered $((bare - 1))" "two lines changed over"

fresh
sed -i "${signed}s/	.*/	/" "$log"
expect "line $signed: a line \"declare\" must be signed" "a signature taken off"

fresh
"$tool" "$dir/other" 12 4 || exit 1
cp "$dir/other/allowed_signers" "$dir/w/"
expect "line 1: other signers" "other signers"
sed -n "${signed}p" "$dir/other/plan.gwlog" >"$dir/line"
fresh
sed -i -e "${signed}r $dir/line" -e "${signed}d" "$log"
expect "line $signed: what stands before it was changed" "a line of another log"

fresh
echo junk >>"$log"
expect "line 13: this is no line of a log" "junk behind"

fresh
sed -i 's/"sid":"00/"sid":"01/' "$log"
expect "line 1: not signed by ada@example" "another walk's name everywhere"

# What is torn: refused by the shell lines, which cannot tell what will be sealed; gatewalk reads up to it.
fresh
head -c -1 "$log" >"$dir/cut" && cat "$dir/cut" >"$log"
said=$(sh "$dir/check.sh" "$dir/w")
[ "$said" = "line 0: the last line does not end: what follows the last LF is not believed" ]
say $? "a last line without LF: $said"

# Sealed debris is stepped over, exactly.
fresh
at=$(wc -c <"$log")
printf '{"b":{"ev' >>"$log"
line12=$(sed -n "$bare"p "$log")
seal() { # n
	prev=$(sha256sum <"$log" | cut -c 1-64)
	printf '%s\t\n' "$line12" | sed "s/\t\t/\t/; s/{\"b\":{[^}]*}/{\"b\":{\"length\":9,\"offset\":$at,\"sha256\":\"$(printf '{"b":{"ev' | sha256sum | cut -c 1-64)\"}/
		s/\"n\":[0-9]*,\"op\":\"job\",\"prev\":\"[0-9a-f]*\"/\"n\":$1,\"op\":\"torn\",\"prev\":\"$prev\"/
		s/\"t\":\"[^\"]*\"/\"t\":\"2030-01-01T00:00:00.000000Z\"/" >>"$log"
}
echo >>"$log"
seal 12
expect "good: 13 lines, the first $last of them sealed, head *" "sealed debris"
sed -i 's/^{"b":{"ev$/{"b":{"eV/' "$log"
expect "line 13: what was sealed over is not this" "debris changed"
fresh
line12=$(sed -n "$bare"p "$log")
at=5
seal 12
expect "line 13: a torn line that covers nothing" "a torn line without debris"

exit "$failed"
