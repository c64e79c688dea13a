# SPDX-License-Identifier: GPL-2.0-or-later
# Real kernels in emulated machines, see tests/vm/README.md.
#
#   make kernels                          into the cache
#   make check-vm                         all kernels, all tests; gets the kernels that are missing
#   make check-vm KERNEL=6.1 TEST=kprobe  lists are possible, with spaces and quotes

$(B)/tests/vm/stimulus: tests/vm/stimulus.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fno-optimize-sibling-calls -pthread -o $@ $<

.PHONY: kernels check-vm vm-programs
kernels:
	@bash tests/vm/kernels.sh $(KERNEL)

vm-programs: all $(if $(filter unit,$(TEST)),$(filter $(B)/tests/unit/test_run_%,$(UNIT))) $(B)/tests/vm/stimulus $(B)/tests/cases/run
	@bash tests/host/run.sh -b
check-vm: kernels vm-programs
	@bash tests/vm/check.sh "$(KERNEL)" "$(TEST)"
