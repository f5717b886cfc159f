/* SPDX-License-Identifier: MIT */
/* The doctor's checks of what the server's log can tell an audit, and of what hiding needs. All of it is optional: nothing here is missing. */
#include "adapter/probe_doctor.h"

#include <string.h>

#include "adapter/hide_cron.h"
#include "base/arena.h"
#include "core/sql.h"
#include "port/db.h"

/* "what is so: the command that helps" */
static bool say_why(const struct patient *p, struct doctor_row *row, const char *why)
{
	const char *fix = strstr(why, ": ");
	return doctor_say(row, DOCTOR_WARN, fix ? arena_dupn(p->a, why, (size_t)(fix - why)) : why, fix ? fix + 2 : NULL);
}

/* What the audit and hiding read it by. */
static const char READ_SQL[] =
"SELECT string_agg(f, ', ' ORDER BY n) FROM unnest(ARRAY['pg_current_logfile(text)', 'pg_ls_logdir()', 'pg_read_binary_file(text, bigint, bigint)',"
" 'pg_read_binary_file(text, bigint, bigint, boolean)', 'pg_stat_file(text)', 'pg_stat_file(text, boolean)']) WITH ORDINALITY x(f, n)"
" WHERE NOT has_function_privilege(session_user, f, 'EXECUTE')";

bool doctor_log(const struct patient *p, struct doctor_row *row, struct err *e)
{
	struct rows r;
	if (!db_ask(p->db, p->a, &(struct query){ .sql = READ_SQL, .cols = 1, .min_rows = 1, .max_rows = 1 }, &r, e))
		return false;
	if (r.cell[0][0])
		return doctor_say(row, DOCTOR_WARN, "this login may not read it, which the audit and hiding would do",
			arena_printf(p->a, "GRANT EXECUTE ON FUNCTION %s TO %s;", r.cell[0][0], sql_ident(p->a, p->server.login)));
	if (!p->log.there)
		return say_why(p, row, p->log.why);
	if (p->log.format == LOG_STDERR)
		return doctor_say(row, DOCTOR_WARN, "stderr: names can be made that look like entries, and hiding needs %e in log_line_prefix",
			"ALTER SYSTEM SET log_destination = 'csvlog'; SELECT pg_reload_conf();");
	return doctor_say(row, DOCTOR_OK, arena_printf(p->a, "%s, which this login may read", log_format_name(p->log.format)), NULL);
}

bool doctor_explain(const struct patient *p, struct doctor_row *row, struct err *e)
{
	(void)e;
	const struct log_eye *x = &p->log.eye[LOG_PLANS];
	if (x->why)
		return say_why(p, row, x->why);
	if (!(x->sees & SEES_NESTED))
		return doctor_say(row, DOCTOR_WARN, "statements inside functions are not logged", "ALTER SYSTEM SET auto_explain.log_nested_statements = on; SELECT pg_reload_conf();");
	return doctor_say(row, DOCTOR_OK, arena_printf(p->a, "loaded: %s", x->setup), NULL);
}

bool doctor_pgaudit(const struct patient *p, struct doctor_row *row, struct err *e)
{
	(void)e;
	const struct log_eye *x = &p->log.eye[LOG_AUDIT];
	if (x->why)
		return say_why(p, row, x->why);
	return doctor_say(row, DOCTOR_OK, x->sees ? "loaded, and logs all tables" : "loaded; the grants of its role on a table say what is logged of it", NULL);
}

bool doctor_cron(const struct patient *p, struct doctor_row *row, struct err *e)
{
	struct hide_cron w;
	if (!hide_cron_there(p->db, p->a, &w, e))
		return false;
	return w.why ? say_why(p, row, w.why) : doctor_say(row, DOCTOR_OK, "gives back what is hidden when server and gatewalk are gone", NULL);
}
