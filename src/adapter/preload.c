/* SPDX-License-Identifier: MIT */
#include "adapter/preload.h"

#include "base/arena.h"

const char *preload_command(struct arena *a, const char *list, const char *have, const char *library)
{
	if (!have)
		return arena_printf(a, "add '%s' to %s, whose other libraries are hidden from this login", library, list);
	return arena_printf(a, "ALTER SYSTEM SET %s = %s'%s'", list, have, library);
}
