/* SPDX-License-Identifier: MIT */
/* Measures a program from outside, on a terminal of its own where it wants one. Prints one number a line:
   tool_bench exec RUNS CMD...      median ms of a whole run
   tool_bench screen RUNS CMD...    median ms from start to the first whole screen (its NEXT line)
   tool_bench keys PRESSES CMD...   median, then 99th percentile, ms from a key press to the cursor's glyph in its new row
   tool_bench memory KEYS CMD...    highest resident kB after the keys were pressed, each followed by a repaint */
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 60000
#define STILL_MS 400

struct run { pid_t pid; int fd; };

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double percentile(double *v, int n, double p)
{
	qsort(v, (size_t)n, sizeof *v, by_size);
	int at = (int)((double)n * p);
	return v[at < n ? at : n - 1];
}

static void fail(const char *what)
{
	fprintf(stderr, "tool_bench: %s\n", what);
	exit(1);
}

static struct run start(char **argv)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	struct run r = { 0 };
	r.pid = forkpty(&r.fd, NULL, NULL, &size);
	if (r.pid < 0)
		fail("no terminal");
	if (r.pid == 0) {
		setenv("TERM", "xterm-256color", 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	return r;
}

/* Bytes read within ms; 0: nothing came; -1: the program has gone. */
static ssize_t take(struct run *r, char *buf, size_t size, int ms)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	if (poll(&p, 1, ms) <= 0)
		return 0;
	ssize_t n = read(r->fd, buf, size);
	return n > 0 ? n : -1;
}

static void until(struct run *r, const char *text)
{
	static char seen[1 << 20];
	size_t len = 0;
	double end = now_ms() + WAIT_MS;
	while (now_ms() < end && len < sizeof seen - 4097) {
		ssize_t n = take(r, seen + len, 4096, 100);
		if (n < 0)
			break;
		len += (size_t)n;
		seen[len] = '\0';
		if (n > 0 && memmem(seen, len, text, strlen(text)))
			return;
	}
	fail("the screen did not come");
}

static void until_still(struct run *r)
{
	char buf[4096];
	while (take(r, buf, sizeof buf, STILL_MS) > 0)
		;
}

static void stop(struct run *r)
{
	char buf[4096];
	kill(r->pid, SIGHUP);
	while (take(r, buf, sizeof buf, 5000) > 0)
		;
	waitpid(r->pid, NULL, 0);
	close(r->fd);
}

static int exec_runs(int n, char **argv)
{
	double *ms = calloc((size_t)n, sizeof *ms);
	for (int i = 0; ms && i < n; i++) {
		double from = now_ms();
		pid_t pid = fork();
		if (pid == 0) {
			if (!freopen("/dev/null", "w", stdout))
				_exit(126);
			execvp(argv[0], argv);
			_exit(127);
		}
		int status = 0;
		if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
			fail("the command failed");
		ms[i] = now_ms() - from;
	}
	printf("%.2f\n", percentile(ms, n, 0.5));
	free(ms);
	return 0;
}

static int screen_runs(int n, char **argv)
{
	double *ms = calloc((size_t)n, sizeof *ms);
	for (int i = 0; ms && i < n; i++) {
		double from = now_ms();
		struct run r = start(argv);
		until(&r, "NEXT");
		ms[i] = now_ms() - from;
		stop(&r);
	}
	printf("%.2f\n", percentile(ms, n, 0.5));
	free(ms);
	return 0;
}

/* Until the cursor's own glyph is written: what a job or the engine repaint by themselves does not count. False: not within ms. */
static bool cursor_moved(struct run *r, int ms)
{
	static const char glyph[] = "\xe2\x96\xb8";
	char seen[65536];
	size_t len = 0;
	double end = now_ms() + ms;
	while (now_ms() < end && len < sizeof seen) {
		ssize_t n = take(r, seen + len, sizeof seen - len, (int)(end - now_ms()) + 1);
		if (n < 0)
			fail("the program has gone");
		len += (size_t)n;
		if (memmem(seen, len, glyph, sizeof glyph - 1))
			return true;
	}
	return false;
}

/* To the list of steps: what changed since the last visit is shown before it, and has no cursor to move. */
static void until_steps(struct run *r)
{
	char seen[65536];
	size_t len = 0;
	ssize_t n;
	while (len < sizeof seen && (n = take(r, seen + len, sizeof seen - len, len ? STILL_MS : WAIT_MS)) > 0)
		len += (size_t)n;
	if (!memmem(seen, len, "since you left", strlen("since you left")))
		return;
	if (write(r->fd, "\r", 1) != 1)
		fail("the key did not go through");
	until_still(r);
}

static int key_runs(int n, char **argv)
{
	char buf[65536];
	int missed = 0;
	double *ms = calloc((size_t)n, sizeof *ms);
	struct run r = start(argv);
	until_steps(&r);
	for (int i = 0; ms && i < n; i++) {
		const char *key = i % 2 ? "k" : "j";
		while (take(&r, buf, sizeof buf, 20) > 0)   /* what the engine painted by itself */
			;
		double from = now_ms();
		if (write(r.fd, key, 1) != 1)
			fail("the key did not go through");
		missed += !cursor_moved(&r, 1000);
		ms[i] = now_ms() - from;
	}
	if (missed)
		fprintf(stderr, "tool_bench: %d of %d presses moved nothing within 1 s\n", missed, n);
	printf("%.2f\n%.2f\n", percentile(ms, n, 0.5), percentile(ms, n, 0.99));
	stop(&r);
	free(ms);
	return missed > 0;
}

static int memory(const char *keys, char **argv)
{
	char path[64], line[256];
	struct run r = start(argv);
	until(&r, "NEXT");
	until_still(&r);
	for (; *keys; keys++) {
		if (write(r.fd, keys, 1) != 1)
			fail("the key did not go through");
		until_still(&r);
	}
	snprintf(path, sizeof path, "/proc/%d/status", (int)r.pid);
	FILE *f = fopen(path, "r");
	long kb = 0;
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "VmHWM: %ld", &kb) == 1)
			break;
	if (f)
		fclose(f);
	printf("%ld\n", kb);
	stop(&r);
	return kb == 0;
}

int main(int argc, char **argv)
{
	int n = argc > 3 ? atoi(argv[2]) : 0;
	signal(SIGPIPE, SIG_IGN);
	if (argc > 3 && strcmp(argv[1], "memory") == 0)
		return memory(argv[2], argv + 3);
	if (argc > 3 && n > 0 && n <= 100000) {
		if (strcmp(argv[1], "exec") == 0)
			return exec_runs(n, argv + 3);
		if (strcmp(argv[1], "screen") == 0)
			return screen_runs(n, argv + 3);
		if (strcmp(argv[1], "keys") == 0)
			return key_runs(n, argv + 3);
	}
	fputs("use: tool_bench exec|screen|keys N CMD... | memory KEYS CMD...\n", stderr);
	return 2;
}
