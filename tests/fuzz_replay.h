/* SPDX-License-Identifier: MIT */
/* The plain program of a fuzzer's harness, with -DREPLAY: it reads the files it is given, as the corpus replay does. */
#ifndef GW_TESTS_FUZZ_REPLAY_H
#define GW_TESTS_FUZZ_REPLAY_H

#ifdef REPLAY
#include <stdio.h>

/* 2 MiB and one byte: more than any reader of ours takes. */
static unsigned char replay_bytes[(2 << 20) + 1];

static inline int replay(int argc, char **argv, const char *what)
{
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		if (f == NULL) {
			perror(argv[i]);
			return 1;
		}
		size_t n = fread(replay_bytes, 1, sizeof replay_bytes, f);
		fclose(f);
		LLVMFuzzerTestOneInput(replay_bytes, n);
	}
	printf("ok - %d files read as %s\n", argc - 1, what);
	return argc > 1 ? 0 : 1;
}
#endif

#endif
