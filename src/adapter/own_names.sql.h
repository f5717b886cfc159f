/* SPDX-License-Identifier: MIT */
/* gatewalk's own triggers on tables of others, as SQL knows them: by their names and by those of their functions in the schema gatewalk. They
   are no part of a table: nothing falls with them, nobody is in the way because of them, and no snapshot brings them back. */
#ifndef GW_ADAPTER_OWN_NAMES_SQL_H
#define GW_ADAPTER_OWN_NAMES_SQL_H

#define OWN_TRIGGER_RE "'^(gatewalk_(trip|guard)_[0-9a-f]{12}(_[it])?|(zz|)_gatewalk_dual_[0-9a-f]{12}(_i)?)$'"
/* Of them those that speak of columns: what the guard has is on tables, and its view is its own. */
#define OWN_WATCHING_RE "'^(gatewalk_trip_[0-9a-f]{12}(_[it])?|(zz|)_gatewalk_dual_[0-9a-f]{12}(_i)?)$'"
#define OWN_WATCHING_FN_RE "'^(trip_[0-9a-f]{12}|dual_[0-9a-f]{12}(_b)?)$'"
#define OWN_TRIGGER_FN_RE "'^(trip_[0-9a-f]{12}|dual_[0-9a-f]{12}(_b)?|guard_truncate)$'"

/* Behind a row d of pg_depend: it is no function of a dual write, which may take the table's row, or name its columns. */
#define OWN_NOT_DUAL \
"    AND NOT EXISTS (SELECT FROM pg_proc x JOIN pg_namespace xn ON xn.oid = x.pronamespace WHERE d.classid = 'pg_proc'::regclass AND x.oid = d.objid AND xn.nspname = 'gatewalk'\n" \
"      AND x.proname ~ '^dual_[0-9a-f]{12}(_[a-z]+)?$')\n"

#endif
