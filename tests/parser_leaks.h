/* SPDX-License-Identifier: MIT */
/* libpg_query loses what it has caught of standard error, one byte when there was nothing, with each PL/pgSQL that it refuses. Nothing else is let pass. */
#ifndef GW_TESTS_PARSER_LEAKS_H
#define GW_TESTS_PARSER_LEAKS_H

const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:pg_query_raw_parse\n";
}

#endif
