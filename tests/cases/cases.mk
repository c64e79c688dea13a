# SPDX-License-Identifier: GPL-2.0-or-later
# Language cases: one file each, see tests/cases/README.md.

CASES_SRC := $(wildcard tests/cases/*.c)

$(B)/tests/cases/run: $(CASES_SRC:%.c=$(B)/%.o)
	@mkdir -p $(@D)
	$(CC) $(OPT) $(LDFLAGS) -o $@ $^

.PHONY: check-cases
check-cases: $(B)/tests/cases/run all
	$(B)/tests/cases/run -b $(B) tests/cases
