#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2119
# Clocks: the operator's moved either way opens nothing; the server's moved back is refused by the gates, the log and the ledger;
# and fourteen real days by the server's clock do open gate B, one minute less does not. libfaketime moves them; the server's
# from the past towards now, since its timeouts fail in a faked future.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_attack.sh
. tests/lib_attack.sh
fake=$(find /usr/lib -name libfaketime.so.1 2>/dev/null | head -n 1)
[ -n "$fake" ] || { echo "not ok - libfaketime is not there: apt install faketime"; exit 1; }
offset=$(mktemp /tmp/gwatk.clock.XXXXXX) || exit 1
chmod 644 "$offset"
server_clock() { echo "$1" >"$offset"; }
server_clock -5184000
export GW_CLUSTER_ENV="LD_PRELOAD=$fake
FAKETIME_TIMESTAMP_FILE=$offset
FAKETIME_NO_CACHE=1"
attack_start
trap 'attack_stop; rm -f "$offset"' EXIT
attack_shop staging
sed '/^rehearsal/d' "$top/plan.yaml" >"$top/plan.new" && mv "$top/plan.new" "$top/plan.yaml"
say "$([ $(($(date +%s) - $(sql "SELECT extract(epoch FROM clock_timestamp())::bigint"))) -gt 5180000 ] && echo true || echo false)" "the server lives sixty days ago"

bring unused
say "$([ "$rc" = 0 ] && echo true || echo false)" "staging, up to the count of fourteen days"
sid=$(sql "SELECT sid FROM gatewalk.walk")
log="$XDG_STATE_HOME/gatewalk/walks/$sid/plan.gwlog"
since=$(sql "SELECT floor(extract(epoch FROM quiet_since))::bigint FROM gatewalk.walk")
gates() { "$gw" job tick -d "$to" >/dev/null 2>&1; run "$@" "$gw" gates legacy -d "$to"; }
waits() { said '^gate B +SHUT' && said 'B5 +waits'; }

echo "# the operator's clock"
for by in +30d -30d +3650d; do
	gates env LD_PRELOAD="$fake" FAKETIME="$by"
	say "$([ "$rc" != 0 ] && waits && echo true || echo false)" "moved by $by: gate B stays shut"
done
bring_early() { run env LD_PRELOAD="$fake" FAKETIME=+30d timeout 5 "$B/tests/tool_walk" "$to" "$bare" legacy final; }
bring_early
say "$([ "$rc" != 0 ] && column_there && ! grep -q '"gate":"B"' "$log" && echo true || echo false)" "nor does the walk go on by it"

echo "# the server's clock, forward by what really passes"
server_clock $((since + 14 * 86400 - 60 - $(date +%s)))
gates
say "$(waits && said 'the count has run for 13 d' && column_there && echo true || echo false)" "fourteen days less a minute: gate B is shut"
run "$gw" gates legacy -d "$to" --json
say "$(said '"id": ?"B5"' && echo true || echo false)" "and --json names the condition"
server_clock $((since + 14 * 86400 + 1 - $(date +%s)))
gates
say "$(said '^gate B +open' && echo true || echo false)" "fourteen days: gate B is open"
bring armed legacy
say "$([ "$rc" = 0 ] && echo true || echo false)" "the walk goes on to its drop"

echo "# the server's clock, back"
now=$(cat "$offset")
server_clock $((now - 3600))
gates
say "$([ "$rc" = 3 ] && said 'C6 +refused' && said 'the server.s clock went back' && echo true || echo false)" "an hour back: the gates are shut"
drop
attack_refused "an hour back: no drop" 3 'clock went back' 'set right'
run "$gw" leave legacy -d "$to" --key "$bare" --reason 'the clock'
attack_refused "the log takes no line with an earlier time" 6 'clock went back' 'set right'
say "$(psql -XAtq -d shop -c "SELECT gatewalk.append('$sid', n + 1, head, n, head, 'line') FROM gatewalk.anchor WHERE sid = '$sid' ORDER BY n DESC LIMIT 1" 2>&1 |
	grep -q 'clock went back from' && echo true || echo false)" "the ledger takes no entry with an earlier time"
server_clock "$now"
"$gw" job tick -d "$to" >/dev/null 2>&1
drop
say "$([ "$rc" = 0 ] && said 'stage monitor dropped 1' && ! column_there && echo true || echo false)" "set right again, the column is dropped"
exit "$attack_failed"
