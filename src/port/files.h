/* SPDX-License-Identifier: MIT */
/* Files and folders, carefully: 0700 and 0600, no links followed, whole writes, fsync of file and folder. */
#ifndef GW_PORT_FILES_H
#define GW_PORT_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;

/* Where things live; each owned by a. XDG_STATE_HOME, XDG_DATA_HOME, XDG_CONFIG_HOME, XDG_RUNTIME_DIR or their defaults. */
const char *path_state(struct arena *a);       /* .../gatewalk */
const char *path_data(struct arena *a);
const char *path_config(struct arena *a);
const char *path_runtime(struct arena *a);
const char *path_walks(struct arena *a);       /* path_state/walks */
const char *zone_here(struct arena *a);        /* this machine's time zone by TZ or /etc/localtime; NULL: not known by name */
const char *path_join(struct arena *a, const char *dir, const char *name);

/* Makes dir and its parents, 0700; refuses one that is somebody else's or writable by others. */
bool dir_make(const char *dir, struct err *e);
/* The names in dir, sorted, without . and ..; owned by a. */
bool dir_list(struct arena *a, const char *dir, const char ***names, size_t *n, struct err *e);
/* A whole regular file up to max bytes, NUL behind it. */
bool file_read(struct arena *a, const char *path, size_t max, char **data, size_t *len, struct err *e);
/* Beside, fsync, rename, fsync of the folder: the old content or the new, never half. */
bool file_write(const char *path, const void *data, size_t len, struct err *e);
/* O_CREAT|O_EXCL|O_NOFOLLOW|O_CLOEXEC, 0600. -1 on failure. */
int file_create(const char *path, struct err *e);
int file_open(const char *path, struct err *e);   /* read only, no links, regular */
bool file_sync(int fd, const char *path, struct err *e);
bool file_write_all(int fd, const void *data, size_t len, const char *path, struct err *e);
bool dir_sync(const char *dir, struct err *e);
int64_t disk_free(const char *path);              /* bytes; -1 unknown */
bool file_exists(const char *path);
/* The same where "it cannot be known" is another answer: false with e. */
bool file_there(const char *path, bool *there, struct err *e);

/* This machine's clocks: CLOCK_REALTIME and CLOCK_BOOTTIME, us. Only for records and ages, never for a gate. */
int64_t clock_local(void);
int64_t clock_mono(void);
/* Waits this long, whatever signals come. */
void clock_nap(int ms);

#endif
