/* SPDX-License-Identifier: MIT */
#include "adapter/audit_verdict.h"

enum said { NOTHING, NOTHING_STAR, NOTHING_VIEW, STAR, NAME, SAID_ALL };

static const enum text_use verdicts[SAID_ALL][RESOLVED_ALL] = {
	[NOTHING]      = { [RESOLVED_NOT] = USE_NONE, [RESOLVED_USED] = USE_NAME, [RESOLVED_WITHOUT] = USE_NONE, [RESOLVED_ELSEWHERE] = USE_NONE },
	[NOTHING_STAR] = { [RESOLVED_NOT] = USE_NONE, [RESOLVED_USED] = USE_STAR, [RESOLVED_WITHOUT] = USE_NONE, [RESOLVED_ELSEWHERE] = USE_NONE },
	[NOTHING_VIEW] = { [RESOLVED_NOT] = USE_STAR, [RESOLVED_USED] = USE_NAME, [RESOLVED_WITHOUT] = USE_NONE, [RESOLVED_ELSEWHERE] = USE_NONE },
	[STAR]         = { [RESOLVED_NOT] = USE_STAR, [RESOLVED_USED] = USE_STAR, [RESOLVED_WITHOUT] = USE_NONE, [RESOLVED_ELSEWHERE] = USE_STAR },
	[NAME]         = { [RESOLVED_NOT] = USE_NAME, [RESOLVED_USED] = USE_NAME, [RESOLVED_WITHOUT] = USE_NONE, [RESOLVED_ELSEWHERE] = USE_NAME },
};

static enum said said_of(const struct text_found *f, enum resolved_as server)
{
	if (f->use != USE_NONE)
		return f->use == USE_NAME ? NAME : STAR;
	if (f->names_view && server == RESOLVED_NOT)
		return NOTHING_VIEW;
	return f->star ? NOTHING_STAR : f->names_view ? NOTHING_VIEW : NOTHING;
}

struct text_found audit_verdict(const struct text_found *words, struct resolved server)
{
	struct text_found f = *words;
	f.use = verdicts[said_of(words, server.as)][server.as];
	f.by_server = server.as == RESOLVED_USED || (f.use != words->use && server.as == RESOLVED_WITHOUT);
	if (f.use == USE_NONE)
		f.touch = TOUCH_NONE;
	else if (f.touch == TOUCH_NONE)
		f.touch = server.writes ? TOUCH_WRITE : TOUCH_READ;
	return f;
}

static void set_use(struct text_found *f, enum text_use use, bool writes)
{
	f->use = use;
	if (use == USE_NONE)
		f->touch = TOUCH_NONE;
	else if (writes)
		f->touch = TOUCH_WRITE;
	else if (f->touch == TOUCH_NONE)
		f->touch = TOUCH_READ;
}

/* What only the parser finds counts unless the server, which knows the catalogue, has looked at the very same. */
static void parser_finds(struct text_found *f, struct resolved server, struct parsed p)
{
	bool denied = server.as == RESOLVED_WITHOUT || server.as == RESOLVED_ELSEWHERE;
	if (f->use == USE_NONE && denied && !p.sure)
		return;
	f->against_server = denied && f->use == USE_NONE;
	f->by_server = f->by_server && !f->against_server;
	f->by_parser = true;
	set_use(f, f->use == USE_NONE ? p.use : f->use, p.writes);
}

static void parser_misses(struct text_found *f, struct resolved server, bool whole)
{
	if (server.as == RESOLVED_USED) {
		f->against_parser = true;
	} else if (f->use != USE_NONE && whole) {
		f->by_parser = true;
		set_use(f, USE_NONE, false);
	}
}

struct text_found audit_second(const struct text_found *words, struct resolved server, struct parsed parser, bool whole)
{
	struct text_found f = audit_verdict(words, server);
	if (parser.as == PARSED_USED)
		parser_finds(&f, server, parser);
	else if (parser.as == PARSED_NONE)
		parser_misses(&f, server, whole);
	return f;
}

const char *audit_who(const struct text_found *f)
{
	if (f->by_server && f->by_parser)
		return ", resolved by the server, read so by the parser";
	if (f->by_server)
		return f->against_parser ? ", resolved by the server, not seen by the parser" : ", resolved by the server";
	if (f->by_parser)
		return f->against_server ? ", read by the parser, not seen by the server" : ", read by the parser";
	return ", by its words";
}
