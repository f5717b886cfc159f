/* SPDX-License-Identifier: MIT */
#include "port/files.h"

#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

/* Relative names in the environment are not valid there, and count as not set. */
static const char *absolute(const char *name)
{
	const char *s = getenv(name);
	return s && s[0] == '/' ? s : NULL;
}

static const char *home(void)
{
	const char *s = absolute("HOME");
	if (s)
		return s;
	const struct passwd *p = getpwuid(geteuid());
	return p && p->pw_dir && p->pw_dir[0] == '/' ? p->pw_dir : "/";
}

const char *path_join(struct arena *a, const char *dir, const char *name)
{
	size_t len = strlen(dir);
	while (len > 1 && dir[len - 1] == '/')
		len--;
	if (len == 1 && dir[0] == '/')
		return arena_printf(a, "/%s", name);
	return arena_printf(a, "%.*s/%s", (int)len, dir, name);
}

static const char *place(struct arena *a, const char *variable, const char *under_home)
{
	const char *base = absolute(variable);
	if (!base)
		base = path_join(a, home(), under_home);
	return path_join(a, base, "gatewalk");
}

const char *path_state(struct arena *a)
{
	return place(a, "XDG_STATE_HOME", ".local/state");
}

const char *path_data(struct arena *a)
{
	return place(a, "XDG_DATA_HOME", ".local/share");
}

const char *path_config(struct arena *a)
{
	return place(a, "XDG_CONFIG_HOME", ".config");
}

/* Without a login session there is no runtime folder: then a part of the state folder serves. */
const char *path_runtime(struct arena *a)
{
	const char *base = absolute("XDG_RUNTIME_DIR");
	if (base)
		return path_join(a, base, "gatewalk");
	struct stat st;
	const char *run = arena_printf(a, "/run/user/%u", (unsigned)geteuid());
	if (lstat(run, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() && (st.st_mode & 077) == 0)
		return path_join(a, run, "gatewalk");
	return path_join(a, path_state(a), "run");
}

const char *path_walks(struct arena *a)
{
	return path_join(a, path_state(a), "walks");
}

/* The part behind the folder of all zones. */
static const char *zone_in(struct arena *a, const char *path)
{
	static const char folder[] = "zoneinfo/";
	const char *at = strstr(path, folder);
	return at ? arena_dup(a, at + strlen(folder)) : NULL;
}

const char *zone_here(struct arena *a)
{
	char link[PATH_MAX];
	const char *tz = getenv("TZ");
	if (tz && *tz) {
		tz += *tz == ':';
		return *tz == '/' ? zone_in(a, tz) : arena_dup(a, tz);
	}
	ssize_t n = readlink("/etc/localtime", link, sizeof link - 1);
	if (n < 0)
		return NULL;
	link[n] = '\0';
	return zone_in(a, link);
}
