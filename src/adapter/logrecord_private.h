/* SPDX-License-Identifier: MIT */
/* logrecord.c cuts the bytes into entries; these read one. Each gets its whole text, which it may change, and says whether it could. */
#ifndef GW_ADAPTER_LOGRECORD_PRIVATE_H
#define GW_ADAPTER_LOGRECORD_PRIVATE_H

#include "adapter/logrecord.h"

bool logrecord_csv(struct arena *a, char *text, size_t len, struct log_record *out);
bool logrecord_json(struct arena *a, const char *text, size_t len, struct log_record *out);
bool logrecord_stderr(struct arena *a, char *text, const char *prefix, struct log_record *out);
/* stderr: is this line (not ended) a further one of the entry before, DETAIL and the like? */
bool logrecord_belongs(const char *line, size_t len);

#endif
