# gatewalk. `make` builds, `make demo` and `make check` install what is missing, build, and run. See README.md.

PREFIX  ?= /usr/local
DESTDIR ?=
B       ?= build
PKG     := libpq yaml-0.1 libsodium jansson libzstd libical
VERSION := 0.1.0

# Each warning with its reason.
WARN := -Wall -Wextra
WARN += -Wshadow               # a second variable of one name hides a bug
WARN += -Wstrict-prototypes    # f() is not f(void) in C11
WARN += -Wmissing-prototypes   # what is in no header is static
WARN += -Wpointer-arith        # void has no size
WARN += -Wwrite-strings        # literals are const
WARN += -Wvla                  # the stack must not depend on input
WARN += -Wformat=2             # no format from data
WARN += -Wundef                # a misspelt macro is not 0
# Each hardening flag with its reason.
HARD := -fstack-protector-strong        # a smashed return address ends the program
HARD += -fstack-clash-protection        # no jump over the guard page
HARD += -fcf-protection=full            # indirect jumps land only where they may: our code is marked, Debian 12's start files of libc are not yet
HARD += -fPIE                           # another address at each run
HARD += -Werror=format-security         # data is never a format
ifeq ($(findstring clang,$(shell $(CC) --version 2>/dev/null)),)
HARD += -ftrivial-auto-var-init=zero    # neither secrets nor chance in what was not set (clang 14 has it only as an experiment)
# copies that overflow end the program, sizes known at run time too
FORTIFY := 3
else
FORTIFY := 2
endif
LINK := -pie
LINK += -Wl,-z,relro -Wl,-z,now         # the import table cannot be rewritten
LINK += -Wl,-z,noexecstack              # data does not run
LINK += -Wl,--as-needed                 # what is named but never called is not loaded: two of libical's three libraries

OPT     ?= -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$(FORTIFY)
SAN     ?=
ifneq ($(and $(SAN),$(filter 3,$(FORTIFY))),)
WARN += -Wno-format-overflow -Wno-format-truncation   # a sanitizer's own branches look like null formats to gcc
endif
PKG_CFLAGS := $(shell pkg-config --cflags $(PKG) 2>/dev/null)
CFLAGS_ALL = -std=c11 -D_GNU_SOURCE -DGATEWALK_VERSION='"$(VERSION)"' -DGATEWALK_PLANS='"$(PREFIX)/share/gatewalk/plans"' \
	-Isrc -I. -g $(OPT) $(WARN) $(HARD) $(SAN) $(PKG_CFLAGS) $(CFLAGS)
# libpg_query has no file for pkg-config.
LDLIBS_SRC := $(shell pkg-config --libs $(PKG) 2>/dev/null) -lpg_query -pthread
LDLIBS_UI  := $(shell pkg-config --libs ncursesw panelw 2>/dev/null)
LDLIBS_TEST := $(shell pkg-config --libs check vterm 2>/dev/null) -lutil -lm
LDFLAGS_ALL = $(LINK) $(SAN) $(LDFLAGS)

SRC     := $(wildcard src/*/*.c)
UI      := $(filter-out screens/main.c,$(wildcard screens/*.c))
OBJ     := $(SRC:%.c=$(B)/%.o)
UIOBJ   := $(UI:%.c=$(B)/%.o)
TESTS   := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/test_*.c tests/db_*.c tests/tool_*.c))
PRELOADS := $(patsubst tests/%.c,$(B)/tests/%.so,$(wildcard tests/preload_*.c))
HELPERS := $(patsubst tests/%.c,$(B)/tests/%.o,$(wildcard tests/lib_*.c))

.PHONY: all demo check check-long cover bench install clean layers deps tests tools units force
all: $(B)/gatewalk

$(B)/gatewalk: $(B)/screens/main.o $(UIOBJ) $(B)/libgatewalk.a
	@echo "  LD $@"
	@$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_SRC) $(LDLIBS_UI)

$(B)/libgatewalk.a: $(OBJ)
	@rm -f $@
	@$(AR) rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(dir $@)
	@echo "  CC $<"
	@$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# Another PREFIX: the one file that knows it is compiled again.
$(B)/src/engine/tools.o: $(B)/prefix
$(B)/prefix: force
	@mkdir -p $(B)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' >$@

# Tests: one Check program a file; test_* need nothing, db_* a server (PGHOST and the like), tool_* are helpers of the scripts.
$(B)/tests/%: $(B)/tests/%.o $(HELPERS) $(UIOBJ) $(B)/libgatewalk.a
	@echo "  LD $@"
	@$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_SRC) $(LDLIBS_UI) $(LDLIBS_TEST)
# Loaded in front of a program by the long sweep: not a program itself.
$(B)/tests/preload_%.so: tests/preload_%.c
	@mkdir -p $(dir $@)
	@echo "  LD $@"
	@$(CC) -std=c11 -D_GNU_SOURCE -g -O1 $(WARN) -fPIC -shared -o $@ $<
tests: $(TESTS) $(PRELOADS)
# What the scripts call.
tools: $(filter $(B)/tests/tool_%,$(TESTS)) $(PRELOADS)
# What needs no server is linked, with the program that its tests put on a terminal; the rest compiled: what a second compiler has to say.
units: $(filter $(B)/tests/test_% $(B)/tests/tool_screens,$(TESTS)) $(addsuffix .o,$(TESTS))
# Objects stay: make would take those of the tests for passing ones, remove them, and compile all of them again next time.
.SECONDARY:

demo: ; @sh tests/deps.sh demo && $(MAKE) --no-print-directory all && exec $(B)/gatewalk demo
check: ; @sh tests/deps.sh check && exec sh tests/check.sh
check-long: ; @sh tests/deps.sh check-long && exec sh tests/check-long.sh
cover: ; @sh tests/deps.sh check && exec sh tests/cover.sh
bench: ; @sh tests/deps.sh check && $(MAKE) --no-print-directory all tests && exec sh tests/bench.sh
layers: ; @sh tests/layers.sh
deps: ; @sh tests/deps.sh check

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/gatewalk/plans
	install -m 755 $(B)/gatewalk $(DESTDIR)$(PREFIX)/bin/
	install -m 644 man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 man/*.5 $(DESTDIR)$(PREFIX)/share/man/man5/
	install -m 644 plans/*.yaml $(DESTDIR)$(PREFIX)/share/gatewalk/plans/

clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
