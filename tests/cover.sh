#!/bin/sh
# SPDX-License-Identifier: MIT
# How much of the code the tests run: a build of its own, and what gcov counted, a folder a line. Core must have all lines and all
# branches, by the pure tests alone; the rest nine lines in ten, by all of them. What is left out stands in cover.txt with its reason;
# an entry that nothing needs any more fails as well. cover.sh [--core | --again | --self-test]: the pure tests and core alone;
# judges once more what the last run counted; that it fails where it must.
# Not among them: e2e_kill, e2e_rows_kill and most of e2e_long_*, whose processes are killed before they can write what they counted.
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C.UTF-8 GW_ROOT="$PWD" B=build/cover GATEWALK="$PWD/build/cover/gatewalk"
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
top=$(mktemp -d /tmp/gwcover.XXXXXX) || exit 1
chmod 711 "$top"
mkdir "$top/tmp"
chmod 711 "$top/tmp"
export TMPDIR="$top/tmp"
unset XDG_RUNTIME_DIR SSH_AUTH_SOCK PGSERVICE PGPASSWORD PGOPTIONS PGSSLMODE PGHOSTADDR PGPASSFILE NO_COLOR 2>/dev/null
lane=""
finish() {
	[ -z "$lane" ] || { kill "$lane"; wait "$lane"; } 2>/dev/null
	for c in "$top"/*.pg; do
		[ ! -d "$c" ] || "$B/tests/tool_cluster" stop "$c" >/dev/null 2>&1
	done
	rm -rf "$top"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

home() { # name
	mkdir -p "$top/$1"
	export HOME="$top/$1" XDG_STATE_HOME="$top/$1/state" XDG_DATA_HOME="$top/$1/data" XDG_CONFIG_HOME="$top/$1/config"
}
# A lane has a home and a cluster of its own.
place() { # name
	home "$1"
	"$B/tests/tool_cluster" start "$top/$1.pg" fsync=off || exit 1
	eval "$("$B/tests/tool_cluster" env "$top/$1.pg")"
}
# What fails here is said; whether it may is the business of make check.
run() { # name command...
	name=$1
	shift
	timeout -k 10 1200 "$@" >"$top/$name.log" 2>&1 </dev/null || { echo "FAIL $name"; tail -n 15 "$top/$name.log" | sed 's/^/     | /'; }
}
programs() { # their sources
	for t in "$@"; do
		n=$(basename "$t" .c)
		run "$n" env CK_TIMEOUT_MULTIPLIER=4 "$B/tests/$n"
	done
}
scripts() {
	place scripts
	for t in tests/e2e_*.sh; do
		case $t in *_way.sh | *_backup.sh | *_failover.sh) ;; tests/e2e_long_* | *kill.sh) continue ;; esac
		run "$(basename "$t" .sh)" sh "$t"
	done
}

# One file's own lines, as gcov writes them with branches: "COUNT:LINE:TEXT" and "branch N taken T". A file that has none is no good sign.
counted() { # folder of the build, source
	gcov -b -c -t -o "$1/${2%.c}.gcda" "$2" 2>/dev/null |
		awk -v want="$2" '/^ *-: *0:Source:/ { own = $0 ~ ("Source:" want "$") } own { print; n++ } END { if (!n) print "        -:    0:Source:" want; }'
}
listing() { # folder of the build, where to, sources
	folder=$1
	to=$2
	shift 2
	for f in "$@"; do
		counted "$folder" "$f" >"$to/$(echo "$f" | tr / _)"
	done
}
made() { # targets and settings
	make -s -k -j"$jobs" B="$B" CC=gcc OPT=-O0 SAN=--coverage "$@" >"$top/make" 2>&1 || { tail -n 30 "$top/make"; exit 1; }
}
build() {
	# Unoptimized: a line stays a line, and a branch a branch. Who ends by _exit or exec writes first what it counted: in this build alone.
	rm -rf "$B/listing"
	mkdir -p "$B/listing"
	made "$B/tests/cover_end.o"
	made LDFLAGS="$B/tests/cover_end.o -Wl,--wrap=_exit,--wrap=execve" all tests
	find "$B" -name '*.gcda' -exec rm -f {} +
}
pure() {
	home pure
	programs tests/test_*.c
	listing "$B" "$B/listing" src/core/*.c
}
whole() {
	pure
	scripts &
	lane=$!
	place db
	programs tests/db_*.c
	wait "$lane"
	lane=""
	for f in src/*/*.c screens/*.c; do
		case $f in src/core/*) ;; *) listing "$B" "$B/listing" "$f" ;; esac
	done
}

# A program of two folders in which one thing at a time is not run, and whether that is said.
self_test() {
	failed=0
	mkdir -p "$top/self/src/core" "$top/self/src/base" "$top/self/o/src/core" "$top/self/o/src/base"
	here=$PWD
	cd "$top/self" || exit 1
	printf '%s\n' 'int pick(int a, int b);' 'int pick(int a, int b)' '{' '	if (a && b)' '		return 1;' '	return 0;' '}' >src/core/pick.c
	printf '%s\n' 'int pick(int a, int b);' 'int main(int argc, char **argv)' '{' '	int n = 0;' '	for (int i = 1; i < argc; i++)' \
		"		n += pick(argv[i][0] == 'y', argv[i][1] == 'y');" '	if (argc == 1)' '		n = 9;' '	return n > 9;' '}' >src/base/main.c
	judged() { # want, what, cover.txt, arguments of the program
		want=$1
		what=$2
		printf '%s' "$3" >cover.txt
		shift 3
		find o -type f -exec rm -f {} +
		rm -rf listing
		mkdir listing
		for f in src/core/pick src/base/main; do gcc --coverage -O0 -c -o o/$f.o $f.c || exit 1; done
		gcc --coverage -o o/run o/src/core/pick.o o/src/base/main.o || exit 1
		[ "$1" = never ] || ./o/run "$@"
		if [ "$1" = lost ]; then rm -f o/src/core/pick.gc??; fi
		listing o listing src/core/pick.c src/base/main.c
		awk -f "$here/tests/cover.awk" cover.txt listing/* >said
		rc=$?
		if [ "$rc" -eq "$want" ]; then echo "ok - $what"; else failed=1; echo "not ok - $what: $(cat said)"; fi
	}
	nl='
'
	judged 0 "all of core, 8 of 9 other lines named" "src/base/main.c | n = 9; | 0 | only without an argument$nl" yy yn n
	judged 1 "the same, not named: under 90 %" "" yy yn n
	judged 1 "a branch of core not taken" "src/base/main.c | n = 9; | 0 | only without an argument$nl" yy n
	judged 0 "that branch, named" "src/base/main.c | n = 9; | 0 | only without an argument${nl}src/core/pick.c | if (a && b) | 1 | tried$nl" yy n
	judged 1 "two branches, one named" "src/base/main.c | n = 9; | 0 | only without an argument${nl}src/core/pick.c | if (a && b) | 1 | tried$nl" yy
	judged 1 "a line of core not run" "src/base/main.c | n = 9; | 0 | only without an argument${nl}src/core/pick.c | if (a && b) | 3 | tried$nl" yn n
	judged 1 "an entry for what is run" "src/base/main.c | n = 9; | 0 | only without an argument${nl}src/core/pick.c | if (a && b) | 1 | tried$nl" yy yn n
	judged 1 "an entry for what is not there" "src/base/main.c | n = 9; | 0 | only without an argument${nl}src/core/gone.c | if (a) | 1 | tried$nl" yy yn n
	judged 1 "an entry without a reason" "src/base/main.c | n = 9; | 0 |$nl" yy yn n
	judged 1 "nothing has run" "" never
	judged 1 "a file that gcov does not know" "src/base/main.c | n = 9; | 0 | only without an argument$nl" lost yy yn n
	cd "$here" || exit 1
	return $failed
}

only=""
case ${1:-} in
--self-test) self_test; exit ;;
--core) build; pure; only=1 ;;
--again) ;;
"") build; whole ;;
*) echo "cover.sh [--core | --again | --self-test]" >&2; exit 2 ;;
esac
awk ${only:+-v only=1} -f tests/cover.awk tests/cover.txt "$B"/listing/*
