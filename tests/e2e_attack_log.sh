#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2119
# Attacks on what a walk remembers: its log, the ledger and the mirror of it, the mark, the plan, the key. Each is refused with
# its exit status and a reason, and nothing is dropped; at the end the same walk, untouched, is dropped.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_attack.sh
. tests/lib_attack.sh
attack_start
attack_shop rehearsal

# What a splice takes its lines from.
sql "CREATE TABLE public.other (id bigint PRIMARY KEY, legacy_total int)"
sed 's/name: legacy/name: other/; s/table: orders/table: other/; s/\["index.*"\]/[]/' "$top/plan.yaml" >"$top/other.yaml"
bring begin "$top/other.yaml" || exit 1
other=$(echo "$XDG_STATE_HOME"/gatewalk/walks/*/plan.gwlog)
bring final || exit 1
mine=$(sql "SELECT sid FROM gatewalk.walk WHERE name = 'legacy'")
cp -a "$XDG_STATE_HOME/gatewalk/walks/$mine" "$top/older"
sql "UPDATE gatewalk.walk SET closed_at = now() WHERE name = 'other'"
attack_armed
cp -a "$walk" "$top/whole"
back() { rm -rf "$walk"; cp -a "$top/whole" "$walk"; }
lines=$(wc -l <"$log")

echo "# the log"
sed -i '6s/"who":"/"who":"x/' "$log"
drop
attack_refused "an edited log" 6 'line 6: ' 'error '
run "$gw" verify "$walk"
attack_refused "verify names the line" 6 'line 6 '
run "$gw" gates legacy -d "$to"
attack_refused "gates of an edited log" 6 'line 6: '
back

head -n $((lines - 1)) "$top/whole/plan.gwlog" >"$log"
drop
attack_refused "the last decision cut off" 6 'behind the ledger' 'hint '
run "$gw" gates legacy -d "$to"
attack_refused "gates of a log that was cut" 3 'behind the ledger' ' do '
back

head -c -40 "$top/whole/plan.gwlog" >"$log"
drop
attack_refused "a last line torn by hand" 6 'behind the ledger'
back

sed '7{h;d};8{G}' "$top/whole/plan.gwlog" >"$log"
drop
attack_refused "two lines changed places" 6 'line 7: '
back

tail -n 1 "$other" >>"$log"
drop
attack_refused "a line of another walk behind the last" 6 'another walk'
back
{ cat "$other"; tail -n +2 "$top/whole/plan.gwlog"; } >"$log"
drop
attack_refused "another walk's beginning" 6 'line 2: '
back

rm -rf "$walk" && cp -a "$top/older" "$walk"
drop
attack_refused "an older copy of the folder" 3 'not at its drop'
bring armed legacy
attack_refused "an older copy does not go on" "$brought" 'behind the ledger'
say "$([ $brought = 6 ] && echo true || echo false)" "and that is exit status 6, not $brought"
back
