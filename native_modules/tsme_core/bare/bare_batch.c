// Runs many executions, one after the other, and writes what each made:
//
//     batch CASES ANSWERS
//
// cases.h says what is in these files. The same program and the same files do on every computer
// and on the Cortex-M3, so that all builds are compared with one another.

#include "cases.h"
#include "port.h"

#ifndef BATCH_MAX
#define BATCH_MAX 0x100000 // bytes of CASES, and of ANSWERS
#endif

enum { MEMORY_MAX = 0x80000, KEPT_MAX = 0x10000 };

static uint8_t batch[BATCH_MAX];
static uint8_t answers[BATCH_MAX];
static uint64_t memory[MEMORY_MAX / 8];
static uint8_t kept[KEPT_MAX];
static struct cases cases;

int bare_main(void)
{
    char *argv[3];
    if (port_arguments(argv, 3) < 3) {
        port_print("batch CASES ANSWERS\n");
        return 2;
    }
    cases.memory = (uint8_t *)memory;
    cases.memory_size = sizeof memory;
    cases.kept = kept;
    cases.kept_size = sizeof kept;
    cases.out = answers;
    cases.out_size = sizeof answers;
    int32_t size = port_read(argv[1], batch, sizeof batch);
    struct cases_reader in = {batch, batch + (size > 0 ? size : 0), size > 0};
    while (in.good && in.at < in.end) {
        cases_run(&cases, &in);
    }
    if (!in.good || cases.full || port_write(argv[2], answers, cases.written)) {
        port_print("CASES is no batch, or ANSWERS cannot be written\n");
        return 2;
    }
    return 0;
}
