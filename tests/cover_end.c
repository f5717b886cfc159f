/* SPDX-License-Identifier: MIT */
/* Linked in by cover.sh alone, with --wrap: a process that ends by _exit, or becomes another program, writes first what it counted, as
   one does that ends by exit. */
#include <unistd.h>

void __gcov_dump(void);
void __gcov_reset(void);
void __wrap__exit(int status);
_Noreturn void __real__exit(int status);
int __wrap_execve(const char *path, char *const argv[], char *const env[]);
int __real_execve(const char *path, char *const argv[], char *const env[]);

void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}

int __wrap_execve(const char *path, char *const argv[], char *const env[])
{
	__gcov_dump();
	int rc = __real_execve(path, argv, env);
	__gcov_reset();   /* it is still here: only what comes from now on is not written yet */
	return rc;
}
