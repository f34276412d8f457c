# deconvviz: `make help` lists what can be made.
PREFIX  ?= /usr/local
VARIANT ?= release
B       := build/$(VARIANT)

CFLAGS_release := -O3 -g -DNDEBUG
CFLAGS_debug   := -O1 -g3
CFLAGS_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_tsan    := -O1 -g -fsanitize=thread
CFLAGS_cov     := -O0 -g --coverage

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wdouble-promotion \
        -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wwrite-strings \
        -Wcast-qual -Wcast-align -Wpointer-arith -Wundef -Wvla -Wformat=2 -Wswitch-enum
INCLUDES := -Iinclude -Isrc -isystem /usr/include/stb -D_POSIX_C_SOURCE=200809L
LIBS     := -lopenblas -lcjson -lnettle -lz -lm -pthread
COMPILE = $(CC) -std=c11 -ffp-contract=off $(CFLAGS_$(VARIANT)) $(WARN) $(if $(WERROR),-Werror) \
          $(INCLUDES) $(CPPFLAGS) $(CFLAGS)
LINK    = $(CC) $(CFLAGS_$(VARIANT)) $(CFLAGS) $(LDFLAGS) $(filter %.o %.a,$^) $(LDLIBS) $(LIBS) -o $@

# Every .c under src/ but the command line is the library; a new file needs no edit here.
LIB_SRC  := $(filter-out src/cli/%,$(wildcard src/*/*.c))
CLI_SRC  := $(wildcard src/cli/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
obj       = $(patsubst %.c,$B/%.o,$(1))

UNIT := $(patsubst tests/unit/%.c,$B/unit/%,$(UNIT_SRC))
FUZZ := $(patsubst tests/fuzz/%.c,$B/fuzz/%,$(FUZZ_SRC))

.PHONY: all
all: $B/deconvviz ## build the program (VARIANT=release|debug|asan|tsan|cov)

$B/deconvviz: $(call obj,$(CLI_SRC)) $B/libdeconvviz.a
	$(LINK)

$B/libdeconvviz.a: $(call obj,$(LIB_SRC))
	@rm -f $@
	$(AR) rcs $@ $^

$B/unit/%: $B/tests/unit/%.o $B/libdeconvviz.a
	@mkdir -p $(@D)
	$(LINK) -lcmocka

$B/fuzz/%: $B/tests/fuzz/%.o $B/tests/fuzz/replay.o $B/libdeconvviz.a
	@mkdir -p $(@D)
	$(LINK)

$B/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c $< -o $@

.PHONY: test
test: $(UNIT) $(FUZZ) $B/deconvviz ## run every test against VARIANT
	@sh scripts/run-tests.sh $B "$(UNIT)" "$(FUZZ)"

.PHONY: asan tsan
asan tsan: ## run every test under that sanitizer
	$(MAKE) VARIANT=$@ test

.PHONY: install
install: $B/deconvviz ## install to $(DESTDIR)$(PREFIX)/bin
	install -Dm755 $B/deconvviz $(DESTDIR)$(PREFIX)/bin/deconvviz

.PHONY: format
format: ## rewrite the sources to .clang-format
	clang-format -i $(wildcard src/*/*.[ch] include/deconvviz/*.h tests/*/*.[ch])

.PHONY: clean
clean: ## remove build/
	rm -rf build

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z ]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.SECONDARY:
-include $(wildcard $B/src/*/*.d $B/tests/*/*.d)
