#!/bin/sh
# SPDX-License-Identifier: MIT
# --help and gatewalk(1) name the same commands and options with the same arguments; no word of one is missing in the other.
set -u
cd "$(dirname "$0")/.." || exit 1
gw=${GATEWALK:-build/gatewalk}
dir=$(mktemp -d "${TMPDIR:-/tmp}/gwhelp.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
same() { # text file file
	if diff -u "$2" "$3" >"$dir/diff"; then echo "ok - $1"; else echo "not ok - $1"; cat "$dir/diff"; failed=1; fi
}

section() { sed -n "/^\.Sh $1/,/^\.Sh /p" man/gatewalk.1; }

# "name args" a line; mdoc's macros for arguments and options are taken out.
"$gw" --help | sed -n '/^Commands:/,/^$/s/^  \([^ ].*\)$/\1/p' | sed 's/   *.*//' | sort >"$dir/commands.help"
section COMMANDS | sed -n 's/^\.It Cm //p' | sed -e 's/ Op Ar \(.*\)$/ [\1]/' -e 's/\[option \.\.\.\]/[OPTION...]/' -e 's/ Fl -/ --/g' -e 's/ Ar / /g' |
	sed 's/^job VERB \[ARG\.\.\.\]$/job VERB [ARG...]/' | sort >"$dir/commands.man"
same "commands of --help and gatewalk(1)" "$dir/commands.help" "$dir/commands.man"

for c in "" new init walk window leave resync audit; do
	# shellcheck disable=SC2086 # no word at all for the program's own help
	"$gw" $c --help
done | sed -n 's/^  \(-[a-zA-Z],\|   \) \(--[a-z]*\)\( [A-Z]*\)\{0,1\}  .*/\1 \2\3/p' | sed -e 's/^ *//' -e 's/,  */, /' -e 's/ *$//' | sort -u >"$dir/options.help"
section OPTIONS | sed -n 's/^\.It Fl //p' | sed -e 's/^\([a-zA-Z]\) , Fl -/-\1, --/' -e 's/^-/--/' -e 's/^--\([a-zA-Z]\), /-\1, /' -e 's/ Ar / /' | sort -u >"$dir/options.man"
same "options of --help and gatewalk(1)" "$dir/options.help" "$dir/options.man"

"$gw" --help | sed -n 's/^Exit status: //p; /^5 a sig/p' | grep -o '[0-9][0-9]* ' | tr -d ' ' | sort -n >"$dir/exit.help"
section "EXIT STATUS" | sed -n 's/^\.It //p' | sort -n >"$dir/exit.man"
same "exit statuses of --help and gatewalk(1)" "$dir/exit.help" "$dir/exit.man"

# The comparison itself can fail.
sed 's/^check /chek /' "$dir/commands.man" >"$dir/planted"
if diff -q "$dir/commands.help" "$dir/planted" >/dev/null; then echo "not ok - a planted difference is seen"; failed=1; else echo "ok - a planted difference is seen"; fi
[ -s "$dir/options.help" ] || { echo "not ok - options were read"; failed=1; }
exit $failed
