/* SPDX-License-Identifier: MIT */
#include "adapter/retry.h"

#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/when.h"
#include "port/crypto.h"
#include "port/files.h"

#define PAUSE_LEAST_MS 50
#define PAUSE_SPAN_MS 300

bool retry_is_lock(const struct err *e)
{
	return strcmp(e->sqlstate, "55P03") == 0 || strcmp(e->sqlstate, "40P01") == 0;
}

bool retry_is_refusal(const struct err *e)
{
	static const char *const classes[] = { "21", "22", "23", "27", "2F", "38", "39", "44", "54", "P0" };
	for (size_t i = 0; e->code == ERR_DB && i < sizeof classes / sizeof *classes; i++)
		if (strncmp(e->sqlstate, classes[i], 2) == 0)
			return true;
	return false;
}

bool retry_is_moment(const struct err *e)
{
	return retry_is_lock(e) || strncmp(e->sqlstate, "57", 2) == 0 || strncmp(e->sqlstate, "53", 2) == 0 || strncmp(e->sqlstate, "40", 2) == 0;
}

bool retry_pause(int64_t deadline)
{
	uint32_t chance = 0;
	if (clock_mono() >= deadline)
		return false;
	crypto_random(&chance, sizeof chance);
	long ms = PAUSE_LEAST_MS + (long)(chance % PAUSE_SPAN_MS);
	struct timespec left = { .tv_sec = 0, .tv_nsec = ms * 1000000L };
	nanosleep(&left, NULL);   /* a signal may cut it short: then it was a shorter pause */
	return true;
}
