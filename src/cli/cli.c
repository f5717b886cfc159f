/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/print.h"

/* Nothing of ours is for others to read, and no core of this process may hold a passphrase's neighbourhood. */
static void be_careful(void)
{
	const struct rlimit none = { 0, 0 };
	umask(077);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static const char *own_path(const char *argv0)
{
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	if (n <= 0)
		return argv0;
	path[n] = '\0';
	return path;
}

static int run(struct line *l, int argc, char **argv, struct err *e)
{
	if (!options_parse(argc, argv, l, e))
		return err_exit_status(e->code);
	if (given(l, OPT_HELP)) {
		options_help(l->command);
		return 0;
	}
	if (given(l, OPT_VERSION)) {
		puts("gatewalk " GATEWALK_VERSION);
		return 0;
	}
	return l->command->run(l, e);
}

int cli_main(int argc, char **argv, show_screens *show)
{
	struct line l = { .program = own_path(argv[0]), .show = show, .tty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) };
	struct err e = { 0 };
	be_careful();
	setlocale(LC_CTYPE, "");
	int rc = run(&l, argc, argv, &e);
	if (e.code != ERR_NONE && e.msg[0])
		print_err(&e);
	if (fflush(stdout) != 0) {
		fputs("gatewalk: standard output cannot be written\n", stderr);
		rc = rc ? rc : 1;
	}
	return rc;
}
