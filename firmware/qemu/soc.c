// The emulated chip: counter, sleep, reset, flash, and the UART as stdin.
#include <string.h>

#include "py/gc.h"
#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/ringbuf.h"
#include "py/runtime.h"
#include "py/stackctrl.h"
#include "py/stream.h"
#include "shared/runtime/interrupt_char.h"
#include "shared/runtime/pyexec.h"

#include "soc.h"
#include "uart.h"

#define REG(address) (*(volatile uint32_t *)(address))
#define MAGIC (0x74736d65)

int __real_mp_hal_stdin_rx_chr(void);
void __real_mp_init(void);

// --- what outlives a reset ---

#if defined(QEMU_SOC_MPS2)
#define KEPT ((kept_t *)0x00300000)
#elif defined(QEMU_SOC_VIRT)
#define KEPT ((kept_t *)0x80700000)
#else
extern kept_t _kept;
#define KEPT (&_kept)
#endif

static uint32_t cause;
static uint64_t before_us;  // the clock, when the counter began

static void begin(void) {
    if (cause) {
        return;
    }
    kept_t *k = KEPT;
    if (k->magic != MAGIC) {
        memset(k, 0, sizeof(*k));
        k->magic = MAGIC;
        k->cause = CAUSE_POWER_ON;
    }
    cause = k->cause;
    k->cause = CAUSE_RESET;
    k->boots++;
    before_us = k->time_us;
}

uint32_t soc_reset_cause(void) {
    begin();
    return cause;
}

uint32_t soc_seed(void) {
    begin();
    return (uint32_t)soc_uptime_us() ^ (uint32_t)soc_time_us() ^ KEPT->boots * 2654435761u;
}

// --- time ---

static uint32_t counter(void);  // of microseconds or parts of one
static void wait_for_event(uint32_t ms);  // so long, or a bit less; 8 at most

#if defined(QEMU_SOC_MPS2)

#define PER_US (25)
#define TIMER (0x40000000)

static uint32_t counter(void) {
    if (!(REG(TIMER) & 1)) {
        REG(TIMER + 8) = 0xffffffff;
        REG(TIMER + 4) = 0xffffffff;
        REG(TIMER) = 1;
    }
    return ~REG(TIMER + 4);
}

#elif defined(QEMU_SOC_NRF51)

#define PER_US (1)
#define TIMER (0x40008000)

static uint32_t counter(void) {
    if (REG(TIMER + 0x508) != 3) {
        REG(TIMER + 0x508) = 3;  // 32 bits
        REG(TIMER + 0x510) = 4;  // 1 MHz
        REG(TIMER) = 1;
    }
    REG(TIMER + 0x40) = 1;
    return REG(TIMER + 0x540);
}

#elif defined(QEMU_SOC_VIRT)

#define PER_US (10)
#define MTIME (0x0200bff8)
#define MTIMECMP (0x02004000)

static uint32_t counter(void) {
    return REG(MTIME);
}

static void wait_for_event(uint32_t ms) {
    uint32_t low, high;
    do {
        high = REG(MTIME + 4);
        low = REG(MTIME);
    } while (high != REG(MTIME + 4));
    uint64_t then = ((uint64_t)high << 32 | low) + ms * 1000 * PER_US;
    REG(MTIMECMP + 4) = 0xffffffff;
    REG(MTIMECMP) = (uint32_t)then;
    REG(MTIMECMP + 4) = then >> 32;
    // It is enough that it is pending: interrupts as such are off.
    __asm volatile ("csrs mie, %0\n wfi\n csrc mie, %0" : : "r" (0x80));
}

#endif

#if defined(QEMU_SOC_MPS2) || defined(QEMU_SOC_NRF51)

#define SYSTICK (0xe000e010)

static void wait_for_event(uint32_t ms) {
    __asm volatile ("cpsid i" : : : "memory");
    REG(SYSTICK + 4) = 16000 * ms;  // of the processor's clock, which is no slower
    REG(SYSTICK + 8) = 0;
    REG(SYSTICK) = 7;
    __asm volatile ("wfi");
    REG(SYSTICK) = 0;
    REG(0xe000ed04) = 1 << 25;  // it is not to be handled, it was to wake
    __asm volatile ("cpsie i" : : : "memory");
}

#endif

uint64_t soc_uptime_us(void) {
    static uint64_t ticks;
    static uint32_t last;
    static bool begun;
    uint32_t now = counter();
    if (!begun) {  // some counters go on over a reset
        begun = true;
        last = now;
    }
    ticks += now - last;
    last = now;
    return ticks / PER_US;
}

uint64_t soc_time_us(void) {
    begin();
    return before_us + soc_uptime_us();
}

void soc_set_time_us(uint64_t us) {
    begin();
    before_us = us - soc_uptime_us();
}

mp_uint_t mp_hal_ticks_ms(void) {
    return soc_uptime_us() / 1000;
}

mp_uint_t mp_hal_ticks_us(void) {
    return soc_uptime_us();
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return counter();
}

uint64_t mp_hal_time_ns(void) {
    return soc_time_us() * 1000;
}

void mp_hal_delay_us(mp_uint_t us) {
    uint64_t end = soc_uptime_us() + us;
    while (soc_uptime_us() < end) {
    }
}

void mp_hal_delay_ms(mp_uint_t ms) {
    uint64_t end = soc_uptime_us() + (uint64_t)ms * 1000;
    while (soc_uptime_us() < end) {
        mp_handle_pending(true);
        soc_pump();
        wait_for_event(1);
    }
}

// --- reset ---

void soc_reset(uint32_t why, uint32_t ms) {
    // Asleep the chip hears nothing.
    uint64_t end = soc_uptime_us() + (uint64_t)ms * 1000;
    while (soc_uptime_us() < end) {
        wait_for_event(8);
    }
    KEPT->cause = why;
    KEPT->time_us = soc_time_us();
    #if defined(QEMU_SOC_VIRT)
    REG(0x00100000) = 0x7777;
    #else
    REG(0xe000ed0c) = 0x05fa0004;
    #endif
    for (;;) {
    }
}

// --- flash ---

#if defined(QEMU_SOC_NRF51)

#define NVMC (0x4001e000)
#define PAGE (1024)

void soc_flash_erase(uint32_t address) {
    REG(NVMC + 0x504) = 2;
    for (uint32_t page = address; page < address + FLASH_BLOCK; page += PAGE) {
        REG(NVMC + 0x508) = page;
    }
    REG(NVMC + 0x504) = 0;
}

void soc_flash_program(uint32_t address, const uint8_t *from, size_t count) {
    REG(NVMC + 0x504) = 1;
    while (count) {
        // Whole words only: what is around stays as it is, since FF clears no bit.
        uint32_t word = 0xffffffff;
        uint32_t at = address & 3;
        size_t n = MIN(4 - at, count);
        memcpy((uint8_t *)&word + at, from, n);
        REG(address & ~3) = word;
        address += n;
        from += n;
        count -= n;
    }
    REG(NVMC + 0x504) = 0;
}

#else

// RAM that stands in for NOR flash: erasing sets bits, programming clears them, byte after byte.

void soc_flash_erase(uint32_t address) {
    volatile uint32_t *to = (volatile uint32_t *)address;
    for (size_t i = 0; i < FLASH_BLOCK / 4; i++) {
        to[i] = 0xffffffff;
    }
}

void soc_flash_program(uint32_t address, const uint8_t *from, size_t count) {
    volatile uint8_t *to = (volatile uint8_t *)address;
    for (size_t i = 0; i < count; i++) {
        to[i] &= from[i];
    }
}

#endif

// --- stdin and stdout: the UART ---

static uint8_t received[1024];
static ringbuf_t input = { received, sizeof(received), 0, 0 };

void soc_pump(void) {
    while (ringbuf_free(&input)) {
        int c = uart_rx_chr();
        if (c < 0) {
            return;
        }
        if (c == mp_interrupt_char) {
            mp_sched_keyboard_interrupt();
        } else {
            ringbuf_put(&input, c);
        }
    }
}

void soc_wait_ms(int ms) {
    // Something comes, or so much time goes by; whoever waits asks again.
    soc_pump();
    if (ms != 0 && !ringbuf_avail(&input)) {
        wait_for_event(ms < 0 || ms > 8 ? 8 : ms);
        soc_pump();
    }
}

uintptr_t __wrap_mp_hal_stdio_poll(uintptr_t flags) {
    soc_pump();
    uintptr_t found = flags & MP_STREAM_POLL_WR;
    if ((flags & MP_STREAM_POLL_RD) && ringbuf_avail(&input)) {
        found |= MP_STREAM_POLL_RD;
    }
    return found;
}

int __wrap_mp_hal_stdin_rx_chr(void) {
    for (;;) {
        soc_pump();
        int c = ringbuf_get(&input);
        if (c >= 0) {
            return c;
        }
        mp_handle_pending(true);
        wait_for_event(4);
    }
}

#if defined(QEMU_SOC_NRF51)

// The port writes without looking whether the byte before has gone.
void __wrap_uart_tx_strn(const char *text, size_t count) {
    for (size_t i = 0; i < count; i++) {
        REG(0x4000211c) = 0;
        REG(0x4000251c) = (uint8_t)text[i];
        while (!REG(0x4000211c)) {
        }
    }
}

#endif

// --- boot: as other ports do it ---

void __wrap_mp_semihosting_init(void) {
    // The chip is to know nothing of the computer that it runs on.
}

void __wrap_mp_init(void) {
    static bool again;
    ringbuf_t empty = { received, sizeof(received), 0, 0 };
    begin();
    if (again) {
        cause = CAUSE_SOFT;
    } else {
        input = empty;
    }
    again = true;
    mp_stack_set_limit(24 * 1024);
    __real_mp_init();
    pyexec_frozen_module("_boot.py", false);
    pyexec_file_if_exists("boot.py");
    if (pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL) {
        pyexec_file_if_exists("main.py");
    }
}
