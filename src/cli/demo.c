/* SPDX-License-Identifier: MIT */
/* The demo runs in a child; its parent only waits and cleans up, so that nothing stays behind however the child ends. */
#include "engine/demo.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/print.h"
#include "cli/run.h"

static volatile sig_atomic_t child_pid;

static void pass_on(int sig)
{
	if (child_pid > 0)
		kill((pid_t)child_pid, sig);
}

static int inside(const struct line *l, struct demo *d, struct err *e)
{
	struct engine_opts o = run_options(l);
	if (!demo_prepare(d, run_say, e))
		return err_exit_status(e->code);
	demo_options(d, &o);
	struct engine *g = engine_new(&o, e);
	if (g && engine_home(g, e))
		return run_screens(l, g, SHOW_HOME, e);
	engine_free(g);
	return err_exit_status(e->code);
}

static int wait_for(pid_t pid)
{
	int status = 0;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int guarded(const struct line *l, struct demo *d, struct err *e)
{
	const struct sigaction forward = { .sa_handler = pass_on }, ignore = { .sa_handler = SIG_IGN };
	struct sigaction old_int, old_quit;
	fflush(stdout);
	sigaction(SIGINT, &ignore, &old_int);
	sigaction(SIGQUIT, &ignore, &old_quit);
	pid_t pid = fork();
	if (pid < 0) {
		err_set(e, ERR_SYSTEM, NULL, "no process for the demo");
		return err_exit_status(e->code);
	}
	if (pid == 0) {
		sigaction(SIGINT, &old_int, NULL);
		sigaction(SIGQUIT, &old_quit, NULL);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		int rc = inside(l, d, e);
		if (e->code != ERR_NONE)
			print_err(e);
		fflush(stdout);
		_exit(rc);
	}
	child_pid = (sig_atomic_t)pid;
	sigaction(SIGTERM, &forward, NULL);
	sigaction(SIGHUP, &forward, NULL);
	return wait_for(pid);
}

int run_demo(const struct line *l, struct err *e)
{
	if (!l->tty && !given(l, OPT_PLAIN)) {
		err_set(e, ERR_USE, "Run it in a terminal of at least 80 columns and 24 lines.", "the demo needs a terminal: it opens screens to walk through");
		return err_exit_status(e->code);
	}
	struct demo *d = demo_new(l->program, e);
	if (!d)
		return err_exit_status(e->code);
	int rc = guarded(l, d, e);
	demo_stop(d);
	print_clean("the demo's server is stopped and its folder is gone");
	return rc;
}
