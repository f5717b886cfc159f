/* SPDX-License-Identifier: MIT */
/* One file: opened below its root without following a link, read in pieces of bounded size. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapter/audit_source_private.h"
#include "base/arena.h"

#define ROOM (256 * 1024)
#define HEAD 8192
#define RAW 65536

enum code { BYTES, UTF16_LE, UTF16_BE, BINARY };

struct reader {
	int dir_fd;            /* of dir, below the tree's root; -1 none */
	char dir[4096];
	enum code code;
	size_t have, raw_have;
	unsigned char raw[RAW];
	char text[ROOM];
};

struct reader *reader_new(struct arena *a)
{
	struct reader *r = arena_alloc(a, sizeof *r);
	r->dir_fd = -1;
	return r;
}

void reader_close(struct reader *r)
{
	if (r->dir_fd >= 0)
		close(r->dir_fd);
	r->dir_fd = -1;
}

/* The folder of the first n bytes of path, step by step: a link in between is refused like one at the end. -1: errno says why. */
static int open_below(int root, const char *path, size_t n)
{
	char part[256];
	int fd = dup(root);
	while (fd >= 0 && n) {
		size_t len = 0;
		while (len < n && path[len] != '/')
			len++;
		if (len >= sizeof part || (len == 2 && memcmp(path, "..", 2) == 0)) {
			close(fd);
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(part, path, len);
		part[len] = '\0';
		int next = openat(fd, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int why = errno;
		close(fd);
		fd = next;
		errno = why;
		path += len + (len < n);
		n -= len + (len < n);
	}
	return fd;
}

/* Files come folder by folder: the last one stays open. */
static int folder_of(struct hunt *h, const char *path, const char **name)
{
	struct reader *r = h->reader;
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	*name = slash ? slash + 1 : path;
	if (n >= sizeof r->dir) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (r->dir_fd >= 0 && strlen(r->dir) == n && memcmp(r->dir, path, n) == 0)
		return r->dir_fd;
	reader_close(r);
	r->dir_fd = open_below(h->root_fd, path, n);
	memcpy(r->dir, path, n);
	r->dir[n] = '\0';
	return r->dir_fd;
}

static void skip_by_errno(struct hunt *h, const char *path, bool absent)
{
	int why = errno;
	if (why == ENOENT)
		hunt_skip(h, absent ? SKIP_ABSENT : SKIP_GONE, path, NULL);
	else if (why == ELOOP || why == ENOTDIR)
		hunt_skip(h, SKIP_LINK, path, NULL);
	else
		hunt_skip(h, SKIP_UNREADABLE, path, strerror(why));
}

/* A regular file's descriptor, or -1 when it is something else or out of reach, which is then counted. Asked before it is
   opened, since opening a device may do something, and after, since it may have been changed in between. */
static int open_file(struct hunt *h, const char *path, bool absent)
{
	struct stat st;
	const char *name;
	int dir = folder_of(h, path, &name), fd = -1;
	if (dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		skip_by_errno(h, path, absent);
	else if (S_ISLNK(st.st_mode))
		hunt_skip(h, SKIP_LINK, path, NULL);
	else if (S_ISDIR(st.st_mode))
		hunt_root(h, path);
	else if (!S_ISREG(st.st_mode))
		hunt_skip(h, SKIP_SPECIAL, path, NULL);
	else if ((fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) < 0)
		skip_by_errno(h, path, absent);
	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
		return fd;
	hunt_skip(h, SKIP_SPECIAL, path, NULL);
	close(fd);
	return -1;
}

/* By its first bytes; *mark: how many of them are a byte order mark. */
static enum code code_of(const unsigned char *head, size_t n, size_t *mark)
{
	*mark = 0;
	if (n >= 2 && (n < 4 || head[2] || head[3])) {   /* UTF-32 is no text to us */
		*mark = 2;
		if (head[0] == 0xFF && head[1] == 0xFE)
			return UTF16_LE;
		if (head[0] == 0xFE && head[1] == 0xFF)
			return UTF16_BE;
	}
	*mark = n >= 3 && memcmp(head, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
	return memchr(head, '\0', n) ? BINARY : BYTES;
}

static void add_cp(struct reader *r, uint32_t cp)
{
	char *to = r->text + r->have;
	if (cp < 0x80) {
		to[0] = (char)cp;
		r->have += 1;
	} else if (cp < 0x800) {
		to[0] = (char)(0xC0 | cp >> 6);
		to[1] = (char)(0x80 | (cp & 0x3F));
		r->have += 2;
	} else if (cp < 0x10000) {
		to[0] = (char)(0xE0 | cp >> 12);
		to[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		to[2] = (char)(0x80 | (cp & 0x3F));
		r->have += 3;
	} else {
		to[0] = (char)(0xF0 | cp >> 18);
		to[1] = (char)(0x80 | (cp >> 12 & 0x3F));
		to[2] = (char)(0x80 | (cp >> 6 & 0x3F));
		to[3] = (char)(0x80 | (cp & 0x3F));
		r->have += 4;
	}
}

static uint32_t unit(const struct reader *r, size_t i)
{
	const unsigned char *p = r->raw + i;
	return r->code == UTF16_LE ? (uint32_t)(p[0] | p[1] << 8) : (uint32_t)(p[1] | p[0] << 8);
}

/* Half a pair at the end waits for the other half; one that stands alone becomes U+FFFD. */
static void convert(struct reader *r, bool last)
{
	size_t i = 0;
	for (; i + 2 <= r->raw_have; i += 2) {
		uint32_t u = unit(r, i);
		bool high = u >= 0xD800 && u < 0xDC00;
		if (high && i + 4 > r->raw_have && !last)
			break;
		uint32_t low = high && i + 4 <= r->raw_have ? unit(r, i + 2) : 0;
		if (low >= 0xDC00 && low < 0xE000) {
			u = 0x10000 + ((u - 0xD800) << 10) + (low - 0xDC00);
			i += 2;
		} else if (u >= 0xD800 && u < 0xE000) {
			u = 0xFFFD;
		}
		add_cp(r, u);
	}
	memmove(r->raw, r->raw + i, r->raw_have - i);
	r->raw_have -= i;
}

/* A unit of UTF-16 becomes three bytes at most, and what is left of the piece before is no more than that piece. */
_Static_assert(ROOM > 2 * (RAW / 2 * 3) + SOURCE_PIECE, "there is room for what is left, and a piece of UTF-16 behind it");

/* Bytes read, 0 at the end, -1. */
static ssize_t more(struct reader *r, int fd)
{
	bool wide = r->code != BYTES;
	char *to = wide ? (char *)r->raw + r->raw_have : r->text + r->have;
	size_t want = wide ? RAW - r->raw_have : ROOM - r->have;
	ssize_t n;
	do
		n = read(fd, to, want);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return n;
	if (wide) {
		r->raw_have += (size_t)n;
		convert(r, n == 0);
	} else {
		r->have += (size_t)n;
	}
	return n;
}

/* A piece may begin and end within a character. */
static bool is_utf8(const char *s, size_t n)
{
	for (int i = 0; i < 3 && n && ((unsigned char)*s & 0xC0) == 0x80; i++, s++, n--)
		;
	for (int i = 0; i < 4 && n && (unsigned char)s[n - 1] >= 0x80; i++, n--)
		;
	return text_utf8_valid(s, n);
}

static void read_text(struct hunt *h, const char *path, int fd)
{
	struct reader *r = h->reader;
	bool known = true;
	ssize_t n;
	r->have = r->raw_have = 0;
	do {
		n = more(r, fd);
		if (n < 0)
			break;
		h->out->bytes += n;
		size_t used = source_feed(h->source, r->text, r->have, n == 0);
		known = known && (h->bytes_only || is_utf8(r->text, used));
		r->have -= used;
		memmove(r->text, r->text + used, r->have);
	} while (n > 0 && !hunt_late(h));
	if (n < 0)
		hunt_skip(h, SKIP_UNREADABLE, path, strerror(errno));
	if (!known)
		hunt_skip(h, SKIP_ENCODING, path, NULL);
	h->out->lines += (int64_t)source_end(h->source);
}

void hunt_read(struct hunt *h, const char *path, bool absent)
{
	unsigned char head[HEAD];
	size_t mark;
	int fd = open_file(h, path, absent);
	if (fd < 0)
		return;
	ssize_t n = pread(fd, head, sizeof head, 0);
	h->reader->code = n < 0 ? BYTES : code_of(head, (size_t)n, &mark);
	if (n < 0) {
		hunt_skip(h, SKIP_UNREADABLE, path, strerror(errno));
	} else if (h->reader->code == BINARY) {
		hunt_skip(h, SKIP_BINARY, path, NULL);
	} else {
		struct arena *a = arena_new();
		lseek(fd, (off_t)mark, SEEK_SET);
		h->out->files++;
		h->tree->files++;
		source_begin(h->source, h->at.dir, hunt_below(a, &h->at, path));
		read_text(h, path, fd);
		arena_free(a);
	}
	close(fd);
}
