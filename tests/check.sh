#!/bin/sh
# SPDX-License-Identifier: MIT
# Everything that must hold. Three builds (gcc, gcc with sanitizers, clang), then six lanes side by side: db_* on three private clusters, e2e_*, which
# wait for clocks and screens, on two, and what needs no server: the layers, the unit tests, the manual pages, the scripts, cppcheck, the fuzzers'
# corpora. Behind each name stand its checks and seconds. The last line is "N passed, N failed".
# check.sh [NAME...]: only the tests whose name contains one of these.
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C.UTF-8 CK_VERBOSITY=normal CK_DEFAULT_TIMEOUT=30 GW_ROOT="$PWD" B=build GATEWALK="$PWD/build/gatewalk"
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
only="$*"
limit=${CHECK_LIMIT:-300}   # seconds a test may take

# Not below TMPDIR: the socket's path must be short. 0711: the server's user must get through to its folder.
top=$(mktemp -d /tmp/gwcheck.XXXXXX) || exit 1
chmod 711 "$top"
mkdir "$top/out" "$top/tmp"
chmod 711 "$top/tmp"
export TMPDIR="$top/tmp"
unset XDG_RUNTIME_DIR SSH_AUTH_SOCK PGSERVICE PGPASSWORD PGOPTIONS PGSSLMODE PGHOSTADDR PGPASSFILE NO_COLOR 2>/dev/null
# No test touches the user's own files, keys or databases; nor does one lane those of another.
home() {
	mkdir -p "$1"
	export HOME="$1" XDG_STATE_HOME="$1/state" XDG_DATA_HOME="$1/data" XDG_CONFIG_HOME="$1/config"
}
home "$top/home"
lanes=""
child=""
# An interrupted run leaves nothing behind: each lane ends its test, and the test's own children with it.
finish() {
	# shellcheck disable=SC2086  # numbers
	[ -z "$lanes$child" ] || { kill $lanes $child; wait $lanes $child; } 2>/dev/null
	for c in "$top"/*.pg; do
		[ ! -d "$c" ] || build/tests/tool_cluster stop "$c" >/dev/null 2>&1
	done
	# A watch waits a day for its server: those whose server was in here do so in vain.
	for p in /proc/[0-9]*; do
		if tr '\0' ' ' 2>/dev/null <"$p/cmdline" | grep -q "gatewalk job run .*$top/"; then kill "${p#/proc/}" 2>/dev/null; fi
	done
	rm -rf "$top"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
now() { date +%s; }
timed() { # seconds command...
	timeout -k 60 "$@" </dev/null &   # a script has a minute to end its servers: killed, it would leave them running
	child=$!
	wait "$child"
	rc=$?
	child=""
	return $rc
}
lane() { # name command...
	trap '[ -z "$child" ] || { kill "$child"; wait "$child"; } 2>/dev/null; exit 130' TERM
	home "$top/$1.home"
	shift
	"$@"
}

wanted() {
	[ -n "$only" ] || return 0
	for w in $only; do
		case $1 in *"$w"*) return 0 ;; esac
	done
	return 1
}

# Counts what a test said. $1 lane, $2 name, $3 its output, $4 its status; it began at $began.
count() {
	took=$(($(now) - began))
	good=0
	wrong=0
	line=$(grep -E '^[0-9]+%: Checks: ' "$3" | tail -n 1)
	if [ -n "$line" ]; then
		checks=$(echo "$line" | sed 's/.*Checks: \([0-9]*\).*/\1/')
		failures=$(echo "$line" | sed 's/.*Failures: \([0-9]*\),.*/\1/')
		errors=$(echo "$line" | sed 's/.*Errors: \([0-9]*\).*/\1/')
		wrong=$((failures + errors))
		good=$((checks - wrong))
	fi
	good=$((good + $(grep -c '^ok ' "$3")))
	wrong=$((wrong + $(grep -c '^not ok ' "$3")))
	# A test that died, or that said nothing, has failed whatever it counted.
	[ "$4" -eq 0 ] || [ "$wrong" -gt 0 ] || wrong=1
	[ $((good + wrong)) -gt 0 ] || wrong=1
	echo "$good $wrong" >>"$top/$1.sum"
	if [ "$wrong" -eq 0 ]; then
		echo "ok   $2: $good ($took s)"
	else
		echo "FAIL $2: $good passed, $wrong failed (status $4, $took s)"
		sed 's/^/     | /' "$3" | tail -n 60
	fi
}

# Runs a test within its time. $1 lane, $2 name, the rest: the command
try() {
	lane=$1
	name=$2
	shift 2
	wanted "$name" || return 0
	log="$top/out/$(echo "$lane-$name" | tr -c 'a-zA-Z0-9\n' _)"
	began=$(now)
	timed "$limit" "$@" >"$log" 2>&1
	count "$lane" "$name" "$log" $?
}

# A step that either holds or not.
step() {
	lane=$1
	name=$2
	shift 2
	log="$top/out/$(echo "$lane-$name" | tr -c 'a-zA-Z0-9\n' _)"
	began=$(now)
	if timed 900 "$@" >"$log" 2>&1; then
		echo "ok - $name" >>"$log"
		count "$lane" "$name" "$log" 0
	else
		count "$lane" "$name" "$log" 1
		return 1
	fi
}

SAN="-fsanitize=address,undefined -fno-sanitize-recover=undefined"
export ASAN_OPTIONS="detect_leaks=1:abort_on_error=0:allocator_may_return_null=1" UBSAN_OPTIONS="print_stacktrace=1"
replay() {
	name=$1
	make B=build/san CC=gcc OPT=-O1 SAN="$SAN" CFLAGS="-Werror -DREPLAY" "build/san/tests/fuzz_$name" >"$top/out/fuzz_$name.make" 2>&1 || {
		cat "$top/out/fuzz_$name.make"
		return 1
	}
	"build/san/tests/fuzz_$name" "tests/fuzz/$name"/*
}

# Which other manuals this machine has is not asked.
lint_man() {
	said=$(mandoc -Tlint man/*.[1-9] 2>&1 | grep -vE 'outdated mandoc.db|referenced manual not found')
	[ -z "$said" ] || { echo "$said"; return 1; }
}
lint_sh() { shellcheck tests/*.sh && shellcheck .ci/run; }
# cppcheck 2.10 takes a compound literal behind ? for a syntax error, and then mistakes members of other structs.
lint_c() {
	cppcheck --quiet --std=c11 --enable=warning --inline-suppr --suppress=missingIncludeSystem --suppress=internalAstError \
		--suppress=assignBoolToPointer:screens/page.c --error-exitcode=1 \
		-j "$jobs" -I src -I . -D_GNU_SOURCE -DGATEWALK_VERSION='""' -DGATEWALK_PLANS='""' src screens
}

echo "== build"
# Warnings are errors here. What does not build is counted, and the rest goes on (-k). Each has what is run of it: what is shipped and
# the scripts' tools, every test, the tests without a server. gold links those that are not shipped in half the time.
step build "build gcc" make -k -j"$jobs" B=build CC=gcc CFLAGS=-Werror all tools
step build "build gcc with sanitizers" make -k -j"$jobs" B=build/san CC=gcc OPT=-O1 SAN="$SAN" CFLAGS="-Werror -g1" LDFLAGS=-fuse-ld=gold tests
step build "build clang" make -k -j"$jobs" B=build/clang CC=clang OPT="-O1 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2" CFLAGS="-Werror -g0" LDFLAGS=-fuse-ld=gold all units

alone() {
	try alone layers env LAYERS_OBJ="$PWD/build" sh tests/layers.sh
	try alone "cover self-test" sh tests/cover.sh --self-test
	for t in tests/test_*.c; do
		n=$(basename "$t" .c)
		try alone "$n (sanitizers)" "build/san/tests/$n"
		try alone "$n (clang)" "build/clang/tests/$n"
	done
	for t in tests/fuzz_*.c; do
		n=$(basename "$t" .c)
		wanted "corpus of $n" || continue
		log="$top/out/$n"
		began=$(now)
		replay "${n#fuzz_}" >"$log" 2>&1
		count alone "corpus of $n" "$log" $?
	done
	for s in lint_man lint_sh lint_c; do
		wanted "$s" || continue
		log="$top/out/$s"
		began=$(now)
		if $s >"$log" 2>&1; then echo "ok - $s" >>"$log"; count alone "$s" "$log" 0; else count alone "$s" "$log" 1; fi
	done
}

# Every third one each: most of a test's time is waiting, for a server's clock, its disk, or another process.
db_some() { # lane 0|1|2: of three
	n=0
	for t in tests/db_*.c; do
		case $t in tests/db_long_*) continue ;; esac   # check-long has it
		n=$((n + 1))
		[ $((n % 3)) -eq "$2" ] || continue
		try "$1" "$(basename "$t" .c) (sanitizers)" "build/san/tests/$(basename "$t" .c)"
	done
}
db() { db_some db 1; }
tables() { db_some tables 2; }
rows() { db_some rows 0; }
e2e_some() { # lane 0|1: of two
	n=0
	for t in tests/e2e_*.sh; do
		case $t in tests/e2e_long_* | tests/e2e_items_kill.sh | tests/e2e_crowd.sh) continue ;; esac   # check-long has it, at every call, with more walks
		n=$((n + 1))
		[ $((n % 2)) -eq "$2" ] || continue
		try "$1" "$(basename "$t" .sh)" sh "$t"
	done
}
e2e() { e2e_some e2e 1; }
walks() { e2e_some walks 0; }

# Roles, settings and statistics belong to a cluster: a lane that has its own is not disturbed by what the other one does to them.
with_server() {
	if ! build/tests/tool_cluster start "$top/$1.pg" fsync=off; then
		echo "FAIL the private cluster of $1 did not start"
		echo "0 1" >>"$top/$1.sum"
		return
	fi
	eval "$(build/tests/tool_cluster env "$top/$1.pg")"
	"$1"
}

echo "== tests"
for l in e2e walks db tables rows; do
	lane $l with_server $l & lanes="$lanes $!"
done
lane alone alone & lanes="$lanes $!"
# shellcheck disable=SC2086  # numbers
wait $lanes
lanes=""

cat "$top"/*.sum 2>/dev/null | awk '{ good += $1; wrong += $2 } END { printf "%d passed, %d failed\n", good, wrong; exit wrong > 0 || good == 0 }'
