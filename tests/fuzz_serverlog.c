/* SPDX-License-Identifier: MIT */
/* Any bytes as the server's log: a line "FORMAT PREFIX" (0 csvlog, 1 jsonlog, 2 stderr), then the log. With -DREPLAY a plain program
   that reads the files it is given, as the corpus replay does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/logjudge.h"
#include "base/arena.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
#include "tests/fuzz_replay.h"   /* behind what it calls */

static const char *const views[] = { "order_view", NULL };
static const char *const columns[] = { "id", "note", "legacy_total", NULL };
static const char *own[] = { "ann", NULL };
static const struct names names = { .target = { "public", "orders", "legacy_total", views, columns, TARGET_COLUMN }, .own_roles = own };
static const struct log_relation of[] = { { "public", "orders" }, { "public", "orders_old" }, { NULL, NULL } };

static void must(bool holds)
{
	if (!holds)
		abort();
}

struct seen { size_t n, hits; };

static void whole(const char *s)
{
	must(s == NULL || text_utf8_valid(s, strlen(s)));
}

static void take(void *ctx, const struct log_record *r)
{
	struct seen *s = ctx;
	struct arena *a = arena_new();
	const struct log_ask ask = { .names = &names, .of = of, .database = "shop", .one_column = s->n % 2 == 1 };
	struct log_hit h = { 0 };
	must(r->message != NULL);
	whole(r->message);
	whole(r->role);
	whole(r->database);
	whole(r->app);
	whole(r->statement);
	whole(r->at);
	s->n++;
	logjudge_setting(a, r);
	if (logjudge(a, &ask, r, &h)) {
		s->hits++;
		must(h.use != USE_NONE && h.via < LOG_VIAS && h.text != NULL);
	}
	arena_free(a);
}

static struct seen read_in(const struct log_opts *how, const char *log, size_t len, size_t piece, size_t *left)
{
	struct seen s = { 0 };
	struct log_opts o = *how;
	o.ctx = &s;
	struct logread *r = logread_new(&o);
	for (size_t at = 0; at < len; at += piece)
		logread_feed(r, log + at, len - at < piece ? len - at : piece);
	*left = logread_end(r);
	must(*left <= len && s.n <= logread_count(r).entries);
	logread_free(r);
	return s;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const unsigned char *nl = memchr(data, '\n', size);
	struct arena *a = arena_new();
	size_t left, left_in_pieces;
	if (nl && nl > data) {
		size_t skip = (size_t)(nl - data) + 1;
		const struct log_opts o = { .format = (enum log_format)(data[0] % 3), .prefix = arena_dupn(a, (const char *)data + 1, skip - 2), .sink = take };
		char *log = malloc(size - skip + 1);   /* of just this size: a byte too far is seen */
		memcpy(log, nl + 1, size - skip);
		const struct seen one = read_in(&o, log, size - skip, size, &left), two = read_in(&o, log, size - skip, 7, &left_in_pieces);
		must(one.n == two.n && one.hits == two.hits && left == left_in_pieces);
		free(log);
	}
	arena_free(a);
	return 0;
}

#ifdef REPLAY
int main(int argc, char **argv)
{
	return replay(argc, argv, "a server's log");
}
#endif
