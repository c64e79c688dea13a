# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzing, included by the Makefile: make fuzz FUZZ_SECONDS=60
# Scripts get the seconds, the readers of BTF, manifests, objects and ELF files a quarter of them each. What is found is
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

$(FB)/fuzz_script: $(FB)/tests/fuzz/fuzz_script.o $(FB)/libndc.a $(FB)/libnd.a
	$(FUZZ_LINK) -o $@ $^ $(LLVM_LIBS) $(NAME_LIBS) -lelf -lz
$(FB)/fuzz_btf: $(FB)/tests/fuzz/fuzz_btf.o $(FB)/libndc.a $(FB)/libnd.a
	$(FUZZ_LINK) -o $@ $^ $(LLVM_LIBS) $(NAME_LIBS) -lelf -lz
$(FB)/fuzz_object: $(FB)/tests/fuzz/fuzz_object.o $(FB)/libndr.a $(FB)/libnd.a
	$(FUZZ_LINK) -o $@ $^ $(BPF_LIBS) $(JSON_LIBS) $(NAME_LIBS) -lelf -lz -lpthread
$(FB)/fuzz_manifest: $(FB)/tests/fuzz/fuzz_manifest.o $(FB)/libndr.a $(FB)/libnd.a
	$(FUZZ_LINK) -o $@ $^ $(BPF_LIBS) $(JSON_LIBS) $(NAME_LIBS) -lelf -lz -lpthread

$(FB)/fuzz_elf: $(FB)/tests/fuzz/fuzz_elf.o $(FB)/libndr.a $(FB)/libnd.a
	$(FUZZ_LINK) -o $@ $^ $(BPF_LIBS) $(JSON_LIBS) $(NAME_LIBS) -lelf -lz -lpthread

.PHONY: fuzz fuzz-build
fuzz-build: $(FB)/fuzz_script $(FB)/fuzz_btf $(FB)/fuzz_manifest $(FB)/fuzz_object $(FB)/fuzz_elf
# Seconds are those of fuzzing alone: first every seed is run once, so that a broken one is seen.
fuzz: fuzz-build all
	@mkdir -p $(FB)/found/script $(FB)/found/btf $(FB)/found/manifest $(FB)/found/object $(FB)/found/elf $(FB)/seeds/btf
	@tests/fuzz/objects.sh $(B)/ndtrace-compile $(FB)/seeds/object
	@cp tests/facts/base/btf $(FB)/seeds/btf/base
	@tests/fuzz/long.sh $(FB)/seeds/long
	$(FB)/fuzz_script $(FUZZ_RUN) -runs=1 tests/fuzz/corpus/script/* $(FB)/seeds/long/*
	$(FB)/fuzz_script $(FUZZ_RUN) -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
		-dict=tests/fuzz/script.dict $(FB)/found/script tests/fuzz/corpus/script
	$(FB)/fuzz_btf $(FUZZ_RUN) -max_total_time=$$(($(FUZZ_SECONDS) / 4 + 1)) -max_len=32768 \
		$(FB)/found/btf $(FB)/seeds/btf tests/fuzz/corpus/btf
	$(FB)/fuzz_manifest $(FUZZ_RUN) -max_total_time=$$(($(FUZZ_SECONDS) / 4 + 1)) -max_len=16384 \
		$(FB)/found/manifest tests/fuzz/corpus/manifest
	$(FB)/fuzz_elf $(FUZZ_RUN) -max_total_time=$$(($(FUZZ_SECONDS) / 4 + 1)) -max_len=32768 \
		$(FB)/found/elf tests/fuzz/corpus/elf
	$(FB)/fuzz_object $(FUZZ_RUN) -max_total_time=$$(($(FUZZ_SECONDS) / 4 + 1)) -max_len=65536 \
		-close_fd_mask=2 $(FB)/found/object $(FB)/seeds/object

-include $(wildcard $(FB)/*/*.d $(FB)/*/*/*.d)
