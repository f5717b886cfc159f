/* SPDX-License-Identifier: MIT */
/* Loaded in front of a gatewalk by the long sweep: counts the points at which something lasting happens, and at the k-th one a fault
   comes. A point is a call that changes a file, and a statement that may change the database: before it is sent, and before its answer
   is read (the server has ended it by then). What lies between two points changes nothing and is not swept; nor is the answer for kill,
   which leaves what the next point's kill leaves.
     GWF_KIND  kill, cut, crash: as said; full: from there on no file grows; count: none
     GWF_AT    which point, from 1      GWF_LOG    a line "n what" a point, then "fired"
     GWF_CRASH the command that stops the server at once and starts it again
   cut and crash have the points of the link, full those of the files, kill both. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FDS 1024
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
ssize_t __recv_chk(int fd, void *buf, size_t len, size_t size, int flags);

enum kind { COUNT, KILL, CUT, CRASH, FULL };
static const char *const kinds[] = { "count", "kill", "cut", "crash", "full" };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum kind kind;
static long at, points;
static int out = -1;
static const char *crash;
static bool full;                       /* the disk is full by now */
static long long room;                  /* but for what was given back since */
static bool dead[FDS], asked[FDS];      /* links that are cut; links on which a point waits for its answer */

__attribute__((constructor)) static void begin(void)
{
	const char *name = getenv("GWF_KIND"), *log = getenv("GWF_LOG"), *when = getenv("GWF_AT");
	for (size_t i = 0; name && i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i], name) == 0)
			kind = (enum kind)i;
	at = when ? atol(when) : 0;
	crash = getenv("GWF_CRASH");
	out = log ? REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
	if (out >= 0)
		out = fcntl(out, F_DUPFD_CLOEXEC, 900);
	unsetenv("LD_PRELOAD");
}

__attribute__((format(printf, 1, 2))) static void note(const char *fmt, ...)
{
	char line[200];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	n = n >= (int)sizeof line ? (int)sizeof line - 1 : n;
	for (int i = 0; i < n - 1; i++)
		line[i] = line[i] == '\n' || line[i] == '\t' ? ' ' : line[i];
	line[n - 1] = '\n';
	if (out >= 0 && REAL(write)(out, line, (size_t)n) != n)
		_exit(99);
}

static void server_crash(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", crash, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void link_cut(int fd)
{
	dead[fd] = true;
	shutdown(fd, SHUT_RDWR);
}

/* Is this the one? Its fault has come when it returns true. fd: the link's, -1: a file's. */
static bool point(int fd, const char *what, const char *of)
{
	if (kind != COUNT && kind != KILL && (kind == FULL) != (fd < 0))
		return false;
	pthread_mutex_lock(&lock);
	long n = ++points;
	note("%ld %s %.120s\n", n, what, of);
	bool now = kind != COUNT && n == at;
	if (now)
		note("fired\n");
	pthread_mutex_unlock(&lock);
	if (!now)
		return false;
	if (kind == KILL)
		kill(getpid(), SIGKILL);
	if (kind == CRASH)
		server_crash();
	if (kind == FULL)
		full = true;
	else
		link_cut(fd);
	return true;
}

/* ---- the link ---- */

static const char *const changing[] = { "INSERT INTO", "UPDATE gatewalk", "UPDATE public", "DELETE FROM", "gatewalk.append", "COMMIT", "ROLLBACK", "BEGIN", "LOCK TABLE", "ALTER ",
	"CREATE ", "DROP ", "COPY ", "COMMENT ON", "TRUNCATE", "pg_try_advisory_lock", "pg_export_snapshot" };

/* A simple query, or the parse message of another one. */
static const char *statement(const char *p, size_t len)
{
	size_t skip = len > 6 && p[0] == 'Q' ? 5 : len > 6 && p[0] == 'P' ? 6 : 0;
	if (!skip || memchr(p + skip, '\0', len - skip) == NULL || strncmp(p + skip, "/* gatewalk */", 14) == 0)   /* so its reads begin */
		return NULL;
	for (size_t i = 0; i < sizeof changing / sizeof *changing; i++)
		if (strstr(p + skip, changing[i]))
			return p + skip;
	return NULL;
}

static int cut_off(void)
{
	errno = ECONNRESET;
	return -1;
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	const char *text = fd >= 0 && fd < FDS && !dead[fd] ? statement(buf, len) : NULL;
	if (text) {
		asked[fd] = true;
		point(fd, "before", text);
	}
	return fd >= 0 && fd < FDS && dead[fd] ? cut_off() : REAL(send)(fd, buf, len, flags);
}

static void answered(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	if (fd < 0 || fd >= FDS || !asked[fd] || dead[fd])
		return;
	poll(&p, 1, 5000);
	asked[fd] = false;
	if (kind != KILL)
		point(fd, "after", "its end");
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	answered(fd);
	return fd >= 0 && fd < FDS && dead[fd] ? cut_off() : REAL(recv)(fd, buf, len, flags);
}

ssize_t __recv_chk(int fd, void *buf, size_t len, size_t size, int flags)
{
	return recv(fd, buf, len < size ? len : size, flags);
}

int close(int fd)
{
	if (fd >= 0 && fd < FDS)
		dead[fd] = asked[fd] = false;
	return REAL(close)(fd);
}

/* ---- files ---- */

static bool is_file(int fd)
{
	struct stat st;
	return fd > 2 && fd != out && fstat(fd, &st) == 0 && st.st_nlink > 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

static const char *name_of(int fd)
{
	static _Thread_local char name[400];
	char link[40];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, name, sizeof name - 1);
	name[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(name, '/');
	return slash ? slash + 1 : name;
}

/* Room that was given back can be used. */
static bool no_room(size_t len)
{
	if (!full || room >= (long long)len) {
		room -= full ? (long long)len : 0;
		return false;
	}
	errno = ENOSPC;
	return true;
}

static void given_back(const struct stat *st)
{
	if (full && S_ISREG(st->st_mode))
		room += st->st_size;
}

/* The write that meets the full disk is cut in its middle. */
ssize_t write(int fd, const void *buf, size_t len)
{
	if (!is_file(fd))
		return REAL(write)(fd, buf, len);
	if (point(-1, "write", name_of(fd)) && len > 1)
		return REAL(write)(fd, buf, len / 2);
	return no_room(len) ? -1 : REAL(write)(fd, buf, len);
}

int fsync(int fd)
{
	if (is_file(fd) && point(-1, "fsync", name_of(fd))) {
		errno = ENOSPC;
		return -1;
	}
	return REAL(fsync)(fd);
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
	if (is_file(fd))
		point(-1, "reserve", name_of(fd));
	if (full && room < len) {
		errno = ENOSPC;
		return -1;
	}
	return REAL(fallocate)(fd, mode, offset, len);
}

static bool made(const char *path, int flags)
{
	struct stat st;
	return (flags & O_CREAT) && (lstat(path, &st) != 0 || S_ISREG(st.st_mode));
}

static int opened(const char *path, int flags, mode_t mode)
{
	if (made(path, flags) && strncmp(path, "/dev/", 5) != 0 && strncmp(path, "/proc/", 6) != 0) {
		point(-1, "create", path);
		if (access(path, F_OK) != 0 && no_room(1))
			return -1;
	}
	return REAL(open)(path, flags, mode);
}

static mode_t mode_in(int flags, va_list ap)
{
	return flags & O_CREAT ? va_arg(ap, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	va_start(ap, flags);
	mode_t mode = mode_in(flags, ap);
	va_end(ap);
	return opened(path, flags, mode);
}

int __open_2(const char *path, int flags)
{
	return opened(path, flags, 0);
}

int mkdir(const char *path, mode_t mode)
{
	if (access(path, F_OK) == 0)
		return REAL(mkdir)(path, mode);
	point(-1, "mkdir", path);
	return no_room(1) ? -1 : REAL(mkdir)(path, mode);
}

int rename(const char *from, const char *to)
{
	point(-1, "rename", to);
	return REAL(rename)(from, to);
}

int unlink(const char *path)
{
	struct stat st;
	bool there = lstat(path, &st) == 0;
	if (there && kind != FULL)
		point(-1, "unlink", path);
	int rc = REAL(unlink)(path);
	if (rc == 0 && there)
		given_back(&st);
	return rc;
}
