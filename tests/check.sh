#!/bin/sh
# SPDX-License-Identifier: MIT
# Everything that must hold. Three builds (gcc, gcc with sanitizers, clang), then one queue: e2e_*, db_*, the unit tests, the fuzzers' corpora, the
# layers, the manual pages, the scripts, cppcheck. A lane more than there are processors takes from it, each with a private cluster: more of them wait for each other, and tests of a moment fail.
# Behind each name stand its checks and seconds. The last line is "N passed, N failed".
# check.sh [NAME...]: only the tests whose name contains one of these.
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C.UTF-8 CK_VERBOSITY=normal CK_DEFAULT_TIMEOUT=30 GW_ROOT="$PWD" B=build GATEWALK="$PWD/build/gatewalk"
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
only="$*"
limit=${CHECK_LIMIT:-900}   # seconds a test may take: against one that hangs, not a measure of speed

# In memory where there is room and programs may run: most of what the servers do to a disk is to make and remove databases of 300 files.
# Not below TMPDIR: the socket's path must be short. 0711: the server's user must get through to its folder.
in_memory() {
	[ "$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')" -gt 4000000 ] 2>/dev/null || return 1
	try=$(mktemp -d /dev/shm/gwcheck.XXXXXX) || return 1
	printf '#!/bin/sh\n' >"$try/run" && chmod 755 "$try/run" && "$try/run" 2>/dev/null && rm "$try/run" && echo "$try" && return
	rm -rf "$try"
	return 1
}
top=$(in_memory) || top=$(mktemp -d /tmp/gwcheck.XXXXXX) || exit 1
chmod 711 "$top"
mkdir "$top/out" "$top/tmp" "$top/taken"
chmod 711 "$top/tmp"
export TMPDIR="$top/tmp" SHORT_TMP="$top"   # a socket below SHORT_TMP has a short path
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
		# What failed is said first: behind it may come pages of what leaked by it.
		grep -E ':[FE]:' "$3" | head -n 20 | sed 's/^/     | /'
		sed 's/^/     | /' "$3" | tail -n 60
	fi
}

# Runs one and counts it. $1 lane, $2 name, the rest: the command
counted() {
	log="$top/out/$(echo "$1-$2" | tr -c 'a-zA-Z0-9\n' _)"
	by=$1 what=$2
	shift 2
	began=$(now)
	"$@" >"$log" 2>&1
	rc=$?
	count "$by" "$what" "$log" $rc
	return $rc
}
# What holds or not by its status, and may say nothing of it.
says_ok() { "$@" || return; grep -q '^ok ' "$log" || echo "ok - $what"; }

# A test within its time; a step of the build; a function of this script. $1 lane, $2 name, the rest: the command
try() { wanted "$2" || return 0; by=$1 what=$2; shift 2; counted "$by" "$what" timed "$limit" "$@"; }
step() { by=$1 what=$2; shift 2; counted "$by" "$what" says_ok timed 900 "$@"; }
here() { wanted "$2" || return 0; by=$1 what=$2; shift 2; counted "$by" "$what" says_ok "$@"; }

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

# What is run, a line each, its kind before it. What takes longest comes first.
queue() {
	for t in tests/e2e_*.sh; do
		case $t in tests/e2e_long_* | tests/e2e_items_kill.sh | tests/e2e_crowd.sh) continue ;; esac   # check-long has it, at every call, with more walks
		echo "e2e $(basename "$t" .sh)"
	done
	for t in tests/db_*.c; do
		case $t in tests/db_long_*) continue ;; esac   # check-long has it
		echo "db $(basename "$t" .c)"
	done
	for t in tests/test_*.c; do
		echo "unit $(basename "$t" .c)"
	done
	for t in tests/fuzz_*.c; do
		echo "corpus $(basename "$t" .c)"
	done
	for s in lint_c lint_man lint_sh; do
		echo "lint $s"
	done
	echo "layers layers"
	echo "cover cover"
}

# A process under sanitizers takes 80 ms to fork: one process runs all tests of a program, and what crashes or hangs takes the rest with it. Those without a server run each by itself as well, forked, in clang's build.
sanitized() { # lane name
	try "$1" "$2 (sanitizers)" env CK_FORK=no "build/san/tests/$2"
}
one() { # lane kind name
	case $2 in
	e2e) try "$1" "$3" sh "tests/$3.sh" ;;
	db) sanitized "$1" "$3" ;;
	unit)
		sanitized "$1" "$3"
		try "$1" "$3 (clang)" "build/clang/tests/$3" ;;
	corpus) here "$1" "corpus of $3" replay "${3#fuzz_}" ;;
	lint) here "$1" "$3" "$3" ;;
	layers) try "$1" layers env LAYERS_OBJ="$PWD/build" sh tests/layers.sh ;;
	cover) try "$1" "cover self-test" sh tests/cover.sh --self-test ;;
	esac
}

# Takes what no other lane has taken. Roles, settings and statistics belong to a cluster: a lane that has its own is not disturbed by what the others do.
takes() { # lane
	if ! build/tests/tool_cluster start "$top/$1.pg" fsync=off; then
		echo "FAIL the private cluster of lane $1 did not start"
		echo "0 1" >>"$top/$1.sum"
		return
	fi
	eval "$(build/tests/tool_cluster env "$top/$1.pg")"
	n=0
	while read -r kind name <&3; do
		n=$((n + 1))
		if mkdir "$top/taken/$n" 2>/dev/null; then one "$1" "$kind" "$name"; fi
	done 3<"$top/queue"
}

echo "== tests"
queue >"$top/queue"
l=0
while [ "$l" -le "$jobs" ]; do
	lane "$l" takes "$l" & lanes="$lanes $!"
	l=$((l + 1))
done
# shellcheck disable=SC2086  # numbers
wait $lanes
lanes=""

cat "$top"/*.sum 2>/dev/null | awk '{ good += $1; wrong += $2 } END { printf "%d passed, %d failed\n", good, wrong; exit wrong > 0 || good == 0 }'
