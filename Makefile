# SPDX-License-Identifier: GPL-2.0-or-later
# make              build/ndtrace and build/ndtrace-compile
# make demo         dependencies, build, then the main job on real traffic (as root)
# make check        dependencies, build, all tests (as root)
# make check-quick  build, and the tests that take seconds, for work in progress (as root)
# make help         the other targets

CC ?= gcc
AR ?= ar
FLEX ?= flex
BISON ?= bison
PREFIX ?= /usr/local
DESTDIR ?=
ifndef LLVM_CONFIG
LLVM_CONFIG := $(shell sh .ci/llvm.sh config)
endif

# SAN=1: everything under AddressSanitizer and UndefinedBehaviorSanitizer, in a folder of its own; LLVM verifies
# the code of each script.
ifeq ($(SAN),1)
B ?= build/san
OPT := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -DND_VERIFY_IR
else
B ?= build
OPT := -O2 -g
endif

# WERROR=1: warnings are errors, as in `make check`. Users who build may have a compiler with more warnings.
ifeq ($(WERROR),1)
ERROR := -Werror
BISON_ERROR := -Werror -Wno-error=other
endif
WARN := -Wall -Wextra $(ERROR) -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla \
	-Wformat=2 -Wno-unknown-warning-option
CFLAGS ?=
ALL_CFLAGS := -std=gnu11 $(OPT) $(WARN) -D_GNU_SOURCE -DND_DATADIR='"$(PREFIX)/share/ndtrace"' \
	-DND_LIBEXECDIR='"$(PREFIX)/libexec/ndtrace"' -ffunction-sections -fdata-sections \
	-MMD -MP -I. -I$(B) $(CFLAGS)
GEN_CFLAGS := -Wno-undef -Wno-sign-compare -Wno-missing-prototypes -Wno-unused-function \
	-Wno-unused-but-set-variable -Wno-format-nonliteral \
	-Wno-unused-const-variable -Wno-implicit-fallthrough

LLVM_CPPFLAGS = $(filter -I% -D%,$(shell $(LLVM_CONFIG) --cppflags))
# LLVM's BPF parts as archives if the distribution has them; otherwise the shared library.
# Instructions of x86 programs are decoded, if LLVM knows them.
LLVM_PARTS := bpf passes $(filter x86disassembler x86desc x86info,$(shell $(LLVM_CONFIG) --components))
LLVM_STATIC := $(shell $(LLVM_CONFIG) --link-static --libs $(LLVM_PARTS) >/dev/null 2>&1 && \
	test -e "$$($(LLVM_CONFIG) --libdir 2>/dev/null)/libLLVMBPFCodeGen.a" && echo yes)
ifeq ($(LLVM_STATIC),yes)
LLVM_SYSTEM_LIBS = $(filter-out %libz3.so -lxml2,$(shell $(LLVM_CONFIG) --link-static --system-libs)) -lstdc++ -lm -lz
LLVM_LIBS = -L$(shell $(LLVM_CONFIG) --libdir) $(shell $(LLVM_CONFIG) --link-static --libs $(LLVM_PARTS)) \
	-Wl,--as-needed $(LLVM_SYSTEM_LIBS)
else
LLVM_LIBS = $(shell $(LLVM_CONFIG) --ldflags --libs) -lz
endif
# The compiler needs no library at run time if there are archives of everything: relocating LLVM against
# libc and libstdc++ takes a third of its time to start. Some distributions' libelf.a lacks functions
# that it calls, so it is asked for those that we need. The linker warns of functions that LLVM would
# need for "~user" in paths; --no-warnings hides missing ones as well, so they are looked for afterwards.
static_links = $(shell printf 'char elf_memory(), elf_begin(), elf_end(), elf_getdata(), elf_compress(), compress();\nint main(void) { return elf_memory() + elf_begin() + elf_end() + elf_getdata() + elf_compress() + compress(); }\n' | \
	$(CC) -x c - -w $(1) -o /dev/null -lelf $(LLVM_SYSTEM_LIBS) 2>/dev/null && echo yes)
LLVM_STATIC_LIBC = $(if $(filter yes-yes-,$(LLVM_STATIC)-$(call static_links,-static)-$(SAN)),$(or \
	$(and $(call static_links,-static -Wl$(comma)--no-warnings),-static -Wl$(comma)--no-warnings),-static))
comma := ,
# -lNAME, as an archive where there is one: a library less to find and relocate at each start.
archive = $(wildcard $(foreach d,/usr/lib /usr/lib64 /usr/lib/$(shell $(CC) -dumpmachine 2>/dev/null) /usr/lib/$(shell uname -m)-linux-gnu,$(d)/lib$(1).a))
library = $(if $(call archive,$(1)),-Wl$(comma)-Bstatic -l$(1) -Wl$(comma)-Bdynamic,-l$(1))
BPF_LIBS := $(call library,bpf)
JSON_LIBS := $(call library,jansson)
# Names of C++ and Rust, in both programs.
NAME_LIBS := -liberty

COMPILER_SRC := $(filter-out compiler/main.c,$(wildcard compiler/*.c compiler/*/*.c))
COMMON_SRC := $(wildcard runtime/common/*.c runtime/vet/*.c)
RUNTIME_SRC := $(filter-out runtime/main.c $(COMMON_SRC),$(wildcard runtime/*.c runtime/*/*.c))
COMPILER_OBJ := $(COMPILER_SRC:%.c=$(B)/%.o)
GRAMMAR_OBJ := $(if $(wildcard grammar/ndtrace.y),$(B)/grammar/ndtrace.tab.o $(B)/grammar/ndtrace.lex.o)
RUNTIME_OBJ := $(RUNTIME_SRC:%.c=$(B)/%.o)
COMMON_OBJ := $(COMMON_SRC:%.c=$(B)/%.o)
# The compiler, the runtime, and what both share.
LIBS := $(B)/libndr.a $(B)/libndc.a $(B)/libnd.a
UNIT := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_*.c))

.PHONY: all
all: $(B)/ndtrace $(B)/ndtrace-compile $(B)/ndtrace.1

$(B)/libndc.a: $(COMPILER_OBJ) $(GRAMMAR_OBJ)
	@rm -f $@; $(AR) rcs $@ $^
$(B)/libnd.a: $(COMMON_OBJ)
	@rm -f $@; $(AR) rcs $@ $^
$(B)/libndr.a: $(RUNTIME_OBJ)
	@rm -f $@; $(AR) rcs $@ $^

$(B)/ndtrace: $(B)/runtime/main.o $(B)/libndr.a $(B)/libnd.a
	$(CC) $(OPT) $(LDFLAGS) -o $@ $^ -Wl,--gc-sections $(BPF_LIBS) $(JSON_LIBS) $(NAME_LIBS) -lelf -lz -lpthread -ldl -lm
$(B)/ndtrace-compile: $(B)/compiler/main.o $(B)/libndc.a $(B)/libnd.a
	$(CC) $(OPT) $(LDFLAGS) $(or $(LLVM_STATIC_LIBC),-no-pie) -o $@ $^ -Wl,--gc-sections $(LLVM_LIBS) $(if $(LLVM_STATIC_LIBC),-ljansson,$(JSON_LIBS)) $(NAME_LIBS) -lelf \
		$(if $(LLVM_STATIC_LIBC),$(LLVM_SYSTEM_LIBS))
	$(if $(LLVM_STATIC_LIBC),@missing=$$(nm -u $@ | awk '$$1 == "U" && $$2 != "__tls_get_addr" { print $$2 }'); \
		[ -z "$$missing" ] || { echo "$@: missing functions:" $$missing >&2; rm -f $@; exit 1; })

# The man page lists the flags and formats that the program has.
$(B)/ndtrace.1: docs/man/ndtrace.1 docs/man/flags.awk $(B)/ndtrace
	@$(B)/ndtrace --help | awk -f docs/man/flags.awk >$@.flags
	@sed '/^\.\\" FLAGS/r $@.flags' docs/man/ndtrace.1 >$@

$(B)/grammar/%.tab.c $(B)/grammar/%.tab.h: grammar/%.y
	@mkdir -p $(@D)
	$(BISON) $(BISON_ERROR) -d -o $(B)/grammar/$*.tab.c $<
$(B)/grammar/%.lex.c $(B)/grammar/%.lex.h: grammar/%.l
	@mkdir -p $(@D)
	$(FLEX) --header-file=$(B)/grammar/$*.lex.h -o $(B)/grammar/$*.lex.c $<
$(B)/grammar/ndtrace.tab.o $(B)/grammar/ndtrace.lex.o $(patsubst %.c,$(B)/%.o,$(wildcard compiler/front/parse*.c)): $(B)/grammar/ndtrace.tab.h $(B)/grammar/ndtrace.lex.h
$(B)/grammar/%.o: $(B)/grammar/%.c
	$(CC) $(ALL_CFLAGS) $(GEN_CFLAGS) -c -o $@ $<

# System calls by number, from the headers of the machine that is built for.
$(B)/runtime/output/syscalls.inc: Makefile
	@mkdir -p $(@D)
	@echo '#include <asm/unistd.h>' | $(CC) -E -dM -x c - | \
		sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$$/ND_SYSCALL(\1, \2)/p' | sort >$@
$(B)/runtime/output/format_names.o: $(B)/runtime/output/syscalls.inc

# Only the lowering and the decoder see LLVM's headers.
$(B)/compiler/lower/%.o $(B)/compiler/kernel/elf_insn.o: ALL_CFLAGS += $(LLVM_CPPFLAGS) -Wno-strict-prototypes
$(B)/compiler/kernel/elf_insn.o: ALL_CFLAGS += $(if $(filter x86disassembler,$(LLVM_PARTS)),-DND_X86_DECODER)
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/tests/unit/%: tests/unit/%.c $(LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $< $(LIBS) -Wl,--gc-sections -no-pie $(BPF_LIBS) $(JSON_LIBS) $(LLVM_LIBS) \
		$(NAME_LIBS) -lelf -lz -lpthread -ldl -lcmocka -lm

-include $(wildcard $(B)/*/*.d $(B)/*/*/*.d)

-include tests/cases/cases.mk tests/fuzz/fuzz.mk tests/faults/faults.mk tests/testrun/testrun.mk tests/oldverifier/oldverifier.mk tests/vm/vm.mk

# A package for Visual Studio Code: npm picks the files, and the rest is a zip with two lists in it.
.PHONY: vsix
vsix:
	sh docs/editors/vsix.sh $(B)/ndtrace.vsix

.PHONY: tree-sitter
tree-sitter:
	cd grammar/tree-sitter-ndtrace && tree-sitter generate && tree-sitter parse -q -s ../../scripts/*.nd ../../stdlib/*/*.nd

# ---- targets for people --------------------------------------------------------------------------

# Dependencies first, then a second make, which sees what was installed.
.PHONY: deps demo check check-quick check-all check-unit check-rooms check-docs check-host
deps:
	@sh .ci/deps.sh

demo:
	@sh .ci/deps.sh build
	@$(MAKE) --no-print-directory -s -j$$(nproc) all
	@bash tests/demo.sh

check: deps
	@$(MAKE) --no-print-directory -s -j$$(nproc) WERROR=1 all
	@$(MAKE) --no-print-directory check-all

# One line for each suite, and a last line with the sum; a failing suite does not hide the others.
check-all:
	@bash tests/all.sh "$(MAKE)"
check-quick:
	@bash tests/all.sh "$(MAKE)" quick

check-unit: $(UNIT)
	@fail=0; for t in $(UNIT); do echo "== $$t"; $$t || fail=1; done; exit $$fail
check-rooms: all
	@bash tests/rooms.sh
check-docs: all
	@bash tests/docs_examples.sh
check-host: all
	@bash tests/host/run.sh

# The same with features switched off, as on older kernels: tests/without.sh
.PHONY: check-without
check-without: all $(B)/tests/oldverifier/oldverifier $(B)/tests/cases/run $(B)/tests/testrun/test_expr $(B)/tests/testrun/test_agg_run
	@B=$(B) bash tests/without.sh $(WITHOUT)

# On demand: the summary tool at the highest rate of packets, for HOURS; memory stays flat and numbers add up.
HOURS ?= 1
.PHONY: soak
soak: all
	@seconds=$$(awk -v h=$(HOURS) 'BEGIN { print int(h * 3600) }'); \
	SOAK_SECONDS=$$seconds TEST_TIMEOUT=$$((seconds + 300)) bash tests/host/run.sh soak

# On demand: builds and runs `make demo` in folders of other releases of the distribution.
.PHONY: check-distros
check-distros:
	@bash tests/distros.sh $(DISTROS)

.PHONY: install uninstall clean format check-format help
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/ndtrace $(DESTDIR)$(PREFIX)/share/ndtrace
	install -m 755 $(B)/ndtrace $(DESTDIR)$(PREFIX)/bin/ndtrace
	install -m 755 $(B)/ndtrace-compile $(DESTDIR)$(PREFIX)/libexec/ndtrace/ndtrace-compile
	cp -R stdlib scripts $(DESTDIR)$(PREFIX)/share/ndtrace/
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 644 $(B)/ndtrace.1 $(DESTDIR)$(PREFIX)/share/man/man1/ndtrace.1
	install -m 644 docs/completion/ndtrace.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/ndtrace
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/share/man/man1/ndtrace.1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions/ndtrace
	rm -rf $(DESTDIR)$(PREFIX)/bin/ndtrace $(DESTDIR)$(PREFIX)/libexec/ndtrace $(DESTDIR)$(PREFIX)/share/ndtrace
clean:
	rm -rf build
format:
	clang-format -i $$(git ls-files 'compiler/*.[ch]' 'runtime/*.[ch]' 'tests/*.[ch]')
help:
	@sed -n 's/^# make/make/p' Makefile; echo "other targets: all deps install uninstall clean format bench fuzz check-unit check-cases check-host check-docs check-rooms check-without check-oldverifier check-testrun check-faults check-vm check-distros soak fuzz-long"
