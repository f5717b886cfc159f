#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2119,SC2154
# A job's row is written by whoever may write the gatewalk schema. What it claims of a snapshot must be what the proven files say.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_attack.sh
. tests/lib_attack.sh
attack_start
attack_shop rehearsal
bring final || { cat "$top/out"; exit 1; }
log="$XDG_STATE_HOME/gatewalk/walks/$(sql "SELECT sid FROM gatewalk.walk")/plan.gwlog"
finals() { grep -c '"op":"evidence".*"role":"final"\|"role":"final".*"op":"evidence"' "$log"; }
refusals() { grep -c '"event":"failed".*is not what stands in\|"event":"failed".*proven' "$log"; }

# Takes the final snapshot, and edits its row before gatewalk reads it.
claimed() { # text, SQL expression over result
	before="$(finals) $(refusals)"
	"$B/tests/tool_walk" "$to" "$bare" legacy start-snapshot >"$top/out" 2>&1 </dev/null || { cat "$top/out"; exit 1; }
	n=0
	until [ "$(sql "SELECT count(*) FROM gatewalk.job WHERE kind = 'snapshot' AND state = 'done' AND NOT taken")" = 1 ] || [ $n -gt 200 ]; do n=$((n + 1)); sleep 0.1; done
	sql "UPDATE gatewalk.job SET result = $2 WHERE kind = 'snapshot' AND NOT taken"
	"$B/tests/tool_walk" "$to" "$bare" legacy look >"$top/out" 2>&1 </dev/null
	say "$([ "$(finals) $(refusals)" = "${before% *} $((${before#* } + 1))" ] && echo true || echo false)" "$1: taken in as failed"
}

claimed "a later beginning" "regexp_replace(result, '\"begun\":\"[^\"]*\"', '\"begun\":\"2031-01-01T00:00:00.000000Z\"')"
claimed "another count of writes" "regexp_replace(result, '\"trip_count\":-?[0-9]+', '\"trip_count\":4711')"
claimed "a later proof" "regexp_replace(result, '\"proved\":\"[^\"]*\"', '\"proved\":\"2031-01-01T00:00:00.000000Z\"')"
claimed "another number of rows" "regexp_replace(result, '\"rows\":[0-9]+', '\"rows\":1')"
first=$(sed -n 's/.*"path":"\([^"]*\)".*"role":"first".*/\1/p' "$log" | head -n 1)
claimed "an older folder under the new one's hash" "regexp_replace(result, '\"path\":\"[^\"]*\"', '\"path\":\"$first\"')"
bring gate-c legacy
say "$([ "$rc" = 0 ] && [ "$(finals)" = 1 ] && echo true || echo false)" "one that nobody edited is taken in"
exit "$attack_failed"
