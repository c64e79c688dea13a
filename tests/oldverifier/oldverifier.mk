# SPDX-License-Identifier: GPL-2.0-or-later
# A model of the verifiers of Linux 4.19 and 5.4, and its own test.
OV_OBJ := $(patsubst tests/oldverifier/%.c,$(B)/tests/oldverifier/%.o,$(filter-out %/main.c %/test_rules.c,$(wildcard tests/oldverifier/*.c)))

$(B)/tests/oldverifier/oldverifier: $(B)/tests/oldverifier/main.o $(OV_OBJ)
	$(CC) $(OPT) -o $@ $^ $(BPF_LIBS) -lelf -lz -lpthread
$(B)/tests/oldverifier/test_rules: $(B)/tests/oldverifier/test_rules.o $(OV_OBJ)
	$(CC) $(OPT) -o $@ $^ $(BPF_LIBS) -lelf -lz -lpthread -lcmocka

# Every object that the language cases, scripts and tools make, as if for these kernels and for this one.
.PHONY: check-oldverifier
check-oldverifier: all $(B)/tests/oldverifier/oldverifier $(B)/tests/oldverifier/test_rules $(B)/tests/cases/run
	@$(B)/tests/oldverifier/test_rules
	@B=$(B) bash tests/oldverifier/run.sh $(OV)
