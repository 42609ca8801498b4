# The program of bare/bare_batch.c as every compiler and kind of machine has it. Undefined
# behaviour ends it everywhere; where a compiler's libraries are there, so do wrong addresses.
# gcc for other machines than this one would take away gcc -m32 (their packages conflict), so
# clang is the cross compiler; powerpc has 32 bits and s390x has 64, both the high byte first.

BATCH = $(ENGINE) bare/bare_batch.c bare/bare_cases.c bare/port_host.c
TRAP = -DTSME_ALL_NATIVES=1 -O1 -g -fsanitize=undefined -fsanitize-trap=undefined
CROSSED = --target=$*-linux-gnu -B/usr/$*-linux-gnu/lib -L/usr/$*-linux-gnu/lib -static -Wl,--no-warn-rwx-segments
BATCHES = gcc64 gcc64-stress clang64 gcc32 clang32 powerpc s390x

batch: $(BATCHES:%=$(BUILD)/batch-%) $(BUILD)/batch-m3.elf

$(BUILD)/batch-gcc64: COMPILE = gcc $(HOST)
$(BUILD)/batch-gcc64-stress: COMPILE = gcc $(HOST) -DTSME_STRESS=1
$(BUILD)/batch-clang64: COMPILE = clang $(HOST)
$(BUILD)/batch-gcc32: COMPILE = gcc -m32 $(HOST)
$(BUILD)/batch-clang32: COMPILE = clang -m32 $(TRAP)
$(BUILD)/batch-powerpc $(BUILD)/batch-s390x: COMPILE = clang $(TRAP) $(CROSSED)

$(BATCHES:%=$(BUILD)/batch-%): $(BUILD)/batch-%: $(BATCH) $(HEADERS) Makefile builds.mk
	@mkdir -p $(BUILD)
	$(COMPILE) $(WARN) -DBATCH_MAX=0x4000000 -o $@ $(filter %.c,$^)

$(BUILD)/batch-m3.elf: $(ENGINE) bare/bare_batch.c bare/bare_cases.c bare/port_m3.c $(HEADERS) bare/m3.ld Makefile builds.mk
	@mkdir -p $(BUILD)
	$(CROSS)gcc $(subst -std=c99,-std=gnu99,$(WARN)) -Wno-pedantic $(M3) -nostartfiles -T bare/m3.ld \
		-Wl,--gc-sections -o $@ $(filter %.c,$^)

# The journal alone, over memory that stands in for flash (bare/bare_journal.c).

JOURNAL = $(wildcard tsme_journal*.c) tsme_crc.c tsme_math.c bare/bare_journal.c
JOURNALS = gcc64 gcc32 powerpc s390x

journal: $(JOURNALS:%=$(BUILD)/journal-%) $(BUILD)/journal-m3.elf $(BUILD)/journal-m3-crc256.elf

$(BUILD)/journal-gcc64: COMPILE = gcc $(HOST)
$(BUILD)/journal-gcc32: COMPILE = gcc -m32 $(HOST)
$(BUILD)/journal-powerpc $(BUILD)/journal-s390x: COMPILE = clang $(TRAP) $(CROSSED)

$(JOURNALS:%=$(BUILD)/journal-%): $(BUILD)/journal-%: $(JOURNAL) bare/port_host.c $(HEADERS) Makefile builds.mk
	@mkdir -p $(BUILD)
	$(COMPILE) $(WARN) -o $@ $(filter %.c,$^)

$(BUILD)/journal-m3.elf $(BUILD)/journal-m3-crc256.elf: $(JOURNAL) bare/port_m3.c $(HEADERS) bare/m3.ld Makefile builds.mk
	@mkdir -p $(BUILD)
	$(CROSS)gcc $(subst -std=c99,-std=gnu99,$(WARN)) -Wno-pedantic $(M3) $(TABLE) -nostartfiles -T bare/m3.ld \
		-Wl,--gc-sections -o $@ $(filter %.c,$^)
$(BUILD)/journal-m3-crc256.elf: TABLE = -DTSME_CRC_TABLE=256

# Arithmetic alone (bare/bare_arithmetic.c); what it does not call is left out.

ARITHMETIC = tsme_binary64.c tsme_number.c tsme_math.c tsme_value.c bare/bare_arithmetic.c
ARITHMETICS = clang64 gcc32 powerpc s390x
SECTIONS = -ffunction-sections -Wl,--gc-sections

arithmetic: $(ARITHMETICS:%=$(BUILD)/arithmetic-%)

$(BUILD)/arithmetic-clang64: COMPILE = clang $(TRAP)
$(BUILD)/arithmetic-gcc32: COMPILE = gcc -m32 $(HOST)
$(BUILD)/arithmetic-powerpc $(BUILD)/arithmetic-s390x: COMPILE = clang $(TRAP) $(CROSSED)

$(ARITHMETICS:%=$(BUILD)/arithmetic-%): $(BUILD)/arithmetic-%: $(ARITHMETIC) $(HEADERS) Makefile builds.mk
	@mkdir -p $(BUILD)
	$(COMPILE) $(SECTIONS) $(WARN) -o $@ $(filter %.c,$^)

# libFuzzer's targets: make fuzz, in the folder above, runs them.
FUZZ = -DTSME_ALL_NATIVES=1 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
FUZZERS = run checkpoint value journal

fuzzers: $(FUZZERS:%=$(BUILD)/fuzz-%)

$(BUILD)/fuzz-run: FUZZED = fuzz/fuzz_cases.c bare/bare_cases.c
$(BUILD)/fuzz-checkpoint: FUZZED = -DFUZZ_CHECKPOINT=1 fuzz/fuzz_cases.c bare/bare_cases.c
$(BUILD)/fuzz-value: FUZZED = fuzz/fuzz_value.c
$(BUILD)/fuzz-journal: FUZZED = fuzz/fuzz_journal.c

$(FUZZERS:%=$(BUILD)/fuzz-%): $(BUILD)/fuzz-%: $(ENGINE) $(HEADERS) bare/bare_cases.c fuzz/fuzz_cases.c \
		fuzz/fuzz_value.c fuzz/fuzz_journal.c Makefile builds.mk
	@mkdir -p $(BUILD)
	clang $(FUZZ) $(WARN) -o $@ $(ENGINE) $(FUZZED)

.PHONY: batch journal arithmetic fuzzers
