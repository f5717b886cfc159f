#!/bin/sh
# SPDX-License-Identifier: MIT
# Proves the layers from the #include lines and from the symbols. layers.sh: of this tree; layers.sh --self-test: plants one
# violation of each kind in a copy and demands that each is found. LAYERS_OBJ: a folder with objects (default build).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
obj=${LAYERS_OBJ:-$root/build}
export LC_ALL=C

# Layer, and what it may include besides itself.
below() {
	case $1 in
	base) echo "" ;;
	core) echo "base" ;;
	port) echo "base core" ;;
	adapter) echo "base core port" ;;
	engine) echo "base core port adapter" ;;
	cli) echo "base core engine" ;;
	screens) echo "base core engine cli" ;;
	esac
}
layers="base core port adapter engine cli"

bad() {
	echo "not ok - layers: $*"
	echo x >>"$tmp/bad"
}

# FILE:INCLUDED of every #include "..." below $tree.
includes() {
	cd "$tree" && grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"][^>"]+' src/*/*.c src/*/*.h screens/*.c screens/*.h 2>/dev/null |
		sed 's/#[[:space:]]*include[[:space:]]*//; s/:[[:space:]]*/:/'
}

check_layers() {
	includes | sed -n 's/:"/ /p' | while read -r file name; do
		case $file in
		screens/*) own=screens ;;
		*) own=${file#src/}; own=${own%%/*} ;;
		esac
		to=${name%%/*}
		[ "$to" = "$own" ] && continue
		case " $(below "$own") " in
		*" $to "*) ;;
		*) bad "$file includes $name: $own may include only: $own $(below "$own")"; continue ;;
		esac
		[ "$own" = screens ] || continue
		case $name in
		base/* | core/* | engine/engine.h | engine/desk.h) ;;
		cli/*) [ "$file" = screens/main.c ] || [ "$file" = screens/front.h ] || bad "$file includes $name: only screens/main.c knows the command line" ;;
		*) bad "$file includes $name: a screen sees engine/engine.h and engine/desk.h only" ;;
		esac
	done
}

# Header of an outside library, and the files that may include it.
check_libraries() {
	while read -r header allowed; do
		includes | sed -n 's/:[<"]/ /p' | while read -r file name; do
			# shellcheck disable=SC2254  # patterns on purpose
			case $name in
			$header) ;;
			*) continue ;;
			esac
			# shellcheck disable=SC2254
			case $file in
			$allowed) ;;
			*) bad "$file includes $name, which belongs into $allowed" ;;
			esac
		done
	done <<-LIST
	libpq* src/port/db*
	yaml.h src/port/yaml.c
	sodium* src/port/crypto.c
	jansson.h src/port/jsonread.c
	zstd*.h src/port/pack.c
	libical/* src/port/ical.c
	pg_query* src/port/sqlparse.c
	*curses*.h screens/*
	panel.h screens/*
	term.h screens/*
	LIST
	# The core speaks to nobody.
	includes | sed -n 's/^\(src\/core\/[^:]*\):</\1 /p' | while read -r file name; do
		case $name in
		stdbool.h | stddef.h | stdint.h | stdarg.h | string.h | stdlib.h | limits.h | inttypes.h | ctype.h | float.h | math.h | assert.h) ;;
		stdio.h) ;;   # snprintf; the symbols prove that it is no more
		*) bad "$file includes <$name>: the core does no I/O and reads no clock" ;;
		esac
	done
}

# The module of an adapter's file: the longest header name it begins with (job.h: job.c, job_list.c, job_private.h).
# shellcheck disable=SC2016  # awk's own
module_awk='function module(s,  t) {
		for (t = s; t != ""; t = index(t, "_") ? substr(t, 1, match(t, /_[^_]*$/) - 1) : "") if (t in known) return t
		return s }
	BEGIN { while ((getline m < list) > 0) known[m] = 1 }
	{ from = module($1); to = module($2); if (from != to) print from, to }'
modules() {
	for h in "$tree"/src/adapter/*.h; do
		h=${h##*/}
		case $h in *.sql.h) continue ;; esac
		h=${h%%.*}
		echo "${h%_private}" | sed 's/_parts$//'
	done | sort -u >"$tmp/modules"
}

# No circle among the adapters, neither of headers (here) nor of modules that call each other (by the symbols, below).
no_circle() {
	tsort "$1" >/dev/null 2>"$tmp/loop" || bad "$2 in a circle: $(sed 's/^tsort: //; /input contains/d' "$tmp/loop" | tr '\n' ' ')"
}
check_circles() {
	sed -n 's/^src\/adapter\/\([a-z_]*\)\.[a-z.]*h:"adapter\/\([a-z_]*\)\.[a-z.]*$/\1 \2/p' "$tmp/all" | awk '$1 != $2' >"$tmp/headers"
	no_circle "$tmp/headers" "adapter headers include each other"
}
check_calls() {
	modules
	join "$tmp/needs" "$tmp/gives" | sed -n 's/^[^ ]* src\/adapter\/\([a-z_]*\)\.o src\/adapter\/\([a-z_]*\)\.o$/\1 \2/p' |
		awk -v list="$tmp/modules" "$module_awk" | sort -u >"$tmp/edges"
	no_circle "$tmp/edges" "adapters call each other"
}

# What can remove an object of the user's stands in one file. The guard's tries are sent as well, each in a block that always raises.
check_drop() {
	tries=$tree/src/adapter/guard_try.c
	if ! grep -q "EXECUTE %s; RAISE EXCEPTION" "$tries" || grep -qi 'commit' "$tries"; then bad "src/adapter/guard_try.c may commit what it tries"; fi
	for file in "$tree"/src/*/*.c "$tree"/src/*/*.h "$tree"/screens/*.c; do
		name=${file#"$tree"/}
		case $name in src/core/sql.c | src/adapter/guard_try.c) continue ;; esac
		# Comments do not count: line comments are not used, block comments are taken out.
		if awk '{ line = $0; out = ""
			while (length(line)) {
				if (inside) { i = index(line, "*/"); if (!i) break; line = substr(line, i + 2); inside = 0 }
				else { i = index(line, "/*"); if (!i) { out = out line; break } out = out substr(line, 1, i - 1); line = substr(line, i + 2); inside = 1 } }
			print out }' "$file" | grep -qiE 'DROP[[:space:]]+COLUMN'; then
			bad "$name writes DROP COLUMN: only src/core/sql.c does"
		fi
	done
}

# Symbols: "SYMBOL OBJECT" of what each object needs and gives.
symbols() {
	(cd "$obj" && find src screens -name '*.o' 2>/dev/null) | while read -r o; do
		if [ -e "$tree/${o%.o}.c" ]; then echo "$o"; fi   # not of a file that is gone
	done >"$tmp/objects"
	[ -s "$tmp/objects" ] || return 0
	(cd "$obj" && xargs nm -A -P <"$tmp/objects") | awk -v needs="$tmp/needs" -v gives="$tmp/gives" '{ sub(/:$/, "", $1) }
		$3 == "U" { print $2, $1 > needs }
		$3 ~ /^[TDBRCVW]$/ { print $2, $1 > gives }'
	sort -o "$tmp/needs" "$tmp/needs"
	sort -o "$tmp/gives" "$tmp/gives"
}


check_symbols() {
	: >"$tmp/needs"
	: >"$tmp/gives"
	symbols
	if ! [ -s "$tmp/gives" ]; then
		bad "no objects in $obj: build first"
		return
	fi
	# Upwards: needed below, given above.
	join "$tmp/needs" "$tmp/gives" | awk '{ split($2, n, "/"); split($3, g, "/"); from = n[1] == "screens" ? "screens" : n[2]; to = g[1] == "screens" ? "screens" : g[2]
		if (from != to) print from, to, $2, $1, $3 }' | sort -u | while read -r from to user symbol giver; do
		case " $(below "$from") " in
		*" $to "*) ;;
		*) bad "$user calls $symbol of $giver: $from may use only: $from $(below "$from")" ;;
		esac
	done
	check_calls
	# The core: what libc gives without I/O, clock, environment, memory of its own.
	cut -d' ' -f1 "$tmp/gives" | sort -u >"$tmp/ours"
	awk '$2 ~ /^src\/core\// { print $1, $2 }' "$tmp/needs" | sort | join -v1 - "$tmp/ours" | while read -r symbol user; do
		case $symbol in
		mem[a-z]* | str[a-z]* | __str*_chk | __mem*_chk | snprintf | vsnprintf | __snprintf_chk | __vsnprintf_chk | qsort | bsearch | abs | labs | llabs) ;;
		__isoc*_strto* | __ctype_* | tolower | toupper | is[a-z]* | __is* | floor | ceil | round | fabs | lround | llround) ;;
		_GLOBAL_OFFSET_TABLE_ | __stack_chk_fail | __asan_* | __ubsan_* | __sanitizer_* | __tsan_* | __gcov_* | abort | __assert_fail) ;;
		*) bad "$user needs $symbol: the core does no I/O and reads no clock" ;;
		esac
	done
	# Outside libraries by their symbols.
	while read -r pattern allowed; do
		awk '{ print $1, $2 }' "$tmp/needs" | sort | join -v1 - "$tmp/ours" | grep -E "^$pattern" | while read -r symbol user; do
			# shellcheck disable=SC2254  # a pattern on purpose
			case $user in
			$allowed) ;;
			*) bad "$user calls $symbol, which belongs into $allowed" ;;
			esac
		done || true
	done <<-LIST
	PQ[a-z] src/port/db*
	yaml_[a-z] src/port/yaml*
	(sodium|randombytes)_ src/port/crypto.o
	json(_|p_) src/port/jsonread.o
	ZSTD_ src/port/pack.o
	ical[a-z]*_[a-z] src/port/ical.o
	pg_query_ src/port/sqlparse.o
	(initscr|newterm|endwin|stdscr|w[a-z]*(ch|str|refresh)|new_panel|setupterm|tigetstr) screens/*
	LIST
}

# libpg_query gives out all of PostgreSQL's own names (palloc, list_copy, ...): one of ours that is called so would be called in the place of its own.
check_clash() {
	nm -D --defined-only "$(${CC:-cc} -print-file-name=libpg_query.so)" | awk '{ sub(/@.*/, "", $3); print $3 }' | sort -u >"$tmp/theirs"
	[ -s "$tmp/theirs" ] || bad "no names of libpg_query"
	sort -k1,1 "$tmp/gives" | join "$tmp/theirs" - | while read -r symbol giver; do
		bad "$giver gives $symbol, which libpg_query calls its own"
	done
}

# src/ links without ncurses.
check_link() {
	[ -e "$obj/libgatewalk.a" ] || { bad "no $obj/libgatewalk.a"; return; }
	echo 'int main(void) { return 0; }' >"$tmp/main.c"
	libs="$(pkg-config --libs libpq yaml-0.1 libsodium jansson libzstd libical) -lpg_query"
	# shellcheck disable=SC2086  # words on purpose
	${CC:-cc} ${LAYERS_LDFLAGS:-} -o "$tmp/main" "$tmp/main.c" -Wl,--whole-archive "$obj/libgatewalk.a" -Wl,--no-whole-archive $libs -pthread -lm 2>"$tmp/link" ||
		bad "src/ does not link by itself: $(grep -m1 undefined "$tmp/link" || head -1 "$tmp/link")"
}

# $1 the tree; $2: all, or one kind only
prove() {
	tree=$1
	: >"$tmp/bad"
	includes >"$tmp/all"
	for l in $layers; do
		[ -d "$tree/src/$l" ] || bad "no src/$l"
	done
	case $2 in all | text)
		check_layers
		check_libraries
		check_circles
		check_drop ;;
	esac
	case $2 in all | symbols)
		check_symbols
		check_clash ;;
	esac
	case $2 in all) check_link ;; esac
	[ ! -s "$tmp/bad" ]
}

# Plants one violation, expects its words, takes it out again. $1 file, $2 text, $3 words, $4 kind
plant() {
	if [ -e "$copy/$1" ]; then cp "$copy/$1" "$tmp/kept"; else rm -f "$tmp/kept"; fi
	printf '%s\n' "$2" >>"$copy/$1"
	if prove "$copy" "${4:-text}" >"$tmp/said"; then
		echo "not ok - layers: planted in $1, not found: $2"
		failed=1
	elif ! grep -qF "$3" "$tmp/said"; then
		echo "not ok - layers: planted in $1, found something else: $(head -1 "$tmp/said")"
		failed=1
	else
		echo "ok - layers: found $3"
	fi
	if [ -e "$tmp/kept" ]; then cp "$tmp/kept" "$copy/$1"; else rm -f "$copy/$1"; fi
}

# Plants an object: $1 where, $2 C text, $3 words
plant_object() {
	printf '%s\n' "$2" >"$tmp/planted.c"
	: >"$copy/${1%.o}.c"
	${CC:-cc} -c -o "$copy/obj/$1" "$tmp/planted.c"
	plant "${1%.o}.c" "" "$3" symbols
	rm -f "$copy/obj/$1" "$copy/${1%.o}.c"
}

self_test() {
	copy=$tmp/copy
	mkdir -p "$copy/obj"
	cp -r "$root/src" "$root/screens" "$copy/"
	for o in $(cd "$obj" && find src screens -name '*.o'); do
		mkdir -p "$copy/obj/$(dirname "$o")"
		ln -s "$obj/$o" "$copy/obj/$o"
	done
	obj=$copy/obj
	failed=0
	if prove "$copy" text >"$tmp/said" && prove "$copy" symbols >>"$tmp/said"; then
		echo "ok - layers: the copy is clean"
	else
		cat "$tmp/said"
		failed=1
	fi
	plant src/base/text.c '#include "core/plan.h"' "src/base/text.c includes core/plan.h"
	plant src/core/gate.c '#include "port/db.h"' "src/core/gate.c includes port/db.h"
	plant src/core/gate.c '#include <time.h>' "src/core/gate.c includes <time.h>"
	plant src/port/db.c '#include "adapter/probe.h"' "src/port/db.c includes adapter/probe.h"
	plant src/adapter/schema.c '#include "engine/engine.h"' "src/adapter/schema.c includes engine/engine.h"
	plant src/cli/cli.c '#include "adapter/apply.h"' "src/cli/cli.c includes adapter/apply.h"
	plant screens/grid.c '#include "adapter/apply.h"' "screens/grid.c includes adapter/apply.h"
	plant screens/grid.c '#include "engine/engine_private.h"' "screens/grid.c includes engine/engine_private.h"
	plant src/adapter/schema.c '#include <libpq-fe.h>' "src/adapter/schema.c includes libpq-fe.h"
	plant src/engine/open.c '#include <ncurses.h>' "src/engine/open.c includes ncurses.h"
	plant src/adapter/planfile.c '#include <yaml.h>' "src/adapter/planfile.c includes yaml.h"
	plant src/adapter/audit_parse.c '#include <pg_query.h>' "src/adapter/audit_parse.c includes pg_query.h"
	plant src/adapter/probe.h '#include "adapter/probe_doctor.h"' "adapter headers include each other in a circle"
	plant src/adapter/guard_try.c 'static const char *x = "COMMIT";' "src/adapter/guard_try.c may commit what it tries"
	plant src/adapter/own.c 'static const char *x = "alter table t drop  column c";' "src/adapter/own.c writes DROP COLUMN"
	plant_object src/core/planted.o 'int getpid(void); int planted_a(void); int planted_a(void) { return getpid(); }' "src/core/planted.o needs getpid"
	plant_object src/base/planted.o 'int schema_version(void); int planted_b(void); int planted_b(void) { return schema_version(); }' "src/base/planted.o calls schema_version"
	plant_object src/base/planted.o 'int palloc(void); int palloc(void) { return 0; }' "src/base/planted.o gives palloc, which libpg_query calls its own"
	plant_object src/engine/planted.o 'int pg_query_scan(void); int planted_e(void); int planted_e(void) { return pg_query_scan(); }' "src/engine/planted.o calls pg_query_scan"
	plant_object src/engine/planted.o 'int PQfinish(void); int planted_c(void); int planted_c(void) { return PQfinish(); }' "src/engine/planted.o calls PQfinish"
	plant_object src/adapter/own_planted.o 'int apply_drop(void); int planted_d(void); int planted_d(void) { return apply_drop(); }' "adapters call each other in a circle"
	return "$failed"
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
if [ -z "${LAYERS_OBJ:-}" ]; then
	make -s -C "$root" B=build build/libgatewalk.a
fi
if [ "${1:-}" = --self-test ]; then
	self_test
	exit
fi
prove "$root" all || exit 1
echo "ok - layers: includes, symbols, libraries, circles and the one place of the drop"
