#!/bin/sh
# SPDX-License-Identifier: MIT
# What takes too long for every change: valgrind over the unit tests, the threaded tests under TSan, each fuzzer for 60 s with its
# dictionary, db_long_* and e2e_long_*. check-long.sh [SECONDS a fuzzer]. The last line is "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C.UTF-8 GW_ROOT="$PWD" B=build GATEWALK="$PWD/build/gatewalk"
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
seconds=${1:-60}
top=$(mktemp -d /tmp/gwlong.XXXXXX) || exit 1
chmod 711 "$top"
mkdir "$top/home" "$top/tmp"
chmod 711 "$top/tmp"
export HOME="$top/home" XDG_STATE_HOME="$top/home/state" XDG_DATA_HOME="$top/home/data" XDG_CONFIG_HOME="$top/home/config" TMPDIR="$top/tmp"
unset XDG_RUNTIME_DIR SSH_AUTH_SOCK PGSERVICE PGPASSWORD PGOPTIONS 2>/dev/null
cluster=""
finish() {
	[ -z "$cluster" ] || build/tests/tool_cluster stop "$cluster" >/dev/null 2>&1
	rm -rf "$top"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
good=0
wrong=0

# $1 name, the rest: the command. Holds or not, by its status; what it measured is shown.
limit=1800
try() {
	name=$1
	shift
	if timeout -k 60 "$limit" "$@" >"$top/log" 2>&1 </dev/null; then
		good=$((good + 1))
		echo "ok   $name"
		grep '^# ' "$top/log" | sed 's/^/     | /'
	else
		wrong=$((wrong + 1))
		echo "FAIL $name"
		sed 's/^/     | /' "$top/log" | tail -n 60
	fi
}

try "build" make -s -j"$jobs" B=build CC=gcc all tests
# valgrind does not know every instruction of FORTIFY and CET builds, and wants line numbers.
try "build for valgrind" make -s -j"$jobs" B=build/vg CC=gcc OPT=-O1 tests
try "build with TSan" make -s -j"$jobs" B=build/tsan CC=gcc OPT=-O1 SAN=-fsanitize=thread tests
try "build for fuzzing" make -s -j"$jobs" B=build/fuzz CC=clang OPT=-O1 SAN=-fsanitize=address,undefined \
	CFLAGS=-fsanitize=fuzzer-no-link build/fuzz/libgatewalk.a

cluster="$top/pg"
if build/tests/tool_cluster start "$cluster" fsync=off; then
	eval "$(build/tests/tool_cluster env "$cluster")"
else
	cluster=""
	wrong=$((wrong + 1))
fi

try "db_snapshot_table: the memory that a row of 100 MiB takes" build/tests/db_snapshot_table
for t in tests/db_long_*.c; do
	n=$(basename "$t" .c)
	try "$n" "build/tests/$n"
done
for t in tests/test_*.c; do
	n=$(basename "$t" .c)
	! grep -q lib_pty "$t" || continue   # it times another program on a terminal
	# Tests end by exit() in a child of Check's: what is still reachable then is no leak.
	try "valgrind $n" env CK_TIMEOUT_MULTIPLIER=20 valgrind -q --suppressions=tests/parser_leaks.supp --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite "build/vg/tests/$n"
done
for t in tests/test_*.c tests/db_*.c; do
	grep -qE 'pthread|engine/desk\.h' "$t" || continue
	n=$(basename "$t" .c)
	try "TSan $n" env CK_TIMEOUT_MULTIPLIER=10 TSAN_OPTIONS=halt_on_error=0:exitcode=66:die_after_fork=0 "build/tsan/tests/$n"
done
libs="$(pkg-config --libs libpq yaml-0.1 libsodium jansson libzstd libical) -lpg_query"
for t in tests/fuzz_*.c; do
	n=$(basename "$t" .c)
	n=${n#fuzz_}
	mkdir -p "$top/corpus/$n" "$top/found"
	# shellcheck disable=SC2086  # words on purpose
	try "fuzzer $n builds" clang -std=c11 -D_GNU_SOURCE -Isrc -I. -g -O1 -fsanitize=fuzzer,address,undefined \
		-o "$top/fuzz_$n" "$t" build/fuzz/libgatewalk.a $libs -pthread -lm
	dict=""
	[ ! -e "tests/fuzz/$n.dict" ] || dict="-dict=tests/fuzz/$n.dict"
	# shellcheck disable=SC2086
	try "fuzzer $n for $seconds s" "$top/fuzz_$n" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 $dict \
		-artifact_prefix="$top/found/" "$top/corpus/$n" "tests/fuzz/$n"
	for f in "$top/found"/*; do
		[ -e "$f" ] || continue
		mkdir -p build/found
		mv "$f" build/found/
		echo "     | kept: build/found/$(basename "$f")"
	done
done
try "layers self-test" env LAYERS_OBJ="$PWD/build" sh tests/layers.sh --self-test
limit=10800   # the sweep over the whole walk: an hour of two quiet cores
for t in tests/e2e_long_*.sh; do
	[ ! -e "$t" ] || try "$(basename "$t" .sh)" sh "$t"
done
echo "$good passed, $wrong failed"
[ "$wrong" -eq 0 ] && [ "$good" -gt 0 ]
