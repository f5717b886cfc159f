/* SPDX-License-Identifier: MIT */
/* An ssh-agent of our own, so that the operator's agent is neither filled nor relied on. It ends when we do, however we end. */
#include "adapter/sign_private.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "port/files.h"

#define AGENT_SECONDS "3600"
#define START_MS 5000
#define STEP_MS 10
#define ASK_AGAIN_US (INT64_C(5) * 1000000)

/* A socket's path may have about a hundred bytes: where the runtime folder's is too long, /tmp has a folder for us. */
static bool place(struct signer *s, struct err *e)
{
	char chance[9];
	struct sockaddr_un limit;
	const char *run = path_runtime(s->arena);
	crypto_random_hex(4, chance);
	const char *path = arena_printf(s->arena, "%s/agent.%s", run, chance);
	s->socket_dir = NULL;
	if (strlen(path) < sizeof limit.sun_path && dir_make(run, NULL)) {
		s->socket = path;
		return true;
	}
	char *dir = arena_dup(s->arena, "/tmp/gatewalk.XXXXXX");
	if (!mkdtemp(dir))
		return err_set(e, ERR_SYSTEM, NULL, "cannot make a folder for the key's agent: %s", strerror(errno));
	s->socket_dir = dir;
	s->socket = path_join(s->arena, dir, "agent");
	return true;
}

bool agent_alive(const struct signer *s)
{
	return s->agent.pid > 0 && child_alive(s->agent.pid) && file_exists(s->socket);
}

/* Its name stands before it listens: only an answer counts. */
static bool answers(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
	bool good = fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
	if (fd >= 0)
		close(fd);
	return good;
}

static bool wait_for_socket(const struct signer *s, struct err *e)
{
	for (int ms = 0; ms < START_MS; ms += STEP_MS) {
		if (answers(s->socket))
			return true;
		if (!child_alive(s->agent.pid))
			break;
		poll(NULL, 0, STEP_MS);
	}
	return err_set(e, ERR_SYSTEM, NULL, "ssh-agent did not come up");
}

bool agent_start(struct signer *s, struct err *e)
{
	if (agent_alive(s))
		return true;
	agent_stop(s);
	if (!place(s, e))
		return false;
	const char *const argv[] = { "ssh-agent", "-D", "-a", s->socket, "-t", AGENT_SECONDS, NULL };
	if (child_keep(argv, &s->agent, e) && wait_for_socket(s, e))
		return true;
	agent_stop(s);
	return false;
}

void agent_stop(struct signer *s)
{
	s->loaded_until = 0;
	child_release(&s->agent);
	if (s->socket)
		unlink(s->socket);
	if (s->socket_dir)
		rmdir(s->socket_dir);
	s->socket = s->socket_dir = NULL;
}

const char *agent_variable(const struct signer *s, struct arena *a)
{
	return s->has_private && s->socket ? arena_printf(a, "SSH_AUTH_SOCK=%s", s->socket) : NULL;
}

bool agent_of_operator(struct signer *s)
{
	if (s->asked_at != 0 && clock_mono() - s->asked_at < ASK_AGAIN_US)
		return s->agent_has_it;
	struct arena *a = arena_new();
	const char *const argv[] = { "ssh-add", "-L", NULL };
	struct child c = { .argv = argv, .ms = 5000 };
	struct child_end end;
	s->agent_has_it = child_run(a, &c, &end, NULL) && end.status == 0 && strstr(end.out, s->base64) != NULL;
	s->asked_at = clock_mono();
	arena_free(a);
	return s->agent_has_it;
}
