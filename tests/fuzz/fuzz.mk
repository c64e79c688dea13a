# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzing, included by the Makefile: make fuzz FUZZ_SECONDS=60
# Scripts get the seconds, every other reader an eighth of them. What is found is
# left in build/fuzz as crash-*, timeout-*, oom-*; new inputs are kept in build/fuzz/found.

FUZZ_SECONDS ?= 60
FUZZ_CC ?= $(or $(shell sh .ci/llvm.sh clang),clang)
FB := build/fuzz
FUZZ_CFLAGS = -std=gnu11 -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer -ffunction-sections -fdata-sections \
	-D_GNU_SOURCE -DND_DATADIR='"$(PREFIX)/share/ndtrace"' \
	-DND_LIBEXECDIR='"$(PREFIX)/libexec/ndtrace"' -MMD -MP -I. -I$(B) $(CFLAGS)
FUZZ_LINK = $(FUZZ_CC) -fsanitize=fuzzer,address,undefined -no-pie -Wl,--gc-sections
FUZZ_RUN = -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix=$(FB)/

FUZZ_GRAMMAR := $(if $(wildcard grammar/ndtrace.y),$(FB)/grammar/ndtrace.tab.o $(FB)/grammar/ndtrace.lex.o)
FUZZ_COMPILER := $(COMPILER_SRC:%.c=$(FB)/%.o)
FUZZ_RUNTIME := $(RUNTIME_SRC:%.c=$(FB)/%.o)
FUZZ_COMMON := $(COMMON_SRC:%.c=$(FB)/%.o)

$(FB)/compiler/lower/%.o: FUZZ_CFLAGS += $(LLVM_CPPFLAGS)
$(FB)/grammar/%.o: $(B)/grammar/%.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_CFLAGS) -w -c -o $@ $<
$(FB)/%.o: %.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_CFLAGS) -c -o $@ $<
$(FUZZ_COMPILER) $(FUZZ_GRAMMAR): $(if $(FUZZ_GRAMMAR),$(B)/grammar/ndtrace.tab.h $(B)/grammar/ndtrace.lex.h)

$(FB)/libndc.a: $(FUZZ_COMPILER) $(FUZZ_GRAMMAR)
	@rm -f $@; $(AR) rcs $@ $^
$(FB)/libnd.a: $(FUZZ_COMMON)
	@rm -f $@; $(AR) rcs $@ $^
$(FB)/libndr.a: $(FUZZ_RUNTIME)
	@rm -f $@; $(AR) rcs $@ $^

# What fuzzes what: readers of the compiler, of the runtime, and of both.
FUZZ_OF_COMPILER := script btf format
FUZZ_OF_RUNTIME := manifest object elf
FUZZ_OF_BOTH := words record
FUZZ_TARGETS := $(FUZZ_OF_COMPILER) $(FUZZ_OF_RUNTIME) $(FUZZ_OF_BOTH)
# The largest input, and more flags.
FUZZ_LEN_script := 4096
FUZZ_LEN_btf := 32768
FUZZ_LEN_elf := 32768
FUZZ_LEN_manifest := 16384
FUZZ_LEN_object := 65536
FUZZ_FLAGS_script := -dict=tests/fuzz/script.dict
FUZZ_FLAGS_words := -close_fd_mask=2
FUZZ_FLAGS_object := -close_fd_mask=2

$(FUZZ_OF_COMPILER:%=$(FB)/fuzz_%): $(FB)/fuzz_%: $(FB)/tests/fuzz/fuzz_%.o $(FB)/libndc.a $(FB)/libnd.a
	$(FUZZ_LINK) -o $@ $^ $(LLVM_LIBS) $(NAME_LIBS) -lelf -lz
$(FUZZ_OF_RUNTIME:%=$(FB)/fuzz_%): $(FB)/fuzz_%: $(FB)/tests/fuzz/fuzz_%.o $(FB)/libndr.a $(FB)/libnd.a
	$(FUZZ_LINK) -o $@ $^ $(BPF_LIBS) $(JSON_LIBS) $(NAME_LIBS) -lelf -lz -lpthread
$(FUZZ_OF_BOTH:%=$(FB)/fuzz_%): $(FB)/fuzz_%: $(FB)/tests/fuzz/fuzz_%.o $(FB)/libndr.a $(FB)/libndc.a $(FB)/libnd.a
	$(FUZZ_LINK) -o $@ $^ $(BPF_LIBS) $(JSON_LIBS) $(LLVM_LIBS) $(NAME_LIBS) -lelf -lz -lpthread

.PHONY: fuzz fuzz-build fuzz-seeds fuzz-long $(FUZZ_TARGETS:%=fuzz-%)
fuzz-build: $(FUZZ_TARGETS:%=$(FB)/fuzz_%)
fuzz-seeds: all
	@mkdir -p $(FUZZ_TARGETS:%=$(FB)/found/%) $(FUZZ_TARGETS:%=$(FB)/seeds/%)
	@tests/fuzz/objects.sh $(B)/ndtrace-compile $(FB)/seeds/object
	@cp tests/facts/base/btf $(FB)/seeds/btf/base
	@i=0; for f in tests/facts/base/events/*/*/format; do i=$$((i + 1)); cp $$f $(FB)/seeds/format/$$i; done
	@tests/fuzz/long.sh $(FB)/seeds/long
# One target, `make fuzz-script FUZZ_SECONDS=600`.
$(FUZZ_TARGETS:%=fuzz-%): fuzz-%: $(FB)/fuzz_% fuzz-seeds
	$< $(FUZZ_RUN) -max_total_time=$(FUZZ_SECONDS) -max_len=$(or $(FUZZ_LEN_$*),8192) $(FUZZ_FLAGS_$*) \
		$(FB)/found/$* $(FB)/seeds/$* $(wildcard tests/fuzz/corpus/$*)
# Seconds are those of fuzzing alone: first every script is run once, so that a broken one is seen.
fuzz: fuzz-build fuzz-seeds
	$(FB)/fuzz_script $(FUZZ_RUN) -runs=1 tests/fuzz/corpus/script/* $(FB)/seeds/long/*
	@$(MAKE) --no-print-directory fuzz-script
	@for t in $(filter-out script,$(FUZZ_TARGETS)); do \
		$(MAKE) --no-print-directory fuzz-$$t FUZZ_SECONDS=$$(($(FUZZ_SECONDS) / 8 + 1)) || exit; done
# For a night: all targets in turn, and how far each got.
FUZZ_HOURS ?= 8
fuzz-long: fuzz-build fuzz-seeds
	@bash tests/fuzz/hours.sh $(FUZZ_HOURS) "$(MAKE)" $(FUZZ_TARGETS)

-include $(wildcard $(FB)/*/*.d $(FB)/*/*/*.d)
