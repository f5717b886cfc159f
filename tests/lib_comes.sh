# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034
# A walk at whose end something stands that was not there, of plans that new wrote. Source it behind lib_walk.sh; name is the walk's, and PGDATABASE its place.

# What a person fills in. from to [further edits, as sed's options]
filled_in() {
	from=$1 to=$2
	shift 2
	sed -e 's/^  after:.*/  after: with it/' -e 's/^  way_back:.*/  way_back: it is taken away/' -e 's/^  leaves_behind:.*/  leaves_behind: what was filled in/' -e 's/^  rollback_floor:.*/  rollback_floor: "1.20"/' \
		-e 's/^  api_contract:.*/  api_contract: none/' -e 's/"02:00", to: "05:00"/"02:00", to: "06:00"/' "$@" "$from" >"$to"
}
go() { "$walk" "" "$key" "$name" "$1"; }   # verb
begins() { # text: items 1 to 3, and what item 5 waits for; sets sid
	run 0 "$1: the plan is whole" "$gw" check -d "dbname=$PGDATABASE" "$top/$name.yaml"
	must 0 "$1: items 1 to 3 and gate A" "$walk" "" "$key" "$top/$name.yaml" expand
	sid=$(sql "SELECT sid FROM gatewalk.walk WHERE name = '$name'")
	until_sql "$1: the monitor has its baseline" "SELECT EXISTS (SELECT FROM gatewalk.sample WHERE baseline AND sid = '$sid')"
	go act:declare:releases:none >"$out" 2>&1
}
ends() { # text what-the-schema-log-says
	must 0 "$1: on to the watch" go monitor
	must 0 "$1: items 12 and 13" go finish
	sql "SELECT markdown FROM gatewalk.schema_log WHERE sid = '$sid'" >"$out"
	has "$1: the schema log names it" "$2"
	run 0 "$1: the log verifies" "$gw" verify "$XDG_STATE_HOME/gatewalk/walks/$sid/plan.gwlog"
}
