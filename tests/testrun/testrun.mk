# SPDX-License-Identifier: GPL-2.0-or-later
# Compiled programs run by the kernel with invented contexts: nothing is attached.
$(B)/tests/testrun/%: tests/testrun/%.c $(LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $< $(LIBS) -Wl,--gc-sections -no-pie $(BPF_LIBS) $(JSON_LIBS) $(LLVM_LIBS) \
		$(NAME_LIBS) -lelf -lz -lpthread -ldl -lcmocka -lm

.PHONY: check-testrun
check-testrun: $(B)/tests/testrun/test_expr $(B)/tests/testrun/test_agg_run $(B)/tests/testrun/test_reads $(B)/tests/testrun/test_twin \
	$(B)/tests/testrun/test_rawtp
	@for t in $^; do $$t || exit 1; done
