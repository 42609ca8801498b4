# The program of bare/bare_batch.c as every compiler and kind of machine has it. Undefined
# behaviour ends it everywhere; where a compiler's libraries are there, so do wrong addresses.
# gcc for other machines than this one would take away gcc -m32 (their packages conflict), so
# clang is the cross compiler; powerpc has 32 bits and s390x has 64, both the high byte first.

TRAP = -DTSME_ALL_NATIVES=1 -DBATCH_MAX=0x4000000 -O1 -g1 -fsanitize=undefined -fsanitize-trap=undefined
linked = -B/usr/$1-linux-gnu/lib -L/usr/$1-linux-gnu/lib -static -Wl,--no-warn-rwx-segments
CLANG64 = clang $(HOST)
GCC32 = gcc -m32 $(HOST)
CLANG32 = clang -m32 $(TRAP)
POWERPC = clang $(TRAP) --target=powerpc-linux-gnu
S390X = clang $(TRAP) --target=s390x-linux-gnu
$(eval $(call kind,clang64,$(CLANG64) $(WARN)))
$(eval $(call kind,gcc32,$(GCC32) $(WARN)))
$(eval $(call kind,clang32,$(CLANG32) $(WARN)))
$(eval $(call kind,powerpc,$(POWERPC) $(WARN)))
$(eval $(call kind,s390x,$(S390X) $(WARN)))

$(BUILD)/%-gcc64 $(BUILD)/%-gcc64-stress: LINK = gcc $(HOST)
$(BUILD)/%-clang64: LINK = $(CLANG64)
$(BUILD)/%-gcc32: LINK = $(GCC32)
$(BUILD)/%-clang32: LINK = $(CLANG32)
$(BUILD)/%-powerpc: LINK = $(POWERPC) $(call linked,powerpc)
$(BUILD)/%-s390x: LINK = $(S390X) $(call linked,s390x)

# programs NAME,KINDS,SOURCES: one of each kind.
define program
$(BUILD)/$1-$2: $(call compiled,$2,$3)
	$$(LINK) -o $$@ $$^
endef
programs = $(foreach kind,$2,$(eval $(call program,$1,$(kind),$3)))

BATCH = $(ENGINE) bare/bare_batch.c bare/bare_cases.c
BATCHES = gcc64 clang64 gcc32 clang32 powerpc s390x
$(call programs,batch,$(BATCHES),$(BATCH) bare/port_host.c)
$(BUILD)/batch-gcc64-stress: $(call stressed,gcc64,$(BATCH) bare/port_host.c)
	$(LINK) -o $@ $^
$(BUILD)/batch-m3.elf: $(call compiled,m3,$(BATCH) bare/port_m3.c) bare/m3.ld
	$(LINK_M3)

batch: $(BATCHES:%=$(BUILD)/batch-%) $(BUILD)/batch-gcc64-stress $(BUILD)/batch-m3.elf

# The journal alone, over memory that stands in for flash (bare/bare_journal.c).

JOURNAL = $(wildcard tsme_journal*.c) tsme_crc.c tsme_math.c bare/bare_journal.c
JOURNALS = gcc64 gcc32 powerpc s390x
$(call programs,journal,$(JOURNALS),$(JOURNAL) bare/port_host.c)
$(BUILD)/journal-m3.elf: $(call compiled,m3,$(JOURNAL) bare/port_m3.c)
$(BUILD)/journal-m3-crc256.elf: $(call tabled,m3,$(JOURNAL) bare/port_m3.c)
$(BUILD)/journal-m3.elf $(BUILD)/journal-m3-crc256.elf: bare/m3.ld
	$(LINK_M3)

journal: $(JOURNALS:%=$(BUILD)/journal-%) $(BUILD)/journal-m3.elf $(BUILD)/journal-m3-crc256.elf

# Arithmetic alone (bare/bare_arithmetic.c).

ARITHMETICS = clang64 gcc32 powerpc s390x
$(call programs,arithmetic,$(ARITHMETICS),$(ENGINE) bare/bare_arithmetic.c)

arithmetic: $(ARITHMETICS:%=$(BUILD)/arithmetic-%)

# libFuzzer's targets: make fuzz, in the folder above, runs them.
FUZZ = clang -DTSME_ALL_NATIVES=1 -O1 -g1 $(SANITIZE)
FUZZERS = run checkpoint value journal
$(eval $(call kind,fuzz,$(FUZZ) -fsanitize=fuzzer-no-link $(WARN)))
$(eval $(call kind,checkpoint,$(FUZZ) -fsanitize=fuzzer-no-link -DFUZZ_CHECKPOINT=1 $(WARN)))
$(BUILD)/fuzz-%: LINK = $(FUZZ) -fsanitize=fuzzer

fuzzers: $(FUZZERS:%=$(BUILD)/fuzz-%)

FUZZED = $(call compiled,fuzz,$(ENGINE))
CASES = $(call compiled,fuzz,bare/bare_cases.c)
$(BUILD)/fuzz-run: $(FUZZED) $(CASES) $(call compiled,fuzz,fuzz/fuzz_cases.c)
$(BUILD)/fuzz-checkpoint: $(FUZZED) $(CASES) $(call compiled,checkpoint,fuzz/fuzz_cases.c)
$(BUILD)/fuzz-value: $(FUZZED) $(call compiled,fuzz,fuzz/fuzz_value.c)
$(BUILD)/fuzz-journal: $(FUZZED) $(call compiled,fuzz,fuzz/fuzz_journal.c)
$(FUZZERS:%=$(BUILD)/fuzz-%):
	$(LINK) -o $@ $^

.PHONY: batch journal arithmetic fuzzers
