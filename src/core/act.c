/* SPDX-License-Identifier: MIT */
#include "core/act.h"

#include <string.h>

static const struct { const char *name, *what; int signs; } acts[ACT_COUNT] = {
	[ACT_NONE] = { "none", "nothing", 0 },
#define X(id, name, what, signs) [id] = { name, what, signs },
	ACTS(X)
#undef X
};

static enum act_kind known(enum act_kind k)
{
	return (unsigned)k < ACT_COUNT ? k : ACT_NONE;
}

const char *act_name(enum act_kind k)
{
	return acts[known(k)].name;
}

const char *act_what(enum act_kind k)
{
	return acts[known(k)].what;
}

int act_signs(enum act_kind k)
{
	return acts[known(k)].signs;
}

int act_keys(const struct act *a)
{
	bool counts = a->kind == ACT_TAKE && (!a->text || *a->text == '\0');
	return counts ? 0 : act_signs(a->kind);
}

enum act_kind act_parse(const char *name)
{
	for (enum act_kind k = ACT_NONE + 1; name && k < ACT_COUNT; k++)
		if (strcmp(acts[k].name, name) == 0)
			return k;
	return ACT_NONE;
}
