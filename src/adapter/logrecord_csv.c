/* SPDX-License-Identifier: MIT */
/* csvlog and jsonlog, as PostgreSQL 15 to 18 write them: nothing in them can look like another field or entry. */
#include "adapter/logrecord_private.h"

#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "port/jsonread.h"

enum { C_AT, C_ROLE, C_DATABASE, C_PID, C_ADDR, C_STATE = 12, C_MESSAGE, C_CONTEXT = 18, C_STATEMENT, C_APP = 22, C_FIELDS = 26 };

/* One field, unquoted in place; *end gets what stands behind it. An empty field without quotes is NULL, as COPY reads it. */
static char *csv_field(char *p, char **end)
{
	char *to = p, *from = p;
	bool quoted = *p == '"';
	if (!quoted) {
		*end = p + strcspn(p, ",\n");
		return *end == p ? NULL : p;
	}
	for (from++; *from && !(from[0] == '"' && from[1] != '"'); from++) {
		from += *from == '"';
		*to++ = *from;
	}
	*end = *from ? from + 1 : from;
	if (to != *end)
		*to = '\0';
	return p;
}

/* "10.0.4.17:40112" without its port. */
static const char *without_port(char *addr)
{
	char *colon = addr ? strrchr(addr, ':') : NULL;
	if (colon)
		*colon = '\0';
	return addr;
}

bool logrecord_csv(struct arena *a, char *text, size_t len, struct log_record *out)
{
	char *f[C_FIELDS] = { NULL }, *p = text, *end = text;
	size_t n = 0;
	(void)a;
	(void)len;
	for (; n < C_FIELDS; n++) {
		f[n] = csv_field(p, &end);
		char behind = *end;
		*end = '\0';
		p = end + 1;
		if (behind != ',')
			break;
	}
	*out = (struct log_record){ .at = f[C_AT], .role = f[C_ROLE], .database = f[C_DATABASE], .addr = without_port(f[C_ADDR]), .state = f[C_STATE],
		.message = f[C_MESSAGE], .context = f[C_CONTEXT], .statement = f[C_STATEMENT], .app = f[C_APP], .cut = out->cut };
	return out->message && (n >= C_APP || out->cut);
}

bool logrecord_json(struct arena *a, const char *text, size_t len, struct log_record *out)
{
	const struct json *j = json_read(a, text, len, NULL);
	if (!j)
		return false;
	*out = (struct log_record){ .at = json_str(j, "timestamp"), .role = json_str(j, "user"), .database = json_str(j, "dbname"),
		.addr = json_str(j, "remote_host"), .state = json_str(j, "state_code"), .message = json_str(j, "message"),
		.context = json_str(j, "context"), .statement = json_str(j, "statement"), .app = json_str(j, "application_name") };
	return out->message != NULL;
}
