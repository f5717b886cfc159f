/* SPDX-License-Identifier: MIT */
/* A page as labelled lines, for --plain and screen readers: words instead of signs, no columns. Pure. */
#ifndef GW_SCREENS_PAGE_PLAIN_H
#define GW_SCREENS_PAGE_PLAIN_H

#include "screens/page.h"

struct text;

void page_plain(const struct page *p, struct text *out);

#endif
