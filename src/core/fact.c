/* SPDX-License-Identifier: MIT */
#include "core/fact.h"

#include <string.h>

static const char *const names[] = {
	[ENV_NONE] = "none", [ENV_PRODUCTION] = "production", [ENV_STAGING] = "staging",
	[ENV_DEVELOPMENT] = "development", [ENV_REHEARSAL] = "rehearsal",
};

const char *sees_word(unsigned one)
{
	static const struct { unsigned bit; const char *word; } words[SEES_KINDS] = {
		{ SEES_STATIC, "static" }, { SEES_CODE, "code" }, { SEES_READ, "reads" }, { SEES_WRITE, "writes" }, { SEES_NESTED, "nested" },
		{ SEES_WHOLE, "whole row" }, { SEES_STAR, "star" }, { SEES_DEFINER, "definer" },
	};
	for (size_t i = 0; i < SEES_KINDS; i++)
		if (words[i].bit == one)
			return words[i].word;
	return "";
}

bool slot_tells(const struct fact_slot *s)
{
	return s->there && !s->why;
}

const char *guard_help(const struct fact_guard *g)
{
	bool changed = g->whole && g->recorded && !g->stands;   /* what was recorded once is not recorded anew over a change */
	return changed ? "Find out who changed it. As a superuser, gatewalk guard remove and then install take it as it is now; C5 still compares it with what was documented."
		: "As a superuser: gatewalk guard install. gatewalk guard status says what is so.";
}

const char *env_name(enum env e)
{
	return (unsigned)e <= ENV_REHEARSAL ? names[e] : names[ENV_NONE];
}

enum env env_parse(const char *s)
{
	for (enum env e = ENV_PRODUCTION; s && e <= ENV_REHEARSAL; e++)
		if (strcmp(names[e], s) == 0)
			return e;
	return ENV_NONE;
}
