/* SPDX-License-Identifier: MIT */
/* resync and rebind: both sides are printed, and a person answers; or, without a terminal, the flags do. */
#include "engine/agree.h"

#include <stdio.h>
#include <string.h>

#include "cli/print.h"
#include "cli/run.h"

#define ANSWER_MAX 512

struct person { const struct line *line; char typed[ANSWER_MAX], why[ANSWER_MAX]; };

static bool read_line(const char *question, char *buf)
{
	fputs(question, stdout);
	fflush(stdout);
	if (!fgets(buf, ANSWER_MAX, stdin))
		return false;
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

static bool ask(void *ctx, const char *const *said, size_t n, const char *word, struct agree_answer *out, struct err *e)
{
	struct person *p = ctx;
	const struct line *l = p->line;
	for (size_t i = 0; i < n; i++)
		print_clean("%s", said[i]);
	*out = (struct agree_answer){ .typed = l->value[OPT_ANSWER], .why = l->value[OPT_REASON] };
	if (out->typed && out->why)
		return true;
	if (!l->tty)
		return err_set(e, ERR_USE, "On a terminal it asks. Without one, --answer WORD and --reason TEXT answer.", "this asks for \"%s\" and a reason: nothing was changed", word);
	if (!out->typed) {
		print_clean("Type %s to go on, anything else to stop.", word);
		out->typed = read_line("answer  ", p->typed) ? p->typed : "";
	}
	if (!out->why && strcmp(out->typed, word) == 0)
		out->why = read_line("reason  ", p->why) ? p->why : "";
	return true;
}

typedef bool agreeing(struct engine *g, const char *walk, const struct asker *by, struct err *e);

static int agree(const struct line *l, agreeing *act, struct err *e)
{
	const struct engine_opts o = run_options(l);
	struct person p = { .line = l };
	const struct asker by = { .ask = ask, .ctx = &p };
	struct engine *g = engine_new(&o, e);
	bool ok = g && (l->n_words ? act(g, l->words[0], &by, e) : engine_rebind_mark(g, &by, e));
	if (ok)
		print_clean("%s", engine_agreed(g));
	engine_free(g);
	return ok ? 0 : err_exit_status(e->code);
}

int run_resync(const struct line *l, struct err *e)
{
	return agree(l, engine_resync, e);
}

int run_rebind(const struct line *l, struct err *e)
{
	return agree(l, engine_rebind, e);
}
