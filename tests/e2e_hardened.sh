#!/bin/sh
# SPDX-License-Identifier: MIT
# Is the program that was built hardened as the Makefile says? Asked of the file itself, by readelf: position-independent, its import
# table read-only and bound at the start, no stack that runs, guarded returns, checked copies, marked places for indirect jumps; and each
# unit compiled with each flag. A program built without one of these is found out by the same questions.
set -u
cd "$(dirname "$0")/.." || exit 1
B=${B:-build}
gw=${GATEWALK:-$B/gatewalk}
failed=0
say() { if [ "$1" = "$2" ]; then echo "ok - $3"; else echo "not ok - $3 (wanted \"$1\", got \"$2\")"; failed=1; fi; }
top=$(mktemp -d "${TMPDIR:-/tmp}/gwhard.XXXXXX") || exit 1
trap 'rm -rf "$top"' EXIT

# What the Makefile gives to gcc: $1 the variable.
flags() { make -s CC=gcc --eval="print-$1: ; @echo '\$($1)'" "print-$1"; }
hard=$(flags HARD) link=$(flags LINK) opt=$(flags OPT)

# Prints what a file lacks, a word each.
lacks() { # file
	if ! readelf -hldW "$1" >"$top/elf" || ! readelf -sW "$1" >"$top/symbols"; then
		echo unreadable
		return
	fi
	grep -q 'Type: *DYN' "$top/elf" && grep -q 'FLAGS_1.*PIE' "$top/elf" || printf 'pie '
	grep -q 'GNU_RELRO' "$top/elf" || printf 'relro '
	grep -q 'FLAGS_1.*NOW' "$top/elf" || printf 'now '
	grep -Eq 'GNU_STACK .* RW +0x' "$top/elf" || printf 'noexecstack '
	grep -q 'UND __stack_chk_fail' "$top/symbols" || printf 'stack-protector '
	grep -Eq 'UND __[a-z]+_chk@' "$top/symbols" || printf 'fortify '
	# The start files of Debian's C library have no such mark, so that the whole program has none: its own code has.
	[ "$(uname -m)" != x86_64 ] || objdump -d --no-show-raw-insn --disassemble=main "$1" | grep -A1 '<main>:' | grep -q endbr64 || printf 'cf-protection '
}

# The flags of the compiler that are not in each unit's own record of how it was made.
unrecorded() { # file
	readelf --debug-dump=info "$1" 2>/dev/null | grep 'DW_AT_producer' >"$top/units"
	for f in $hard; do
		case $f in -W*) continue ;; esac
		grep -vq -e "$f" "$top/units" && printf '%s ' "$f"
	done
	[ -s "$top/units" ] || printf 'no record'
}

say "" "$(lacks "$gw")" "the program lacks nothing of it"
say "" "$(unrecorded "$gw")" "each of its units was compiled with each flag"
say "" "$(readelf -dW "$gw" | grep -E 'TEXTREL|RPATH|RUNPATH')" "nothing in its code is rewritten at its start, and no folder of libraries is its own"
[ ! -e "$B/clang/gatewalk" ] || say "" "$(lacks "$B/clang/gatewalk")" "nor does the one that clang built"

# Copies and prints by sizes that only the run knows: what each flag is for.
cat >"$top/p.c" <<'END'
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv)
{
	char b[64];
	memcpy(b, argv[0], (size_t)argc);
	return printf("%s", b) < 0;
}
END
built() { # compiler's flags, linker's flags; what it lacks
	# shellcheck disable=SC2086 # words
	if gcc -std=c11 -Wall -g $1 -c -o "$top/p.o" "$top/p.c" && gcc $2 -o "$top/p" "$top/p.o"; then lacks "$top/p"; else echo "does not build"; fi
}
without() { echo "$1" | sed "s/ *$2//g"; } # flags, one of them as a pattern

say "" "$(built "$opt $hard" "$link")" "a small program with the same flags lacks nothing"
say "pie " "$(built "$opt $(without "$hard" -fPIE) -fno-pie" "$(without "$link" -pie) -no-pie")" "one without -fPIE and -pie is found out"
say "relro now " "$(built "$opt $hard" "$(without "$(without "$link" -Wl,-z,relro)" -Wl,-z,now) -Wl,-z,norelro -Wl,-z,lazy")" "one without -z relro and -z now"
say "now " "$(built "$opt $hard" "$(without "$link" -Wl,-z,now) -Wl,-z,lazy")" "one without -z now"
say "noexecstack " "$(built "$opt $hard" "$(without "$link" -Wl,-z,noexecstack) -Wl,-z,execstack")" "one without -z noexecstack"
say "stack-protector " "$(built "$opt $(without "$hard" -fstack-protector-strong) -fno-stack-protector" "$link")" "one without -fstack-protector-strong"
say "fortify " "$(built "$(without "$opt" '-D_FORTIFY_SOURCE=[0-9]') $hard" "$link")" "one without _FORTIFY_SOURCE"
say "cf-protection " "$(built "$opt $(without "$hard" -fcf-protection=full) -fcf-protection=none" "$link")" "one without -fcf-protection"
for f in -fstack-clash-protection -ftrivial-auto-var-init=zero; do
	built "$opt $(without "$hard" $f)" "$link" >/dev/null
	say "$f " "$(unrecorded "$top/p")" "one without $f"
done
exit $failed
