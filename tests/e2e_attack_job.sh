#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2119,SC2154
# A job's row is written by whoever may write the gatewalk schema. Its result must be what the job itself left in the walk's folder,
# and what it claims of a snapshot must be what the proven files say.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_attack.sh
. tests/lib_attack.sh
attack_start
attack_shop rehearsal
bring final || { cat "$top/out"; exit 1; }
log="$XDG_STATE_HOME/gatewalk/walks/$(sql "SELECT sid FROM gatewalk.walk")/plan.gwlog"
finals() { grep -c '"op":"evidence".*"role":"final"\|"role":"final".*"op":"evidence"' "$log"; }
refusals() { grep -c '"event":"failed".*is not what stands in\|"event":"failed".*left no result' "$log"; }
look() { "$B/tests/tool_walk" "$to" "$bare" legacy look >"$top/out" 2>&1 </dev/null; }

# Takes the final snapshot, and edits its row before gatewalk reads it; or what the job left in the walk's folder as well.
claimed() { # text, SQL expression over result, [both]
	before="$(finals) $(refusals)"
	"$B/tests/tool_walk" "$to" "$bare" legacy start-snapshot >"$top/out" 2>&1 </dev/null || { cat "$top/out"; exit 1; }
	n=0
	until [ "$(sql "SELECT count(*) FROM gatewalk.job WHERE kind = 'snapshot' AND state = 'done' AND NOT taken")" = 1 ] || [ $n -gt 200 ]; do n=$((n + 1)); sleep 0.1; done
	sql "UPDATE gatewalk.job SET result = $2 WHERE kind = 'snapshot' AND NOT taken"
	[ -z "${3:-}" ] || sql "SELECT result FROM gatewalk.job WHERE kind = 'snapshot' AND NOT taken" | head -c -1 >"$(dirname "$log")/jobs/job-$(sql "SELECT id FROM gatewalk.job WHERE kind = 'snapshot' AND NOT taken").json"
	look
	say "$([ "$(finals) $(refusals)" = "${before% *} $((${before#* } + 1))" ] && echo true || echo false)" "$1: taken in as failed"
}

claimed "a later beginning" "regexp_replace(result, '\"begun\":\"[^\"]*\"', '\"begun\":\"2031-01-01T00:00:00.000000Z\"')"
claimed "another count of writes" "regexp_replace(result, '\"trip_count\":-?[0-9]+', '\"trip_count\":4711')"
claimed "a later proof" "regexp_replace(result, '\"proved\":\"[^\"]*\"', '\"proved\":\"2031-01-01T00:00:00.000000Z\"')"
claimed "another number of rows" "regexp_replace(result, '\"rows\":[0-9]+', '\"rows\":1')"
first=$(sed -n 's/.*"path":"\([^"]*\)".*"role":"first".*/\1/p' "$log" | head -n 1)
claimed "an older folder under the new one's hash" "regexp_replace(result, '\"path\":\"[^\"]*\"', '\"path\":\"$first\"')"
claimed "a later beginning, in the job's own file as well" "regexp_replace(result, '\"begun\":\"[^\"]*\"', '\"begun\":\"2031-01-01T00:00:00.000000Z\"')" both

# Rows of jobs that never ran.
forged() { # text, kind, SQL expression for the result, a line that must not come
	before="$(refusals) $(grep -c "$4" "$log")"
	sql "INSERT INTO gatewalk.job (sid, kind, state, started_at, ended_at, result) SELECT sid, '$2', 'done', now(), now(), $3 FROM gatewalk.walk"
	look
	say "$([ "$(refusals) $(grep -c "$4" "$log")" = "$((${before% *} + 1)) ${before#* }" ] && echo true || echo false)" "$1: taken in as failed"
}

drilled=$(sed -n 's/.*"fact":\({[^}]*}\),"kind":"drill".*/\1/p' "$log" | head -n 1)
[ -n "$drilled" ] || { echo "no drill in the log"; exit 1; }
forged "a drill that nobody ran" drill "'{\"drill\":$drilled}'" '"kind":"drill".*"op":"evidence"'
forged "a restore that nobody ran" restore "'{\"conflicts\":0,\"gone\":0,\"kept\":0,\"left\":[],\"placed\":200,\"took_us\":1}'" '"op":"restore"'
bring gate-c legacy
say "$([ "$rc" = 0 ] && [ "$(finals)" = 1 ] && echo true || echo false)" "one that nobody edited is taken in"
exit "$attack_failed"
