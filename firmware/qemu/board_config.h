// MicroPython's qemu port as a board: with time, select, asyncio, raw stdin and stdout, littlefs,
// a reset that resets, and what soc.c has.  It stands in for the port's own configuration.
#include "ports/qemu/mpconfigport.h"

#undef MICROPY_PY_SYS_STDIO_BUFFER
#define MICROPY_PY_SYS_STDIO_BUFFER (1)
#undef MICROPY_PY_SELECT
#define MICROPY_PY_SELECT (1)
#undef MICROPY_PY_ASYNCIO
#define MICROPY_PY_ASYNCIO (1)
#undef MICROPY_PY_TIME
#define MICROPY_PY_TIME (1)
#define MICROPY_PY_TIME_GMTIME_LOCALTIME_MKTIME (1)
#define MICROPY_PY_TIME_TIME_TIME_NS (1)
#define MICROPY_PY_TIME_INCLUDEFILE "time.inc.c"

#undef MICROPY_PY_MACHINE_INCLUDEFILE
#define MICROPY_PY_MACHINE_INCLUDEFILE "machine.inc.c"
#define MICROPY_PY_MACHINE_BARE_METAL_FUNCS (1)
#define MICROPY_PY_RANDOM_SEED_INIT_FUNC (soc_seed())

// Attributes are found sooner, for 900 bytes of RAM.
#define MICROPY_OPT_MAP_LOOKUP_CACHE_SIZE (1024)

// A Cortex-M0 loads native code made for one.
#if defined(QEMU_SOC_NRF51)
#define MICROPY_EMIT_THUMB (1)
#define MICROPY_EMIT_THUMB_ARMV7M (0)
#define MICROPY_EMIT_INLINE_THUMB (0)
#endif

#ifndef __ASSEMBLER__
void soc_pump(void);
void soc_wait_ms(int ms);
uint32_t soc_seed(void);
#endif

// Ctrl-C is seen while Python runs, since no interrupt tells of it.
#define MICROPY_VM_HOOK_COUNT (256)
#define MICROPY_VM_HOOK_INIT static unsigned int vm_hook = MICROPY_VM_HOOK_COUNT;
#define MICROPY_VM_HOOK_POLL if (--vm_hook == 0) { vm_hook = MICROPY_VM_HOOK_COUNT; soc_pump(); }
#define MICROPY_VM_HOOK_LOOP MICROPY_VM_HOOK_POLL
#define MICROPY_VM_HOOK_RETURN MICROPY_VM_HOOK_POLL
#define MICROPY_INTERNAL_WFE(TIMEOUT_MS) soc_wait_ms(TIMEOUT_MS)
#define MICROPY_INTERNAL_EVENT_HOOK soc_pump()
