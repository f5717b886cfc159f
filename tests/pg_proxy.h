/* SPDX-License-Identifier: MIT */
/* A link that can be cut: a unix socket in front of the server's own, one connection at a time, run by a thread. It reads the
   protocol just far enough to count: it cuts before it hands on the k-th ReadyForQuery, or before or after it hands on a query
   of the client's that begins with a word; and it can give the client another backend's number, as a pooler does. */
#ifndef GW_TESTS_PG_PROXY_H
#define GW_TESTS_PG_PROXY_H

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PROXY_TEXTS 64

struct proxy {
	char dir[200], path[220], server[220];
	int cut_ready;            /* cut before the k-th ReadyForQuery; 0: never */
	const char *cut_query;    /* cut before a query that begins so; NULL: never */
	const char *cut_after;    /* cut once such a query was handed on */
	bool other_pid;
	int listener, ready;      /* ReadyForQuery seen */
	char texts[PROXY_TEXTS][800];   /* the client's queries, their beginnings */
	int n_texts;
	bool cut;
	pthread_t thread;
};

static inline uint32_t proxy_be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline bool proxy_all(int fd, const void *data, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = send(fd, (const char *)data + done, len - done, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static inline bool proxy_take(int fd, void *out, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = recv(fd, (char *)out + done, len - done, 0);
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* One message, type byte first (0 for the startup packet, which has none). NULL at the end. */
static inline unsigned char *proxy_message(int fd, bool startup, size_t *len)
{
	unsigned char head[5];
	size_t type = startup ? 0 : 1;
	if (!proxy_take(fd, head, type + 4))
		return NULL;
	size_t body = proxy_be32(head + type) - 4;
	unsigned char *m = malloc(body + 6);
	if (!m)
		return NULL;
	memcpy(m, head, type + 4);
	*len = type + 4 + body;
	m[*len] = '\0';
	if (proxy_take(fd, m + type + 4, body))
		return m;
	free(m);
	return NULL;
}

static inline bool proxy_from_server(struct proxy *p, int from, int to)
{
	size_t len;
	unsigned char *m = proxy_message(from, false, &len);
	if (!m)
		return false;
	if (m[0] == 'K' && p->other_pid)
		m[8] ^= 1;
	bool ok = true;
	if (m[0] == 'Z')
		p->cut |= ++p->ready == p->cut_ready;
	ok = !p->cut && proxy_all(to, m, len);
	free(m);
	return ok;
}

/* What the client sends: a simple query's text, that of a statement behind its name, or the name of a prepared one that is to run. */
static inline const char *proxy_text(const unsigned char *m)
{
	const char *s = (const char *)m + 5;
	return m[0] == 'Q' ? s : m[0] == 'P' ? s + strlen(s) + 1 : m[0] == 'B' && s[strlen(s) + 1] ? s + strlen(s) + 1 : NULL;
}

static inline bool proxy_from_client(struct proxy *p, int from, int to)
{
	size_t len;
	unsigned char *m = proxy_message(from, false, &len);
	if (!m)
		return false;
	const char *text = proxy_text(m);
	if (text && p->n_texts < PROXY_TEXTS)
		snprintf(p->texts[p->n_texts++], sizeof p->texts[0], "%s", text);
	p->cut |= text && p->cut_query && strncmp(text, p->cut_query, strlen(p->cut_query)) == 0;
	bool after = text && p->cut_after && strncmp(text, p->cut_after, strlen(p->cut_after)) == 0;
	bool ok = !p->cut && proxy_all(to, m, len);
	if (ok && after) {
		usleep(100 * 1000);   /* the server has begun it */
		p->cut = true;
	}
	free(m);
	return ok && !p->cut;
}

static inline int proxy_dial(const struct proxy *p)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(at.sun_path, sizeof at.sun_path, "%.100s", p->server);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static inline void proxy_serve(struct proxy *p, int client, int server)
{
	size_t len;
	unsigned char *m = proxy_message(client, true, &len);
	bool ok = m && proxy_all(server, m, len);
	free(m);
	while (ok) {
		struct pollfd fds[2] = { { .fd = client, .events = POLLIN }, { .fd = server, .events = POLLIN } };
		if (poll(fds, 2, 30000) <= 0)
			return;
		if (fds[1].revents)
			ok = proxy_from_server(p, server, client);
		else if (fds[0].revents)
			ok = proxy_from_client(p, client, server);
	}
}

static inline void *proxy_run(void *ctx)
{
	struct proxy *p = ctx;
	int client;
	while ((client = accept(p->listener, NULL, NULL)) >= 0) {
		int server = p->cut ? -1 : proxy_dial(p);
		if (server >= 0)
			proxy_serve(p, client, server);
		close(client);
		if (server >= 0)
			close(server);
	}
	return NULL;
}

/* In front of the server at $PGHOST. conninfo for it: host=p->dir port=5432. */
static inline bool proxy_start(struct proxy *p, const char *dir)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const char *host = getenv("PGHOST"), *port = getenv("PGPORT");
	snprintf(p->dir, sizeof p->dir, "%s", dir);
	snprintf(p->path, sizeof p->path, "%s/.s.PGSQL.5432", dir);
	snprintf(p->server, sizeof p->server, "%s/.s.PGSQL.%s", host ? host : "/var/run/postgresql", port ? port : "5432");
	snprintf(at.sun_path, sizeof at.sun_path, "%.100s", p->path);
	unlink(p->path);
	p->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	return p->listener >= 0 && bind(p->listener, (struct sockaddr *)&at, sizeof at) == 0 && listen(p->listener, 8) == 0 &&
		pthread_create(&p->thread, NULL, proxy_run, p) == 0;
}

static inline void proxy_stop(struct proxy *p)
{
	shutdown(p->listener, SHUT_RDWR);
	close(p->listener);
	pthread_join(p->thread, NULL);
	unlink(p->path);
}

#endif
