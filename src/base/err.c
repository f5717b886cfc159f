/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *e, enum err_code code, const char *hint, const char *fmt, ...)
{
	if (!e)
		return false;
	struct err made = { .code = code };
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(made.msg, sizeof made.msg, fmt, ap);
	va_end(ap);
	if (hint)
		snprintf(made.hint, sizeof made.hint, "%s", hint);
	*e = made;
	return false;
}

bool err_in(struct err *e, const char *fmt, ...)
{
	if (!e)
		return false;
	char front[sizeof e->msg], all[sizeof e->msg * 2 + 4];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(front, sizeof front, fmt, ap);
	va_end(ap);
	snprintf(all, sizeof all, "%s: %s", front, e->msg);
	memcpy(e->msg, all, sizeof e->msg);
	e->msg[sizeof e->msg - 1] = '\0';
	return false;
}

void err_clear(struct err *e)
{
	if (e)
		memset(e, 0, sizeof *e);
}

int err_exit_status(enum err_code code)
{
	static const unsigned char status[] = {
		[ERR_NONE] = 0, [ERR_USE] = 1, [ERR_INTERNAL] = 1, [ERR_SYSTEM] = 1,
		[ERR_DB] = 1, [ERR_DB_LOST] = 2, [ERR_DB_CONNECT] = 2,
		[ERR_GATE] = 3, [ERR_WAIT] = 4, [ERR_SIGNATURE] = 5, [ERR_VERIFY] = 6, [ERR_LEFT] = 7,
		[ERR_INTERRUPTED] = 130,
	};
	return (size_t)code < sizeof status ? status[code] : 1;
}
