# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034
# The whole walk, hurt: the steps of the items, one fault at a point of a step (preload_fault.c), and what must hold afterwards.
# Source it behind lib_fault.sh.
fault_so=$B/tests/preload_fault.so
real=$GATEWALK   # jobs are started through a script that may put the fault in front of them

# item, who is hurt in it, what is done. Items 5 to 7 are not needed by what takes data away.
sweep_steps='1 engine begin
1 job:snapshot act:snapshot
1 engine archetype
2 engine document
3 engine gate-a
A engine consumers
4 engine act:declare:releases:none
4 engine act:watch
4 tick tick
4 engine reads
8 engine unused
9 engine final
10 job:snapshot act:snapshot
10 engine gate-c
C engine armed
11 drop drop
12 engine look
12 tick tick
12 engine confirm
13 engine act:schema-log
back job:restore act:restore'
sweep_count=$(echo "$sweep_steps" | wc -l)

# The server's own place knows how to stop it at once; the program's jobs go through gw.
sweep_place() {
	cat >"$now/crash" <<END
#!/bin/sh
exec </dev/null >>"$now/crash.log" 2>&1
"$B/tests/tool_cluster" crash "$now/pg"
setsid "$now/again" &
END
	cat >"$now/again" <<END
#!/bin/sh
for i in 1 2 3 4 5 6 7 8 9 10; do
	"$B/tests/tool_cluster" restart "$now/pg" && exit
	sleep 1
done
END
	cat >"$now/gw" <<END
#!/bin/sh
if [ "\$1 \$2" = "job run" ] && [ -e "$now/fault" ] && [ "\$(psql -XAtq -d "\$5" -c "SELECT kind FROM gatewalk.job WHERE id = \$3")" = "\$(cat "$now/fault.kind")" ]; then
	. "$now/fault"
	rm "$now/fault"
	env LD_PRELOAD="$fault_so" "$real" "\$@"
	echo \$? >"$now/job.ended"
	exit
fi
exec "$real" "\$@"
END
	chmod 755 "$now/gw" "$now/crash" "$now/again"
	GATEWALK=$now/gw
}

# The fault's words for env.
sweep_env() { # kind point
	rm -f "$now/points"
	echo "GWF_KIND=$1 GWF_AT=$2 GWF_LOG=$now/points GWF_CRASH=$now/crash"
}

# A digest of the table that no audit sees.
digest_sql="SET pg_stat_statements.track = none;
/* gatewalk */ SELECT md5(string_agg(format('%s|%s|%s', id, total, old_total), ',' ORDER BY id)) FROM public.orders;"
table_digest() {
	echo "$digest_sql" | psql -XAtq -d "$db"
}

# Until the server is there again, a minute at most.
server_there() {
	i=0
	until sql "SELECT 1" >/dev/null 2>&1 || [ "$i" -gt 600 ]; do sleep 0.1; i=$((i + 1)); done
}

verb_of() { # verb as in the table
	case $1 in
	confirm) echo "act:confirm:12:$(grep -c '"op":"alarm"' "$(log_of)")" ;;
	act:*:*) echo "$1" ;;
	act:*) echo "$1:" ;;
	*) echo "$1" ;;
	esac
}

# One step, hurt at a point; 0 is none. Leaves $now/points. Its own exit status does not count.
hurt() { # who verb kind point
	vars=$(sweep_env "$3" "$4")
	case $1 in
	engine)
		# shellcheck disable=SC2086
		timeout -k 5 90 env LD_PRELOAD="$fault_so" $vars "$walk_tool" "$conn" "$now/home/bare" "$plan" "$(verb_of "$2")" >"$now/hurt" 2>&1 </dev/null ;;
	drop)
		before="env LD_PRELOAD=$fault_so $vars"
		go_drop
		before=''
		cp "$now/said" "$now/hurt" ;;
	tick)
		# shellcheck disable=SC2086
		timeout -k 5 90 env LD_PRELOAD="$fault_so" $vars "$real" job tick "$walk" -d "$conn" >"$now/hurt" 2>&1 </dev/null ;;
	job:*)
		rm -f "$now/job.ended"
		echo "export $vars" >"$now/fault"
		echo "${1#job:}" >"$now/fault.kind"
		go "$(verb_of "$2")"
		i=0
		until [ -e "$now/job.ended" ] || [ "$i" -gt 900 ]; do sleep 0.1; i=$((i + 1)); done
		rm -f "$now/fault" ;;
	esac
	[ "$3" != crash ] || server_there
}

# The same step again by a program that nothing happens to: the way on.
way_on() { # who verb stage-that-follows
	case $1 in
	tick) "$real" job tick "$walk" -d "$conn" >"$now/said" 2>&1 </dev/null; return ;;
	job:restore) return 0 ;;   # started anew at the end
	job:*) return 0 ;;         # the engine's step behind it takes it again
	drop)
		[ "$(stage)" = monitor ] && return 0
		go armed && go_drop
		return ;;
	esac
	[ "$2" != act:schema-log ] || [ "$(stage)" != closed ] || return 0
	[ "$2" != confirm ] || [ "$(stage)" != "schema log" ] || return 0
	# A monitor that fell with the server has not looked behind the watch's end.
	[ "$2" != confirm ] || "$real" job tick "$walk" -d "$conn" >/dev/null 2>&1
	go "$(verb_of "$2")"
}

rank() { # stage
	printf '%s\n' snapshot archetype documented "gate A" consumers "reads moved" "nobody uses it" "snapshot again" "gate C" armed dropping monitor "schema log" closed |
		grep -nxF "$1" | cut -d: -f1
}

# Sessions of gatewalk's that belong to no job that lives; given 5 s to be gone. A monitor's and a watch's may stay.
LEFT="SELECT 'left behind: ' || concat_ws(' ', application_name, state, query) FROM pg_stat_activity a WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
	AND (datname = current_database() OR datname LIKE 'gatewalk_scratch%')
	AND NOT (application_name LIKE 'gatewalk job%' AND EXISTS (SELECT FROM gatewalk.job j WHERE j.ended_at IS NULL AND j.kind IN ('watch', 'monitor')))"
WAIT_LEFT="DO \$\$ BEGIN FOR i IN 1..100 LOOP PERFORM pg_stat_clear_snapshot(); EXIT WHEN NOT EXISTS ($LEFT); PERFORM pg_sleep(0.05); END LOOP; END \$\$"

# What the database says of sessions, jobs and data, in the files left, jobs and digest. Jobs: those that had ended when somebody looked.
ask_all() { # time-of-the-look
	psql -XAtq -d "$db" >"$now/left" 2>&1 <<END
$WAIT_LEFT;
$LEFT;
\\o $now/jobs
SELECT id, coalesce(pid, 0), ended_at IS NOT NULL, state FROM gatewalk.job WHERE kind <> 'restore' AND (ended_at IS NULL OR ended_at < to_timestamp($1));
\\o $now/digest
\\if $2
$digest_sql
\\endif
END
}

# A job that has no process is shown as lost; one that had ended stands in the log. Prints what does not hold. Uses log.
jobs_tell() {
	while IFS='|' read -r id pid ended state; do
		if [ "$ended" = t ]; then
			grep '"op":"job"' "$log" | grep "\"job\":$id," | grep -qv '"event":"start"' || echo "job $id ended ($state) and the log does not say so"
		elif ! grep -qa 'job.run' "/proc/$pid/cmdline" 2>/dev/null; then
			"$real" job list -d "$conn" >"$now/listed" 2>&1
			grep -Eq "^job $id .* lost" "$now/listed" || [ "$(sql "SELECT ended_at IS NOT NULL FROM gatewalk.job WHERE id = $id")" = t ] ||
				echo "job $id has no process and is not shown as lost: $(grep "^job $id " "$now/listed")"
		fi
	done <"$now/jobs"
}

# What must hold after a fault, once somebody has looked. Prints what does not.
holds() { # stage-before stage-that-follows
	looked=$(date +%s.%N)
	go look || { echo "going on failed: $(grep -E '^(error|hint)' "$now/said" | tr '\n' ' ')"; return; }
	grep -q '^connected 1' "$now/said" || echo "not connected: $(grep '^connected' "$now/said")"
	now_at=$(stage)
	# A drop that was not done stands before gate C again.
	[ "$1-$now_at" != "armed-gate C" ] || now_at=armed
	if [ "$(rank "$now_at")" -lt "$(rank "$1")" ] || [ "$(rank "$now_at")" -gt "$(rank "$2")" ]; then echo "from $1 to $now_at"; fi
	disagree
	before_drop=$([ "$(rank "$now_at")" -lt 11 ] && echo true || echo false)
	ask_all "$looked" "$before_drop"
	cat "$now/left"
	jobs_tell
	[ "$before_drop" = false ] || [ "$(cat "$now/digest")" = "$digest" ] || echo "the table's data changed"
}

# What must hold when the walk was closed and its data put back.
ended_well() {
	disagree
	[ "$(table_digest)" = "$digest" ] || echo "the data did not come back whole"
	[ "$(sql "SELECT count(*) FROM gatewalk.schema_log")" -eq 1 ] || echo "no entry in the schema log, or two"
	for op in begin close schema_log; do [ "$(grep -c "\"op\":\"$op\"" "$(log_of)")" -eq 1 ] || echo "not one line \"$op\""; done
	[ "$(sql "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = 'public.orders'::regclass")" -eq 0 ] || echo "a trigger is left on the table"
	sql "SELECT datname FROM pg_database WHERE datname LIKE 'gatewalk_scratch%'" | sed 's/^/left behind: /'
	find "$XDG_DATA_HOME/gatewalk/snapshots" -name '.part-*' 2>/dev/null | sed 's/^/left behind: /'
}
