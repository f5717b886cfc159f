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
