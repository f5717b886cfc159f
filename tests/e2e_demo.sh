#!/bin/sh
# SPDX-License-Identifier: MIT
# A newcomer in the demo: open the walk that is ready, pass gate C, drop, bring the column back, close, quit. Guided by the
# screens alone: what is pressed here stands on them. The demo's server and folder are gone at the end.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/lib_tmux.sh
gw=$(realpath "${GATEWALK:-build/gatewalk}")
failed=0
say() { if [ "$1" -eq 0 ]; then echo "ok - $2"; else echo "not ok - $2"; failed=1; fi; }
must() { # text pattern seconds: or the walk cannot go on
	tm_wait "$2" "${3:-15}"
	rc=$?
	say $rc "$1"
	[ $rc -eq 0 ] || { tm_stop; exit 1; }
}
tm_start 80x24 "$gw" demo || exit 1
trap 'tm_stop' EXIT
trap 'exit 130' INT TERM HUP
must "home with six walks" "6 open" 240
must "one is ready" "orders-drop-legacy-total .*gate C"
must "one waits" "subscribers-drop-fax .*9 nobody uses it"
must "one is to begin" "coupons-drop-old-code .*1 snapshot"
must "one adds a column" "products-add-cents .*5 "
must "one converts" "parcels-retype-weight .*6 backfill"
must "one renames" "staff-rename-nme .*7 "
began=$(date +%s)
tm_keys Enter
must "the walk: gate C is open" "C open.*10 of 13"
tm_keys v
must "gate C is offered" "pass gate C"
tm_keys Enter
must "the key is unlocked by ssh itself" "Enter passphrase"
must "the demo tells its passphrase" "passphrase is gatewalk"
tm_type gatewalk
tm_keys Enter
must "gate C passed" "C passed" 30
tm_keys Enter
must "the drop's own screen" "POINT OF NO RETURN"
must "it shows what falls" "index public.orders_legacy_total"
tm_keys Enter
must "Enter alone does nothing" "Type the name"
tm_type public.orders.legacy_total
tm_keys Enter
must "the countdown" "Any key stops it"
tm_keys x
must "any key stops it" "Type the name|stopped"
tm_type public.orders.legacy_total
tm_keys Enter
must "the countdown again" "Any key stops it"
must "after it a person signs" "^Enter passphrase: *$" 45
tm_type gatewalk
tm_keys Enter
must "dropped" "DROPPED +public.orders.legacy_total" 30
dropped=$(date +%s)
tm_keys Enter
must "the watch after it" "12 +MONITOR"
tm_keys F
must "the way back is asked for" "Type yes to put the column back"
tm_type yes
tm_keys Enter
must "the column is back" "11 . drop +put back" 60
back=$(date +%s)
# Keys alone: a person reads as well. What is promised is five minutes and one more; a machine under load gets the same.
echo "# from home to the drop $((dropped - began)) s, and back in $((back - dropped)) s more"
[ $((dropped - began)) -lt 300 ]
say $? "the drop takes under five minutes"
[ $((back - dropped)) -lt 60 ]
say $? "and the way back one more"
tm_keys q
must "home again" "6 open"
tm_keys q
rc=$(tm_exit 40)
say "${rc:-1}" "it ends by itself"
tm_screen | grep -q "its folder is gone"
say $? "the demo's folder is gone"
exit $failed
