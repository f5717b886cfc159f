#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2119,SC2317
# Attacks on what a walk is about: the target, what depends on it, the tripwire; before
# the drop, and while the passphrase is being typed. Each is refused and nothing is dropped.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_attack.sh
. tests/lib_attack.sh
attack_start
attack_shop rehearsal
attack_armed
trip="gatewalk_trip_$(echo "$sid" | cut -c1-12)"
function="gatewalk.trip_$(echo "$sid" | cut -c1-12)"
no_trigger="DROP TRIGGER $trip ON public.orders; DROP TRIGGER ${trip}_i ON public.orders; DROP TRIGGER ${trip}_t ON public.orders"

# Done before the drop, and taken back by the last words; a rewind where that cannot be.
before() { # text status words sql [sql that takes it back]
	sql "$4" >/dev/null || say false "the attack itself failed: $1"
	drop
	attack_refused "$1" "$2" "$3" 'hint '
	if [ $# -gt 4 ]; then sql "$5"; else rewind; fi
}
# Done while the passphrase is asked for: the intent is signed, and the drop must still not come.
between() { # text status words sql
	attack_sql=$4
	hook() { sql "$attack_sql"; }
	drop hook
	attack_refused "meanwhile: $1" "$2" "$3" 'Enter passphrase'
	[ -n "${5:-}" ] || say "$(tail -n 8 "$log" | grep -q '"result":"not dropped"' && echo true || echo false)" "and the log has the intent's outcome"
	rewind
}

echo "# the target"
before "another type" 3 'tripwire is not on the table|definition' "$no_trigger; ALTER TABLE public.orders ALTER legacy_total TYPE bigint"
before "dropped and made again" 3 'the walk began with' "$no_trigger; ALTER TABLE public.orders DROP legacy_total; ALTER TABLE public.orders ADD legacy_total int"
before "another column under its name" 3 'the walk began with' "ALTER TABLE public.orders RENAME legacy_total TO x; ALTER TABLE public.orders RENAME total TO legacy_total" \
	"ALTER TABLE public.orders RENAME legacy_total TO total; ALTER TABLE public.orders RENAME x TO legacy_total"
before "another table under its name" 3 'the walk began with' "ALTER TABLE public.orders RENAME TO x; CREATE TABLE public.orders (LIKE public.x)" \
	"DROP TABLE public.orders; ALTER TABLE public.x RENAME TO orders"
before "one more index falls" 3 'the plan does not list it: index (public\.)?more' "CREATE INDEX more ON public.orders (legacy_total, total)" "DROP INDEX public.more"
before "an index that fell is gone" 3 'would not fall' "DROP INDEX public.orders_legacy_total" "CREATE INDEX orders_legacy_total ON public.orders (legacy_total)"
before "a default again" 3 'default' "ALTER TABLE public.orders ALTER legacy_total SET DEFAULT 1" "ALTER TABLE public.orders ALTER legacy_total DROP DEFAULT"
before "a view of the column" 3 'view public.v' "CREATE VIEW public.v AS SELECT legacy_total FROM public.orders" "DROP VIEW public.v"
before "a view of the whole row, made after the audit" 3 'view public.v has not been cleared' "CREATE VIEW public.v AS SELECT o FROM public.orders o" "DROP VIEW public.v"
before "a function that takes the row" 3 'function public.f' "CREATE FUNCTION public.f(public.orders) RETURNS int LANGUAGE sql AS 'SELECT 1'" "DROP FUNCTION public.f"
before "a policy on the column" 3 'policy' "CREATE POLICY p ON public.orders USING (legacy_total > 0)" "DROP POLICY p ON public.orders"
before "a generated column made of it" 3 'generated column|gen' "ALTER TABLE public.orders ADD gen int GENERATED ALWAYS AS (legacy_total + 1) STORED"
before "it became part of the key" 3 'primary key|orders_pkey' "ALTER TABLE public.orders DROP CONSTRAINT orders_pkey, ADD PRIMARY KEY (id, legacy_total)"

echo "# the tripwire"
before "switched off" 3 'switched off' "ALTER TABLE public.orders DISABLE TRIGGER $trip"
before "a write past it: off, written, on again" 3 'switched off' "ALTER TABLE public.orders DISABLE TRIGGER $trip; UPDATE public.orders SET legacy_total = -1 WHERE id = 1;
	ALTER TABLE public.orders ENABLE ALWAYS TRIGGER $trip; SELECT pg_stat_statements_reset()"
before "its function made blind for a write" 3 'switched off' "CREATE TABLE public.kept AS SELECT pg_get_functiondef('$function'::regproc) AS d;
	CREATE OR REPLACE FUNCTION $function() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NULL; END';
	UPDATE public.orders SET legacy_total = -1 WHERE id = 1; DO 'BEGIN EXECUTE (SELECT d FROM public.kept); END'; DROP TABLE public.kept; SELECT pg_stat_statements_reset()"
before "gone" 3 'not on the table' "$no_trigger"
before "its count set back" 3 'write|counts anew|cleared' "UPDATE public.orders SET legacy_total = -1 WHERE id = 1; SELECT setval('$function', 1, false)"
before "a write, in plain sight" 3 'written to|cleared|used it|wrote' "UPDATE public.orders SET legacy_total = -1 WHERE id = 1"
before "a row put in with a value" 3 'written to|cleared|used it|wrote' "INSERT INTO public.orders VALUES (1000, 1, 1)"
before "TRUNCATE" 3 'written to|cleared|used it|wrote' "TRUNCATE public.orders"
before "a write of a replica" 3 'written to|cleared|used it|wrote' "SET session_replication_role = replica; UPDATE public.orders SET legacy_total = -1 WHERE id = 1"

echo "# while the passphrase is typed"
between "a write" '[34]' 'written to|cleared|used it|wrote|the wait' "UPDATE public.orders SET legacy_total = -1 WHERE id = 1"
between "a view of the whole row" 3 'view public.v has not been cleared' "CREATE VIEW public.v AS SELECT o FROM public.orders o"
between "one more index" 3 'the plan does not list it' "CREATE INDEX more ON public.orders (legacy_total, total)"
between "the tripwire switched off" 3 'switched off' "ALTER TABLE public.orders DISABLE TRIGGER $trip"
between "another mark" 3 'environment' "UPDATE gatewalk.meta SET environment = 'development'"
between "the ledger goes on without us" '[36]' 'ledger' "INSERT INTO gatewalk.anchor SELECT sid, n + 10, head, n, head, 'line', at, xid, lsn FROM gatewalk.anchor WHERE sid = '$sid' ORDER BY n DESC LIMIT 1" open

exit "$attack_failed"
