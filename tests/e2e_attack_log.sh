#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2119,SC2317
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
attack_refused "a line of another walk behind the last" 6 'second begin line'
back
{ cat "$other"; tail -n +2 "$top/whole/plan.gwlog"; } >"$log"
drop
attack_refused "another walk's beginning" 6 'line 2: '
back

rm -rf "$walk" && cp -a "$top/older" "$walk"
drop
attack_refused "an older copy of the folder" 6 'behind the ledger'
run "$gw" leave legacy -d "$to" --key "$bare" --reason 'an older copy'
attack_refused "an older copy writes nothing" 6 'behind the ledger' 'gatewalk walk --fetch legacy'
say "$([ "$(sql "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'gatewalk_trip%'")" = 3 ] && echo true || echo false)" "and takes nothing away: the tripwire is on the table"
back

ln "$log" "$walk/beside" && rm "$log" && ln -s beside "$log"
drop
attack_refused "a link in the log's place" 1 'link'
back
chmod 777 "$walk"
drop
attack_refused "a folder that others may write in" 1 'others may write' 'chmod go-w'
back

echo "# ledger and mirror"
# What the database holds is put back from its own copy.
sql "CREATE SCHEMA kept; CREATE TABLE kept.anchor AS TABLE gatewalk.anchor; CREATE TABLE kept.line AS TABLE gatewalk.line"
restored() { sql "DELETE FROM gatewalk.anchor; DELETE FROM gatewalk.line; INSERT INTO gatewalk.anchor TABLE kept.anchor; INSERT INTO gatewalk.line TABLE kept.line"; }
ledger() { # text words sql
	sql "$3"
	drop
	attack_refused "$1" 6 "$2" 'WHEN LOG AND DATABASE DISAGREE|gatewalk resync legacy|gatewalk walk --fetch legacy'
	run "$gw" gates legacy -d "$to"
	attack_refused "gates: $1" 3 'C6 +refused' "$2"
	restored
}
last="(SELECT max(n) FROM gatewalk.anchor WHERE sid = '$sid')"
middle="(SELECT n FROM gatewalk.anchor WHERE sid = '$sid' ORDER BY n OFFSET 3 LIMIT 1)"
ledger "the ledger's last two entries deleted" 'database is behind' "DELETE FROM gatewalk.anchor WHERE sid = '$sid' AND n IN (SELECT n FROM gatewalk.anchor WHERE sid = '$sid' ORDER BY n DESC LIMIT 2)"
ledger "all of the ledger deleted" 'knows nothing of this walk' "DELETE FROM gatewalk.anchor WHERE sid = '$sid'"
ledger "an entry in the middle deleted" 'entries were changed' "DELETE FROM gatewalk.anchor WHERE sid = '$sid' AND n = $middle"
ledger "an entry in the middle edited" 'entries were changed' "UPDATE gatewalk.anchor SET head = repeat('0', 64) WHERE sid = '$sid' AND n = $middle"
ledger "the last entry edited" 'another line stands' "UPDATE gatewalk.anchor SET head = repeat('0', 64) WHERE sid = '$sid' AND n = $last"
ledger "a foreign entry behind the last" 'lines are missing' "INSERT INTO gatewalk.anchor SELECT sid, n + 10, head, n, head, 'drop', at, xid, lsn FROM gatewalk.anchor WHERE sid = '$sid' AND n = $last"
ledger "a mirrored line edited" 'mirror' "UPDATE gatewalk.line SET line = replace(line, 'destructive', 'additive') WHERE sid = '$sid'"
ledger "a mirrored line deleted" 'mirror' "DELETE FROM gatewalk.line WHERE sid = '$sid' AND n = 4"

# The tail behind the last entry: lines that nobody has signed yet.
sql "UPDATE public.orders SET legacy_total = -1 WHERE id = 1"
"$gw" job tick -d "$to" >"$top/out" 2>&1
"$B/tests/tool_walk" "$to" "$bare" legacy look >"$top/out" 2>&1 </dev/null
more=$(wc -l <"$log")
head -n "$lines" "$top/whole/plan.gwlog" | cmp -s - "$top/whole/plan.gwlog" && head -n "$lines" "$log" >"$log.cut" && mv "$log.cut" "$log"
sql "DELETE FROM gatewalk.sighting; DELETE FROM gatewalk.trip"
run "$gw" gates legacy -d "$to"
say "$([ "$more" -gt "$lines" ] && [ "$rc" = 3 ] && said 'lines are missing at its end' && echo true || echo false)" "sightings cut off the end of the log, and out of the database ($((more - lines)) lines)"
rewind

echo "# the mark"
mark() { # text words sql [status]
	sql "$3"
	drop
	attack_refused "$1" "${4:-3}" "$2"
}
mark "the mark's row deleted" 'has lost its mark' "CREATE TABLE public.kept AS TABLE gatewalk.meta; DELETE FROM gatewalk.meta" 6
run "$gw" doctor -d "$to"
say "$([ "$rc" != 0 ] && echo true || echo false)" "doctor sees it ($rc)"
mark "the mark's row with another environment" 'another environment' "INSERT INTO gatewalk.meta TABLE public.kept; UPDATE gatewalk.meta SET environment = 'development'"
mark "the mark changed in the schema and in the comment" 'another environment' "COMMENT ON DATABASE shop IS '[gatewalk: development]'"
mark "the comment gone" 'comment' "UPDATE gatewalk.meta SET environment = 'rehearsal'; COMMENT ON DATABASE shop IS NULL"
mark "the comment with another environment" 'comment' "COMMENT ON DATABASE shop IS '[gatewalk: production]'"
mark "another installation under the same mark" "which is not the walk's" "COMMENT ON DATABASE shop IS '[gatewalk: rehearsal]'; UPDATE gatewalk.meta SET install_id = gen_random_uuid()" 6
sql "UPDATE gatewalk.meta SET install_id = (SELECT install_id FROM public.kept)"
known="$XDG_STATE_HOME/gatewalk/known_databases"
cp "$known" "$top/known"
rm "$known"
drop
attack_refused "a machine that does not remember the database" 3 'does not remember'
sed 's/rehearsal/production/' "$top/known" >"$known"
drop
attack_refused "a machine that remembers more" 3 'remembers another environment'
cp "$top/known" "$known"
sql "DROP SCHEMA gatewalk CASCADE"
drop
attack_refused "the whole gatewalk schema gone" 6 'gatewalk'
run "$gw" gates legacy -d "$to"
attack_refused "gates without the schema" 3 'C6'
run "$gw" init --environment rehearsal -d "$to" --key "$bare"
drop
attack_refused "and made anew" 6 "which is not the walk's"
rewind
sed 's/rehearsal/production/' "$top/known" >"$known"
sql "DROP SCHEMA gatewalk CASCADE; COMMENT ON DATABASE shop IS NULL"
run "$gw" init --environment development -d "$to" --key "$bare"
attack_refused "made anew as less than this machine remembers" 6 'remembers this database as production'
say "$([ "$(sql "SELECT to_regnamespace('gatewalk') IS NULL")" = t ] && echo true || echo false)" "and no mark was made"
rewind

echo "# another database"
psql -Xq -d postgres -c "CREATE DATABASE clone TEMPLATE shop"
to="dbname=clone"
drop
attack_refused "the walk on a copy of its database" 6 'not the database that the walk was in'
psql -Xq -d postgres -c "DROP DATABASE clone" -c "CREATE DATABASE clone"
psql -Xq -d clone -c "CREATE TABLE public.orders (id bigint PRIMARY KEY, total int, legacy_total int)"
run "$gw" init --environment rehearsal -d "$to" --key "$bare"
drop
attack_refused "the walk on another database" 6 "which is not the walk's"
to="dbname=shop"

echo "# the plan"
sed 's/unused_days: 14/unused_days: 15/' "$top/plan.yaml" >"$top/plan.new" && mv "$top/plan.new" "$top/plan.yaml"
run "$gw" walk --plain "$top/plan.yaml" -d "$to" --key "$bare"
attack_refused "a plan file edited after the start" 1 'edited after its walk began' 'gatewalk amend legacy'
run "$gw" amend legacy "$top/plan.yaml" -d "$to" --key "$bare"
attack_refused "amend at the drop" 1 'a plan cannot change at or after its drop'
digest=$(sha256sum "$top/older/blobs/"* | awk '{ print $2 }' | xargs grep -l '^gatewalk: 1' | head -n 1 | xargs basename)
sed 's/unused_days: 14/unused_days: 15/' "$top/older/blobs/$digest" >"$walk/blobs/$digest"
drop
attack_refused "the plan's evidence swapped" 6 'was changed'
rm "$walk/blobs/$digest"
drop
attack_refused "the plan's evidence gone" 6 'is gone'
back

echo "# amend, before the gates"
amend() { # text status words sed
	sed "$4" "$top/whole/blobs/$digest" >"$top/amended.yaml"
	run "$gw" amend other "$top/amended.yaml" -d "$to" --key "$bare"
	attack_refused "$1" "$2" "$3"
}
other_plan=$(sed -n '1s/.*"plan":"\([0-9a-f]*\)".*/\1/p' "$other")
cp "$(dirname "$other")/blobs/$other_plan" "$top/whole/blobs/other"
digest=other
amend "amend, stricter" 0 'stricter' 's/unused_days: 14/unused_days: 20/'
amend "amend, laxer within the floors" 0 'gates' 's/unused_days: 14/unused_days: 16/'
amend "amend below the floor" 1 'at least 14|14' 's/unused_days: 14/unused_days: 3/'
amend "amend to another target" 1 'that is a new walk' 's/column: legacy_total/column: id/'
amend "amend to another archetype" 1 'destructive|new walk' 's/archetype: destructive/archetype: additive/'
amend "amend to the same plan" 1 'is the plan that is walked already' 's/unused_days: 14/unused_days: 16/'

echo "# the person"
ssh-keygen -q -t ed25519 -N pass -f "$top/foreign"
attack_key="$top/foreign"
drop
attack_refused "a key that the walk does not know" 5 'not among the signers' 'the key the walk began with'
sed "s|ssh-ed25519 .*|$(cut -d' ' -f1,2 "$top/foreign.pub")|" "$top/whole/allowed_signers" >>"$walk/allowed_signers"
drop
attack_refused "a key put among the signers by hand" 6 'allowed_signers is not the list'
back
attack_key="$bare"
drop
attack_refused "a key without a passphrase" 5 'has no passphrase' 'ssh-keygen -p'
attack_key=''
run "$B/tests/tool_walk" "$to" "$key" legacy drop
attack_refused "no terminal" 5 'standard input is no terminal' 'run it on a terminal'
printf '#!/bin/sh\necho pass\ntouch %s/answered\n' "$top" >"$top/askpass"
chmod 755 "$top/askpass"
attack_pass=wrong
SSH_ASKPASS="$top/askpass" SSH_ASKPASS_REQUIRE=force DISPLAY=:0 drop
attack_refused "a wrong passphrase, and a program that would answer" 5 'did not sign' 'passphrase'
say "$([ "$asked" = yes ] && ! [ -e "$top/answered" ] && echo true || echo false)" "the program was never asked, the person was"
attack_pass=''
eval "$(ssh-agent -s)" >/dev/null
ssh-add -q "$bare"
attack_pass=wrong
drop
attack_refused "an agent that holds the key does not sign the drop" 5 'did not sign'
attack_pass=''
ssh-agent -k >/dev/null
unset SSH_AUTH_SOCK SSH_AGENT_PID

mkdir "$top/path"
printf '#!/bin/sh\ntouch %s/answered\nexec /usr/bin/ssh-keygen -Y sign -n gatewalk-entry-v1 -f %s\n' "$top" "$bare" >"$top/path/ssh-keygen"
chmod 755 "$top/path/ssh-keygen"
attack_pass=wrong
PATH="$top/path:$PATH" drop
attack_refused "another ssh-keygen in front of the path" 5 'did not sign'
say "$([ -e "$top/answered" ] && echo false || echo true)" "it was never called"
attack_pass=''

echo "# a second gatewalk"
second() {
	"$B/tests/tool_walk" "$to" "$bare" legacy look >"$top/second.out" 2>&1 </dev/null
	echo $? >>"$top/second.out"
}
attack_pass=wrong
drop second
say "$(grep -q 'another gatewalk (pid' "$top/second.out" && grep -qx 1 "$top/second.out" && echo true || echo false)" "a second gatewalk on the same machine is refused"
attack_refused "and the first one's drop, with a wrong passphrase, too" 5 'did not sign'

edit() { sed -n '6s/"who":"/"who":"x/p' "$log" | dd of="$log" bs=1 seek="$(head -n 5 "$log" | wc -c)" conv=notrunc 2>/dev/null; }
attack_pass=''
drop edit
attack_refused "the log edited in place while the passphrase is typed" 3 'changed by somebody else'
rewind

echo "# another machine"
fetch_home() { attack_home "$top/second"; }
first_home() { attack_home "$top/home"; }
fetch() { run "$gw" walk --fetch --plain legacy -d "$to" --key "$bare"; }
hostile() { # text words sql
	rm -rf "$top/second"
	sql "BEGIN; $3; COMMIT"
	fetch_home
	fetch
	attack_refused "$1" 6 "$2"
	[ -z "$(find "$top/second" -name plan.gwlog)" ] || say false "nothing was left behind: $1"
	sql "DELETE FROM gatewalk.line; INSERT INTO gatewalk.line TABLE kept.line"
}
sql "CREATE SCHEMA kept; CREATE TABLE kept.line AS TABLE gatewalk.line; CREATE TABLE kept.walk AS TABLE gatewalk.walk"
hostile "fetch of an edited mirror" 'line ' "UPDATE gatewalk.line SET line = replace(line, 'destructive', 'additive') WHERE sid = '$sid'"
hostile "fetch of a mirror cut in the middle" 'has no line' "DELETE FROM gatewalk.line WHERE sid = '$sid' AND n = 5"
hostile "fetch of a row whose plan's digest is a path" 'was changed' "UPDATE gatewalk.walk SET plan_digest = '../../../../../escaped' WHERE sid = '$sid'"
say "$([ -z "$(find "$top" -name escaped)" ] && echo true || echo false)" "no file was written outside"
hostile "fetch of a row with another plan" 'was changed' "UPDATE gatewalk.walk SET plan_digest = (SELECT plan_digest FROM kept.walk WHERE name = 'legacy'), plan = plan || '#' WHERE sid = '$sid'"
sql "UPDATE gatewalk.walk w SET plan = k.plan FROM kept.walk k WHERE k.sid = w.sid"
rm -rf "$top/second"
fetch_home
run "$gw" walk --fetch --plain legacy -d "$to" --key "$top/foreign"
attack_refused "fetch by a key that the walk does not know" 6 'allowed_signers'
rm -rf "$top/second"
fetch_home
fetch
say "$([ "$rc" = 0 ] && "$gw" verify "$top/second/state/gatewalk/walks/$sid" >"$top/out" 2>&1 && echo true || echo false)" "fetched onto a second machine, and it verifies"
say "$(cmp -s "$log" "$top/second/state/gatewalk/walks/$sid/plan.gwlog" && echo true || echo false)" "byte for byte the first machine's log"
first_home
held() { (fetch_home; second); }
attack_pass=wrong
drop held
say "$(grep -q 'in use by another gatewalk (login postgres' "$top/second.out" && grep -qx 1 "$top/second.out" && echo true || echo false)" "a second gatewalk on another machine is refused"
attack_pass=''
fetch_home
consumer=$(sed -n 's/.*"consumer":"\([^"]*\)".*/\1/p' "$log" | head -n 1)
printf 'clear %s because it is settled here now\nquit\n' "$consumer" | "$gw" walk --plain legacy -d "$to" --key "$bare" >"$top/out" 2>&1
say "$([ "$(wc -l <"$top/second/state/gatewalk/walks/$sid/plan.gwlog")" -gt "$(wc -l <"$log")" ] && echo true || echo false)" "the second machine goes on with the walk"
first_home
drop
attack_refused "then the first machine's older copy is refused" 6 'behind the ledger'
run "$gw" walk --fetch --plain legacy -d "$to" --key "$bare"
say "$([ "$rc" = 0 ] && [ -d "$(echo "$XDG_STATE_HOME/gatewalk/walks/$sid".of-*-lines)" ] && echo true || echo false)" "and is put aside, not written over"
rewind

echo "# nothing of this is in the way of a walk that nobody touched"
printf '{"torn' >>"$log"
drop
say "$([ "$rc" = 0 ] && said 'stage monitor dropped 1' && ! column_there && [ "$(sent)" -gt "$sent_before" ] && echo true || echo false)" "a torn tail is sealed over, and the column is dropped"
run "$gw" verify "$walk"
say "$([ "$rc" = 0 ] && echo true || echo false)" "its log verifies"
rewind
drop
say "$([ "$rc" = 0 ] && ! column_there && [ "$(sent)" -gt "$sent_before" ] && echo true || echo false)" "the untouched walk's column is dropped"
exit "$attack_failed"
