/* SPDX-License-Identifier: MIT */
/* A person at a terminal, for the scripts: tool_type PASSPHRASE PROGRAM [ARGUMENT...]
   Runs the program on a terminal of its own and types the passphrase each time one is asked for. What the program shows goes to
   standard output. Exit status: the program's, 128 + the signal when one ended it. */
#include <errno.h>
#include <pty.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WINDOW 4096

/* Is there a new question at the end of what was shown? What came before it was answered already. */
static bool asked(char *seen, size_t *len)
{
	char *at = strstr(seen, "passphrase");
	char *colon = at ? strchr(at, ':') : NULL;
	if (!colon)
		return false;
	*len -= (size_t)(colon + 1 - seen);
	memmove(seen, colon + 1, *len + 1);
	return true;
}

static void keep(char *seen, size_t *len, const char *new, size_t n)
{
	if (*len + n >= WINDOW) {
		*len = 0;
		n = n < WINDOW ? n : WINDOW - 1;
	}
	memcpy(seen + *len, new, n);
	*len += n;
	seen[*len] = '\0';
}

static void talk(int fd, const char *passphrase)
{
	char seen[WINDOW] = "", buf[1024];
	size_t len = 0;
	for (;;) {
		ssize_t n = read(fd, buf, sizeof buf);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		fwrite(buf, 1, (size_t)n, stdout);
		fflush(stdout);
		keep(seen, &len, buf, (size_t)n);
		/* ssh-keygen throws away what was typed before it asked, so a moment passes first, as with a person. */
		if (asked(seen, &len)) {
			usleep(50 * 1000);
			dprintf(fd, "%s\n", passphrase);
		}
	}
}

int main(int argc, char **argv)
{
	int fd, status = 0;
	if (argc < 3) {
		fputs("use: tool_type PASSPHRASE PROGRAM [ARGUMENT...]\n", stderr);
		return 2;
	}
	pid_t pid = forkpty(&fd, NULL, NULL, NULL);
	if (pid < 0)
		return 2;
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	talk(fd, argv[1]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
