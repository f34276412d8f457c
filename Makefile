# deconvviz: `make help` lists what can be made.
VERSION := $(shell sed -n 's/^.define DV_VERSION "\(.*\)".*/\1/p' include/deconvviz/version.h)
PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
VARIANT ?= release
B       := build/$(VARIANT)
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)
PYTHON  ?= /usr/bin/python3

CFLAGS_release := -O3 -g -DNDEBUG
CFLAGS_debug   := -O1 -g3
CFLAGS_asan    := -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_tsan    := -O2 -g1 -fsanitize=thread
CFLAGS_cov     := -O0 -g --coverage
CFLAGS_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
                  -fno-omit-frame-pointer

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wdouble-promotion \
        -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wwrite-strings \
        -Wcast-qual -Wcast-align -Wpointer-arith -Wundef -Wvla -Wformat=2 -Wswitch-enum
INCLUDES := -Iinclude -Isrc -isystem /usr/include/stb -D_POSIX_C_SOURCE=200809L
# For the shared library, which shows what include/ declares; the archive has the same objects.
SHARED   := -fPIC -fvisibility=hidden -fno-semantic-interposition
# OpenBLAS, Cairo, Pango and liblinear are not among them: src/kernel/gemm.c, src/plot/drawing_library.c and
# src/run/linear_library.c open them when they are needed.
LIBS     := -lcjson -lnettle -ljpeg -lz -lm -ldl -pthread
COMPILE = $(CC) -std=c11 -ffp-contract=off $(SHARED) $(CFLAGS_$(VARIANT)) $(WARN) \
          $(if $(WERROR),-Werror) $(INCLUDES) $(CPPFLAGS) $(CFLAGS)
LINK    = $(CC) $(CFLAGS_$(VARIANT)) $(CFLAGS) $(LDFLAGS) $(filter %.o %.a,$^) $(LDLIBS) $(LIBS) -o $@

# The inner loops are compiled once for each instruction set; see src/kernel/isa.h.
ifneq ($(filter x86_64-%,$(shell $(CC) -dumpmachine)),)
$B/src/kernel/isa_avx2.o $B/watched/src/kernel/isa_avx2.o:     CFLAGS += -mavx2 -mfma
$B/src/kernel/isa_avx512.o $B/watched/src/kernel/isa_avx512.o: CFLAGS += -mavx2 -mfma -mavx512f -mavx512vl -mavx512bw -mavx512dq \
                                      -mprefer-vector-width=512
endif
# Under AddressSanitizer each read and write of theirs is a call, which makes a program 20 times as slow: so the tests of
# units have them watched, and the program of the scripts has them plain (with DV_LONG it has them watched as well). Checks
# of their own in loops that are unrolled over registers are a branch more each, and take Clang many minutes.
ISA       := $(patsubst %.c,%.o,$(wildcard src/kernel/isa_*.c))
watched   := $(if $(filter asan fuzz,$(VARIANT)),$(ISA:%=$B/watched/%))
in_loops  := -O2 -fno-sanitize=pointer-overflow,null,alignment,object-size,bounds \
             $(if $(findstring clang,$(CC)),-fsanitize-address-outline-instrumentation)
ifneq ($(watched),)
$(ISA:%=$B/%): CFLAGS += -O2 -fno-sanitize=all
$(watched): CFLAGS += $(in_loops)
endif

# Every .c under src/ but the command line is the library; a new file needs no edit here.
LIB_SRC   := $(filter-out src/cli/%,$(wildcard src/*/*.c))
LIB_ASM   := $(wildcard src/*/*.S)
CLI_SRC   := $(wildcard src/cli/*.c)
UNIT_SRC  := $(wildcard tests/unit/test_$(or $T,*).c)
# What several unit tests share: linked to each.
UNIT_PART := $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))
FUZZ_SRC  := $(wildcard tests/fuzz/fuzz_*.c)
# What fuzz targets share, but for the main() of those that run without a fuzzer.
FUZZ_PART := $(filter-out tests/fuzz/fuzz_% tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c))
BENCH_SRC := $(wildcard tests/bench/bench_*.c)
HEADERS   := $(wildcard include/deconvviz/*.h src/*/*.h)
SCRIPTS   := $(filter-out tests/cli/run.sh,$(wildcard tests/*.sh tests/*/run.sh tests/cli/*.sh))
obj        = $(patsubst %.c,$B/%.o,$(1))

UNIT  := $(patsubst tests/unit/%.c,$B/unit/%,$(UNIT_SRC))
# With clang they are what `make fuzz` runs, with others a main() that replays the corpus.
FUZZ  := $(patsubst tests/fuzz/fuzz_%.c,$B/$(if $(findstring clang,$(CC)),fuzzer,fuzz)/%,$(FUZZ_SRC))
SUITE := $B/onnx/onnx_suite
BENCH := $(patsubst tests/bench/%.c,$B/bench/%,$(BENCH_SRC))

# Structs are open, and until version 1 they may grow: each minor version is another interface.
SONAME := libdeconvviz.so.$(basename $(VERSION))
SO     := $B/libdeconvviz.so.$(VERSION)

.PHONY: all
all: $B/deconvviz $(SO) ## build the program and the library (VARIANT=release|debug|asan|tsan|cov)

$B/deconvviz: $(call obj,$(CLI_SRC)) $(if $(DV_LONG),$(watched)) $B/libdeconvviz.a
	$(LINK)

$B/libdeconvviz.a: $(call obj,$(LIB_SRC)) $(patsubst %.S,$B/%.o,$(LIB_ASM))
	@rm -f $@
	$(AR) rcs $@ $^

$(SO): $(call obj,$(LIB_SRC)) $(patsubst %.S,$B/%.o,$(LIB_ASM))
	$(LINK) -shared -Wl,-soname,$(SONAME) -Wl,-Bsymbolic-functions

$B/unit/%: $B/tests/unit/%.o $(patsubst %.c,$B/%.o,$(UNIT_PART)) $(watched) $B/libdeconvviz.a
	@mkdir -p $(@D)
	$(LINK) -lcmocka

# Each allocation fails in these: tests/unit/scarce.h. Debian has the archives of two libraries, to be seen through.
SCARCE   := malloc calloc realloc aligned_alloc strdup strndup realpath opendir free
archive   = $(if $(filter /%,$(shell $(CC) -print-file-name=lib$(1).a)),-l:lib$(1).a,-l$(1))
# Theirs are not seen by the libraries that draw, which have their own.
$B/unit/test_allocation%: override LDFLAGS += $(SCARCE:%=-Wl,--wrap=%) -Wl,--exclude-libs,ALL
$B/unit/test_allocation%: override LDLIBS += $(call archive,jpeg) $(call archive,z)

$B/fuzz/%: $B/tests/fuzz/fuzz_%.o $(call obj,$(FUZZ_PART)) $B/tests/fuzz/replay.o $(watched) $B/libdeconvviz.a
	@mkdir -p $(@D)
	$(LINK)

$B/fuzzer/%: $B/tests/fuzz/fuzz_%.o $(call obj,$(FUZZ_PART)) $(watched) $B/libdeconvviz.a
	@mkdir -p $(@D)
	$(LINK) -fsanitize=fuzzer

$B/onnx/onnx_suite: $(call obj,$(wildcard tests/onnx/*.c)) $B/libdeconvviz.a
	@mkdir -p $(@D)
	$(LINK)

$B/bench/%: $B/tests/bench/%.o $B/tests/bench/machine.o $B/libdeconvviz.a
	@mkdir -p $(@D)
	$(LINK)

$B/%.o: %.c Makefile $B/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c $< -o $@

$B/watched/%.o: %.c Makefile $B/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c $< -o $@

# The built-in model, the page of an atlas, and that of `serve`, which has files of the atlas's: what is listed here is read there.
SITE := $(sort $(wildcard src/atlas/site/*.html src/atlas/site/*.css src/atlas/site/*.js))
PAGE_STYLES := $(addprefix src/atlas/site/,page.css views.css) $(sort $(wildcard src/serve/site/*.css))
PAGE_SCRIPTS := $(addprefix src/atlas/site/,theme.js dom.js charts.js shell.js) $(sort $(wildcard src/serve/site/*.js))
PAGE := src/serve/site/serve.html $(PAGE_STYLES) $(PAGE_SCRIPTS)
$B/%.o: %.S Makefile $(wildcard models/zfnet64.* models/tiny-imagenet-100.txt) $(SITE) $(PAGE)
	@mkdir -p $(@D)
	@printf '%s\n' $(foreach f,$(SITE),'site_file "$(notdir $f)", "$f"') >$(@D)/site_list.inc
	@printf '%s\n' $(foreach f,$(PAGE_STYLES),'part "$f"') >$(@D)/page_styles.inc
	@printf '%s\n' $(foreach f,$(PAGE_SCRIPTS),'part "$f"') >$(@D)/page_scripts.inc
	$(CC) -c -Wa,-I,$(@D) $< -o $@

# Headers of what draws figures, which src/plot/drawing_library.c opens when it is needed.
DRAWING := $(patsubst -I%,-isystem %,$(filter -I%,$(shell pkg-config --cflags pangocairo 2>/dev/null)))
$B/src/plot/%.o: private CFLAGS += $(DRAWING)

# stb_image counts on numbers that wrap around where a file is damaged.
$B/src/image/decode.o: private CFLAGS += -fwrapv

# Changes when the compiler or its flags do, so that nothing stale is linked in.
$B/flags: FORCE
	@$(shell mkdir -p $(@D))$(file >$@.new,$(COMPILE))cmp -s $@.new $@ && rm $@.new || mv $@.new $@

.PHONY: FORCE
FORCE:

# -- tests -----------------------------------------------------------------------------------------
# A test is called what its log is: unit/test_conv, fuzz/onnx, tests/readme.sh, tests/cli/mine.sh.
LOGS  := $B/log
TESTS := $(UNIT:$B/%=%) $(if $T,,$(FUZZ:$B/%=%) $(SCRIPTS))

# Under TSan, where all takes ten times as long, runs what has threads: the unit tests that start some, and the script in
# which several project, mine, draw sheets, record, verify and classify, and are stopped by a signal.
ifeq ($(VARIANT),tsan)
THREADED := $(shell grep -lE 'pthread_create|dv_pool_new|[.>]threads\>' $(filter-out tests/unit/test_allocation%,$(UNIT_SRC)))
TESTS := $(filter $(THREADED:tests/%.c=%) tests/cli/threads.sh,$(TESTS))
endif

# Under ASan each read and write of the inner loops is a call: what runs the commands of other scripts once more is left
# out.
ifeq ($(VARIANT),asan)
TESTS := $(filter-out tests/readme.sh tests/cli/examples.sh tests/image/run.sh,$(TESTS))
endif

# What runs in the browser is the same under all of them.
ifneq ($(filter asan tsan,$(VARIANT)),)
TESTS := $(filter-out tests/web/run.sh,$(TESTS))
endif

# Those that take longest begin first, so that no core is left with one of them in the end.
LONGEST := tests/cli/signals.sh tests/web/run.sh tests/cli/verify.sh unit/test_conv tests/cli/record.sh tests/readme.sh \
           tests/cli/sheets.sh tests/cli/top9.sh unit/test_reference_verify unit/test_mine_sheets unit/test_geometry \
           tests/image/run.sh
TESTS := $(foreach t,$(LONGEST),$(filter $t,$(TESTS))) $(filter-out $(LONGEST),$(TESTS))

# Where make has been told how many jobs there are, it is one of them.
PARALLEL = $(if $(findstring --jobserver,$(MAKEFLAGS)),,-j$(JOBS))

.PHONY: tests
tests: $(UNIT) $(FUZZ) $(SUITE) $B/deconvviz $(SO) ## build what `make test` runs

.PHONY: test
test: ## run every test against VARIANT (T=conv: only tests/unit/test_conv.c)
	@rm -rf $(LOGS)
	@$(MAKE) --no-print-directory --keep-going $(PARALLEL) $(TESTS:%=$(LOGS)/%); \
	    sh scripts/count-tests.sh $(LOGS) $$? $(TESTS)

$(LOGS)/unit/%: $B/unit/%
	@sh scripts/run-test.sh $@ $(RUN) $<

replay = @sh scripts/run-test.sh $@ sh -c '"$$0" "$$@" && echo "ok 1 - corpus"' $< tests/fuzz/corpus/$*/*
$(LOGS)/fuzz/%: $B/fuzz/%
	$(replay)
$(LOGS)/fuzzer/%: $B/fuzzer/%
	$(replay)

$(LOGS)/tests/%: tests/% $B/deconvviz $B/libdeconvviz.a $(SO)
	@sh scripts/run-test.sh $@ $< $B

$(LOGS)/tests/cli/%.sh: tests/cli/%.sh $B/deconvviz
	@sh scripts/run-test.sh $@ tests/cli/run.sh $B $*

$(LOGS)/tests/onnx/run.sh: $(SUITE)

# Clang's, which are several times as fast as gcc's.
.PHONY: asan tsan
asan tsan: ## run the tests under that sanitizer (needs clang; tsan: those with threads)
	$(MAKE) CC=clang VARIANT=$@ B=build/$@ test

# AddressSanitizer sees all but the use of memory that was never written; for that the units which take memcheck less
# than 15 seconds do, and `make check-long` runs all but those whose killed children leave by _exit, memory in hand.
SLOW_UNIT := test_allocation_figure test_allocation_image test_allocation_images test_conv test_figure test_forward_box \
             test_geometry test_mine test_mine_journal test_mine_sheets test_reference_verify test_watch
QUICK     := $(filter-out $(SLOW_UNIT:%=$B/unit/%),$(UNIT))

MEMCHECK  := valgrind --quiet --error-exitcode=99 --leak-check=full $(addprefix --suppressions=tests/,drawing.supp loading.supp)

.PHONY: valgrind
valgrind: ## run the quick unit tests of VARIANT under memcheck
	@$(MAKE) --no-print-directory test LOGS=$B/valgrind TESTS="$(QUICK:$B/%=%)" \
	    RUN="$(MEMCHECK)"

.PHONY: oracle
oracle: $B/deconvviz ## compare with the PyTorch reference at length (scripts/setup oracle)
	$(PYTHON) tests/oracle/check_networks.py --program $B/deconvviz
	$(PYTHON) tests/oracle/compare.py all --program $B/deconvviz
	$(PYTHON) -W ignore tests/oracle/classify.py $B/deconvviz ../shared/models/squeezenet1.1-imagenet.safetensors \
	    ../shared/models/imagenet-labels.txt ../shared/images/imagenet-1000
	$(PYTHON) tests/oracle/check_zoo.py --program $B/deconvviz
	$(PYTHON) tests/oracle/filters.py $B/deconvviz models/alexnet64.safetensors conv1.weight 4
	$(PYTHON) tests/oracle/filters.py $B/deconvviz models/zfnet64.safetensors conv1.weight 2
	$(PYTHON) tests/oracle/filters.py $B/deconvviz ../shared/models/squeezenet1.1-imagenet.safetensors features.0.weight 2 \
	    -m ../shared/models/squeezenet1.1-imagenet.onnx
	$(PYTHON) tests/oracle/evolve.py $B/deconvviz
	$(PYTHON) tests/oracle/atlas.py $B/deconvviz
	$(PYTHON) tests/oracle/check_rectify.py --program $B/deconvviz
	$(PYTHON) tests/oracle/mine.py $B/deconvviz ../shared/models/squeezenet1.1-imagenet.onnx ../shared/images/imagenet-1000
	$(PYTHON) tests/oracle/invariance.py $B/deconvviz ../shared/models/squeezenet1.1-imagenet.onnx ../shared/images/imagenet-1000
	$(PYTHON) tests/oracle/occlude.py $B/deconvviz ../shared/models/squeezenet1.1-imagenet.onnx \
	    $(addprefix ../shared/images/imagenet-1000/,n02112018_Pomeranian.jpg n02974003_car_wheel.jpg)
	$(PYTHON) tests/oracle/correspond.py $B/deconvviz ../shared/data/tiny-imagenet-100.zip
	$(PYTHON) tests/oracle/probe.py $B/deconvviz ../shared/data/caltech101-40.zip
	$(PYTHON) -W ignore tests/oracle/ablate.py $B/deconvviz ../shared/data/tiny-imagenet-100.zip \
	    ../shared/models/squeezenet1.1-imagenet.onnx ../shared/models/imagenet-labels.txt ../shared/images/imagenet-1000

# Hours: what `make check` does for minutes.
LONG_UNIT = $(filter-out unit/test_mine_journal,$(UNIT:$B/%=%))
.PHONY: check-long
check-long: export TEST_TIMEOUT := 14400
check-long: ## hours: random cases and fuzzing at length, all under memcheck, the oracle (scripts/setup oracle)
	DV_LONG=1 $(MAKE) test WERROR=1 CC=gcc B=build/long
	DV_LONG=1 $(MAKE) test WERROR=1 CC=clang VARIANT=asan B=build/long-asan
	for t in $(FUZZ_SRC:tests/fuzz/fuzz_%.c=%); do $(MAKE) fuzz TARGET=$$t SECONDS=$(or $(FUZZ_SECONDS),1800) || exit 1; done
	$(MAKE) test WERROR=1 CC=gcc B=build/long LOGS=build/long/valgrind TESTS="$(LONG_UNIT)" \
	    RUN="$(MEMCHECK)"
	$(MAKE) tidy
	$(MAKE) oracle
	$(MAKE) train-smoke

.PHONY: bench
bench: $(BENCH) $B/deconvviz ## measure speed, beside ONNX Runtime and PyTorch where they are installed
	@sh scripts/bench.sh $B

.PHONY: bench-layers
bench-layers: $B/bench/bench_layers ## where the time of a network goes: MODEL=net.onnx THREADS=1 LAYER=5 (and back)
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $B/bench/bench_layers $(MODEL) $(or $(THREADS),1) $(LAYER)

.PHONY: demo
demo: $B/deconvviz ## project one unit from a photograph
	@sh scripts/demo.sh $B/deconvviz

.PHONY: fuzz
fuzz: ## fuzz TARGET=onnx for SECONDS=60 (needs clang)
	$(MAKE) CC=clang VARIANT=fuzz B=build/fuzz build/fuzz/fuzzer/$(TARGET)
	@mkdir -p build/fuzz/corpus/$(TARGET)
	build/fuzz/fuzzer/$(TARGET) -max_total_time=$(or $(SECONDS),60) -artifact_prefix=build/fuzz/ \
	    $(FUZZ_FLAGS) build/fuzz/corpus/$(TARGET) tests/fuzz/corpus/$(TARGET)

# -- what is wrong without being run ---------------------------------------------------------------
C_FILES  := $(LIB_SRC) $(CLI_SRC) $(HEADERS) $(wildcard tests/*/*.[ch])
TIDY     := $(patsubst %.c,build/lint/%.tidy,$(LIB_SRC) $(CLI_SRC))
SH_FILES  = $(shell grep -rlE '^\#!/(usr/)?bin/(env )?(ba)?sh' scripts tests .ci)
PY_FILES  = $(shell find scripts tests -name '*.py')

.PHONY: lint
lint: ## layers, format, shellcheck, cppcheck, Python syntax
	sh scripts/check-layers.sh
	clang-format --dry-run -Werror $(C_FILES)
	shellcheck -x $(SH_FILES)
	PYTHONPYCACHEPREFIX=$(CURDIR)/build/pycache $(PYTHON) -m py_compile $(PY_FILES)
	cppcheck --quiet -j$(JOBS) --std=c11 --error-exitcode=1 --enable=warning,performance,portability \
	    --inline-suppr --suppress=*:/usr/include/* $(filter -I%,$(INCLUDES)) $(LIB_SRC) $(CLI_SRC)

.PHONY: tidy
tidy: $(TIDY) ## clang-tidy over the sources

build/lint/%.tidy: %.c .clang-tidy $(HEADERS)
	@mkdir -p $(@D)
	clang-tidy --quiet $< -- -std=c11 $(INCLUDES) $(DRAWING) 2>$@.log || { cat $@.log; exit 1; }
	@touch $@

.PHONY: format
format: ## rewrite the sources to .clang-format
	clang-format -i $(C_FILES)

# The stages share the jobs of one make: what waits in one leaves its core to another. Each ends by itself, whatever
# becomes of the others.
CHECK  := build/check
STAGES := lint tsan asan gcc valgrind

.PHONY: check $(STAGES:%=check-%)
check: ## all that CI runs: lint, sanitizers by clang, the tests by gcc, valgrind
	@rm -f $(CHECK)/*.counts
	@$(MAKE) --no-print-directory --keep-going $(PARALLEL) $(STAGES:%=check-%); \
	    sh scripts/count-stages.sh $(CHECK) $(STAGES)

stage = sh scripts/check-stage.sh $(CHECK)/$1 $(CHECK)/$2/counts $(MAKE) -s WERROR=1
check-lint:
	+@$(call stage,lint,lint) lint
check-tsan check-asan: check-%:
	+@$(call stage,$*,$*/log) test CC=clang VARIANT=$* B=$(CHECK)/$*
check-gcc:
	+@$(call stage,gcc,gcc/log) test CC=gcc B=$(CHECK)/gcc
check-valgrind: check-gcc
	+@$(call stage,valgrind,gcc/valgrind) valgrind CC=gcc B=$(CHECK)/gcc

.PHONY: references
references: $B/deconvviz ## record tests/reference anew, once the built-in model has changed
	tests/reference/record.sh $B/deconvviz

.PHONY: train-smoke
train-smoke: $B/deconvviz ## train a network on drawn pictures for a minute, and look at the result (scripts/setup oracle)
	PYTHON=$(PYTHON) scripts/train/smoke.sh $B/deconvviz build/train-smoke

.PHONY: train-variants
train-variants: ## train every variant of zfnet64, hours; the table of models/README.md (scripts/setup oracle)
	PYTHON=$(PYTHON) scripts/train/variants.sh ../shared/data/tiny-imagenet-100.zip build/variants

# -- outside the folder ----------------------------------------------------------------------------
SHARE := $(PREFIX)/share/deconvviz

.PHONY: install
install: $B/deconvviz $B/libdeconvviz.a $(SO) ## install program, library, headers, models, manual pages and completions to $(DESTDIR)$(PREFIX)
	install -Dm755 $B/deconvviz $(DESTDIR)$(PREFIX)/bin/deconvviz
	install -Dm644 $B/libdeconvviz.a $(DESTDIR)$(LIBDIR)/libdeconvviz.a
	install -m755 $(SO) $(DESTDIR)$(LIBDIR)
	ln -sf $(notdir $(SO)) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libdeconvviz.so
	install -Dm644 -t $(DESTDIR)$(PREFIX)/include/deconvviz include/deconvviz/*.h
	install -d $(DESTDIR)$(SHARE)/models
	cp -R models/. $(DESTDIR)$(SHARE)/models
	sh scripts/install-manual.sh $B/deconvviz $(DESTDIR)$(PREFIX)/share
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR:$(PREFIX)/%=$${prefix}/%)|' -e 's|@VERSION@|$(VERSION)|' \
	    -e 's|@LIBS@|$(LIBS)|' scripts/deconvviz.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/deconvviz.pc
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" -ne 0 ] || ldconfig

.PHONY: clean
clean: ## remove build/
	rm -rf build

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z -]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.SECONDARY:
-include $(wildcard $B/src/*/*.d $B/watched/src/*/*.d $B/tests/*/*.d)
