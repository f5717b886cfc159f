#!/bin/sh
# SPDX-License-Identifier: MIT
# make install below a DESTDIR: the program runs from there, and names the folder where its templates and manual pages are.
set -u
cd "$(dirname "$0")/.." || exit 1
B=${B:-build}
failed=0
say() { if [ "$1" -eq 0 ]; then echo "ok - $2"; else echo "not ok - $2"; failed=1; fi; }
top=$(mktemp -d "${TMPDIR:-/tmp}/gwinstall.XXXXXX") || exit 1
trap 'rm -rf "$top"' EXIT

# The prefix of the build that is there: another one would be compiled, under the feet of the other tests.
prefix=$(cat "$B/prefix")
make -s B="$B" PREFIX="$prefix" DESTDIR="$top" install >"$top/said" 2>&1
rc=$?
say $rc "make install"
[ $rc -eq 0 ] || cat "$top/said"
[ "$("$top$prefix/bin/gatewalk" --version)" = "$("$B/gatewalk" --version)" ]
say $? "the installed program runs"
plans=$("$top$prefix/bin/gatewalk" info | sed -n 's/^plans *//p')
[ "$plans" = "$prefix/share/gatewalk/plans" ] && cmp -s plans/drop-column.yaml "$top$plans/drop-column.yaml"
say $? "info names the folder of the templates"
for page in man/*.[1-9]; do
	section=${page##*.}
	cmp -s "$page" "$top$prefix/share/man/man$section/${page#man/}"
	say $? "${page#man/}"
done
exit $failed
