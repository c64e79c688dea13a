# SPDX-License-Identifier: GPL-2.0-or-later
# Fault injection, included by the Makefile: make check-faults FAULT_SECONDS=60
# The sanitized objects, linked so that any allocation and any system call can be made to fail.

FAULT_SECONDS ?= 60
FAULT_WRAPPED := malloc calloc realloc strdup strndup mmap munmap read pread write writev fopen fdopen stat lstat fstat \
	readlink pipe2 memfd_create socket socketpair bind fork epoll_create1 epoll_ctl pthread_create posix_spawn open openat \
	ioctl syscall
FAULT_LINK := $(foreach f,$(FAULT_WRAPPED),-Wl,--wrap=$(f)) -Wl,--gc-sections

.PHONY: check-faults faults-link
check-faults:
	@$(MAKE) --no-print-directory -s SAN=1 all faults-link
	@bash tests/faults/run.sh $(FAULT_SECONDS)
# With SAN=1.
faults-link: build/faults/ndtrace build/faults/ndtrace-compile
build/faults/wrap.o: tests/faults/wrap.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes -c -o $@ $<
build/faults/ndtrace: build/faults/wrap.o $(B)/runtime/main.o $(B)/libndr.a $(B)/libnd.a
	$(CC) $(OPT) $(LDFLAGS) $(FAULT_LINK) -o $@ $^ $(BPF_LIBS) $(JSON_LIBS) $(NAME_LIBS) -lelf -lz -lpthread -ldl -lm
build/faults/ndtrace-compile: build/faults/wrap.o $(B)/compiler/main.o $(B)/libndc.a $(B)/libnd.a
	$(CC) $(OPT) $(LDFLAGS) -no-pie $(FAULT_LINK) -o $@ $^ $(LLVM_LIBS) $(JSON_LIBS) $(NAME_LIBS) -lelf
