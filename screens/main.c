/* SPDX-License-Identifier: MIT */
/* Where the command line meets the screens. Nothing else stands here. */
#include <signal.h>

#include "cli/cli.h"
#include "screens/front.h"

static int show(struct desk *d, const struct show_opts *o)
{
	const struct front_opts f = { .plain = o->plain, .ascii = o->ascii, .theme = o->theme, .from = o->from == SHOW_WALK ? FRONT_WALK : o->from == SHOW_AUDIT ? FRONT_AUDIT : FRONT_HOME };
	return front_run(d, &f);
}

int main(int argc, char **argv)
{
	signal(SIGXFSZ, SIG_IGN);   /* a file that may not grow is an error like a full disk, not an end */
	return cli_main(argc, argv, show);
}
