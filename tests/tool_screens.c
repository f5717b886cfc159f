/* SPDX-License-Identifier: MIT */
/* The front of the house over a scripted desk: no engine, no server. tool_screens FIXTURE [--plain] [--ascii] [--theme NAME] [--home]
   [--count SECONDS] [--busy] [--crash] [--log FILE]. Orders are written to FILE, one a line. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "engine/desk.h"
#include "screens/front.h"
#include "tests/lib_fixture.h"

struct desk {
	struct view *view;
	struct answer answer;
	unsigned long long orders;
	int fd, seconds;
	bool busy, crash, unlocked;
	FILE *log;
};

static void note(struct desk *d, const char *what, const char *detail)
{
	if (d->log)
		fprintf(d->log, "%s %s\n", what, detail ? detail : "");
	if (d->log)
		fflush(d->log);
}

/* Old views are kept: whoever holds one may look at it still. */
static void show(struct desk *d, enum fixture f)
{
	static const struct view *kept[1000];   /* where the sanitizer finds them */
	static size_t n;
	uint64_t one = 1;
	kept[n++ % (sizeof kept / sizeof *kept)] = d->view;
	d->view = fixture_view(f);
	d->view->unlocked |= d->unlocked;
	d->view->serial = d->orders;
	if (write(d->fd, &one, sizeof one) < 0)
		abort();
}

static unsigned long long answered(struct desk *d, bool ok, const char *said)
{
	d->answer = (struct answer){ .order = ++d->orders, .ok = ok };
	snprintf(ok ? d->answer.done : d->answer.err.msg, 100, "%s", said);
	return d->orders;
}

int desk_fd(const struct desk *d) { return d->fd; }
const struct view *desk_view(struct desk *d) { return d->view; }
int desk_countdown(struct desk *d) { return d->seconds; }

void desk_unview(struct desk *d, const struct view *v)
{
	(void)d;
	(void)v;
}

void desk_drain(struct desk *d)
{
	uint64_t n;
	if (read(d->fd, &n, sizeof n) < 0)
		return;
}

bool desk_answer(struct desk *d, struct answer *out)
{
	*out = d->answer;
	return d->orders > 0 && !d->busy;
}

unsigned long long desk_do(struct desk *d, const struct act *a)
{
	char line[2000];
	snprintf(line, sizeof line, "%s|%s|%d|%lld", a->key ? a->key : "", a->text ? a->text : "", a->survives, a->job);
	note(d, act_name(a->kind), line);
	if (d->busy)
		return ++d->orders;
	show(d, a->kind == ACT_SNAPSHOT ? FIX_SNAPSHOT : FIX_WAITING);
	d->view->last_done = "done as asked";
	return answered(d, true, "done as asked");
}

unsigned long long desk_look(struct desk *d)
{
	note(d, "look", NULL);
	if (d->crash)
		raise(SIGSEGV);
	return d->busy ? ++d->orders : answered(d, true, "");
}

unsigned long long desk_open_walk(struct desk *d, const char *word)
{
	bool ok = strcmp(word, "ee") != 0;
	note(d, "open", word);
	unsigned long long order = answered(d, ok, ok ? "" : "the log of this walk does not verify");
	show(d, ok ? FIX_WAITING : FIX_HOME);
	return order;
}

unsigned long long desk_home(struct desk *d)
{
	note(d, "home", NULL);
	unsigned long long order = answered(d, true, "");
	show(d, FIX_HOME);
	return order;
}

/* As ssh-add would: a question and an answer, in a terminal that is as it was. */
static bool asked(const char *what)
{
	char line[100] = "";
	printf("%s", what);
	fflush(stdout);
	return fgets(line, sizeof line, stdin) && strcmp(line, "sesame\n") == 0;
}

bool desk_unlock(struct desk *d, struct err *e)
{
	note(d, "unlock", NULL);
	if (!asked("Enter passphrase for key: "))
		return err_set(e, ERR_SIGNATURE, "Try again.", "the key was not unlocked");
	d->unlocked = true;
	return true;
}

bool desk_do_waiting(struct desk *d, const struct act *a, struct err *e)
{
	(void)e;
	return desk_do(d, a) != 0;
}

bool desk_drop(struct desk *d, const char *typed, struct err *e)
{
	note(d, "drop", typed);
	if (!asked("Enter passphrase for the drop: "))
		return err_set(e, ERR_SIGNATURE, "Nothing was dropped.", "the intent was not signed");
	show(d, FIX_QUIET);
	return true;
}

int main(int argc, char **argv)
{
	static struct desk d;   /* its last view lives as long as the program */
	d = (struct desk){ .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), .seconds = 30 };
	struct front_opts o = { .from = FRONT_WALK };
	if (argc < 2 || fixture_parse(argv[1]) == FIXTURE_COUNT)
		return 2;
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--plain") == 0)
			o.plain = true;
		else if (strcmp(argv[i], "--ascii") == 0)
			o.ascii = true;
		else if (strcmp(argv[i], "--theme") == 0 && i + 1 < argc)
			o.theme = argv[++i];
		else if (strcmp(argv[i], "--home") == 0)
			o.from = FRONT_HOME;
		else if (strcmp(argv[i], "--busy") == 0)
			d.busy = true;
		else if (strcmp(argv[i], "--crash") == 0)
			d.crash = true;
		else if (strcmp(argv[i], "--count") == 0 && i + 1 < argc)
			d.seconds = atoi(argv[++i]);
		else if (strcmp(argv[i], "--log") == 0 && i + 1 < argc)
			d.log = fopen(argv[++i], "a");
		else
			return 2;
	}
	d.view = fixture_view(fixture_parse(argv[1]));
	return front_run(&d, &o);
}
