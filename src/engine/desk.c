/* SPDX-License-Identifier: MIT */
/* One thread, one engine, a ring of orders. The lock guards the ring, the newest view and the answer, and is never held
   while the engine works. */
#include "engine/desk.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "port/files.h"

#define ORDERS 16

enum order_kind { ORDER_DO, ORDER_LOOK, ORDER_OPEN, ORDER_HOME, ORDER_UNLOCK, ORDER_DROP };
struct order {
	unsigned long long number;
	enum order_kind kind;
	struct act act;
	char *word, *key, *text;   /* malloc'ed copies */
};
struct shown { struct view *view; atomic_int holders; };

struct desk {
	struct engine *engine;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake, finished;
	struct order ring[ORDERS];
	size_t first, waiting;
	unsigned long long given, done;   /* order numbers */
	struct answer answer;
	struct shown *shown;
	int fd, every_ms;
	bool ending;
};

static char *copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

static void order_free(struct order *o)
{
	free(o->word);
	free(o->key);
	free(o->text);
}

static void show(struct desk *d)
{
	struct shown *s = malloc(sizeof *s), *old;
	if (!s)
		abort();
	s->view = engine_view(d->engine);
	s->view->shown = s;
	atomic_init(&s->holders, 1);
	pthread_mutex_lock(&d->lock);
	old = d->shown;
	d->shown = s;
	pthread_mutex_unlock(&d->lock);
	if (old)
		desk_unview(d, old->view);
}

static void tell(struct desk *d)
{
	const uint64_t one = 1;
	ssize_t n = write(d->fd, &one, sizeof one);
	(void)n;   /* the counter is full: the reader has something to see anyway */
}

/* While an act is under way; on the engine's thread, which is ours. */
static void news(void *ctx)
{
	show(ctx);
	tell(ctx);
}

static bool obey(struct desk *d, const struct order *o, struct err *e)
{
	struct engine *g = d->engine;
	switch (o->kind) {
	case ORDER_DO: return engine_do(g, &o->act, e);
	case ORDER_LOOK: return engine_look(g, e);
	case ORDER_HOME: engine_walk_close(g); return engine_look(g, e);
	case ORDER_UNLOCK: return engine_unlock(g, e);
	case ORDER_DROP: return engine_drop(g, o->word, e);
	case ORDER_OPEN:
		return file_exists(o->word) ? engine_walk_plan(g, o->word, e) : engine_walk_open(g, o->word, e);
	}
	return err_set(e, ERR_INTERNAL, NULL, "unknown order");
}

static void carry_out(struct desk *d, struct order *o)
{
	struct answer a = { .order = o->number };
	a.ok = obey(d, o, &a.err);
	struct view *v;
	show(d);
	pthread_mutex_lock(&d->lock);
	v = d->shown->view;
	strncpy(a.done, a.ok && v->last_done ? v->last_done : "", sizeof a.done - 1);
	d->answer = a;
	d->done = o->number;
	pthread_cond_broadcast(&d->finished);
	pthread_mutex_unlock(&d->lock);
	tell(d);
	order_free(o);
}

/* Waits for an order until it is time to look; true when there is one. */
static bool next_order(struct desk *d, struct order *out)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += d->every_ms / 1000;
	until.tv_nsec += (long)(d->every_ms % 1000) * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	int rc = 0;
	while (d->waiting == 0 && !d->ending && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&d->wake, &d->lock, &until);
	if (d->waiting == 0)
		return false;
	*out = d->ring[d->first];
	d->first = (d->first + 1) % ORDERS;
	d->waiting--;
	return true;
}

static void *work(void *arg)
{
	struct desk *d = arg;
	struct err soft = { 0 };
	engine_look(d->engine, &soft);
	show(d);
	tell(d);
	for (;;) {
		struct order o;
		pthread_mutex_lock(&d->lock);
		bool have = next_order(d, &o);
		bool ending = d->ending;
		pthread_mutex_unlock(&d->lock);
		if (ending && !have)
			return NULL;
		if (have) {
			carry_out(d, &o);
			continue;
		}
		err_clear(&soft);
		engine_look(d->engine, &soft);
		show(d);
		tell(d);
	}
}

struct desk *desk_open(struct engine *g, int every_ms, struct err *e)
{
	struct desk *d = calloc(1, sizeof *d);
	if (!d) {
		err_set(e, ERR_INTERNAL, NULL, "out of memory");
		return NULL;
	}
	d->engine = g;
	engine_on_news(g, news, d);
	d->every_ms = every_ms;
	d->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&d->wake, &attr);
	pthread_cond_init(&d->finished, &attr);
	pthread_condattr_destroy(&attr);
	show(d);
	/* Signals are the screen's: the worker gets none. */
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int rc = d->fd < 0 ? errno : pthread_create(&d->thread, NULL, work, d);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0)
		return d;
	err_set(e, ERR_SYSTEM, NULL, "no thread for the engine: %s", strerror(rc));
	desk_unview(d, d->shown->view);
	free(d);
	return NULL;
}

void desk_close(struct desk *d)
{
	if (!d)
		return;
	pthread_mutex_lock(&d->lock);
	d->ending = true;
	while (d->waiting > 0) {
		order_free(&d->ring[d->first]);
		d->first = (d->first + 1) % ORDERS;
		d->waiting--;
	}
	pthread_cond_signal(&d->wake);
	pthread_mutex_unlock(&d->lock);
	engine_interrupt(d->engine);
	pthread_join(d->thread, NULL);
	desk_unview(d, d->shown->view);
	engine_free(d->engine);
	close(d->fd);
	free(d);
}

int desk_fd(const struct desk *d)
{
	return d->fd;
}

void desk_drain(struct desk *d)
{
	uint64_t n;
	ssize_t got = read(d->fd, &n, sizeof n);
	(void)got;
}

const struct view *desk_view(struct desk *d)
{
	pthread_mutex_lock(&d->lock);
	struct shown *s = d->shown;
	atomic_fetch_add(&s->holders, 1);
	pthread_mutex_unlock(&d->lock);
	return s->view;
}

void desk_unview(struct desk *d, const struct view *v)
{
	(void)d;
	struct shown *s = v->shown;
	if (atomic_fetch_sub(&s->holders, 1) == 1) {
		view_free(s->view);
		free(s);
	}
}

static unsigned long long give(struct desk *d, const struct order *o)
{
	unsigned long long number = 0;
	pthread_mutex_lock(&d->lock);
	if (d->waiting < ORDERS && !d->ending) {
		struct order *slot = &d->ring[(d->first + d->waiting++) % ORDERS];
		*slot = *o;
		slot->word = copy(o->word);
		slot->key = copy(o->act.key);
		slot->text = copy(o->act.text);
		slot->act.key = slot->key;
		slot->act.text = slot->text;
		number = slot->number = ++d->given;
		pthread_cond_signal(&d->wake);
	}
	pthread_mutex_unlock(&d->lock);
	return number;
}

/* Orders are carried out in the order given, so the answer to ours is the one that stands when `done` reaches it; a later
   one cannot overwrite it before we look, since only this thread gives orders. */
static bool give_and_wait(struct desk *d, const struct order *o, struct err *e)
{
	unsigned long long number = give(d, o);
	if (number == 0)
		return err_set(e, ERR_USE, "Wait a moment, then try again.", "too many orders are waiting");
	pthread_mutex_lock(&d->lock);
	while (d->done < number)
		pthread_cond_wait(&d->finished, &d->lock);
	bool ok = d->answer.ok;
	if (!ok && e)
		*e = d->answer.err;
	pthread_mutex_unlock(&d->lock);
	return ok;
}

unsigned long long desk_do(struct desk *d, const struct act *a)
{
	return give(d, &(struct order){ .kind = ORDER_DO, .act = *a });
}

unsigned long long desk_look(struct desk *d)
{
	return give(d, &(struct order){ .kind = ORDER_LOOK });
}

unsigned long long desk_open_walk(struct desk *d, const char *word_or_plan)
{
	return give(d, &(struct order){ .kind = ORDER_OPEN, .word = (char *)(uintptr_t)word_or_plan });
}

unsigned long long desk_home(struct desk *d)
{
	return give(d, &(struct order){ .kind = ORDER_HOME });
}

bool desk_answer(struct desk *d, struct answer *out)
{
	pthread_mutex_lock(&d->lock);
	*out = d->answer;
	bool any = d->done > 0;
	pthread_mutex_unlock(&d->lock);
	return any;
}

bool desk_unlock(struct desk *d, struct err *e)
{
	return give_and_wait(d, &(struct order){ .kind = ORDER_UNLOCK }, e);
}

bool desk_do_waiting(struct desk *d, const struct act *a, struct err *e)
{
	return give_and_wait(d, &(struct order){ .kind = ORDER_DO, .act = *a }, e);
}

bool desk_drop(struct desk *d, const char *typed, struct err *e)
{
	return give_and_wait(d, &(struct order){ .kind = ORDER_DROP, .word = (char *)(uintptr_t)typed }, e);
}

int desk_countdown(struct desk *d)
{
	return engine_countdown(d->engine);
}
