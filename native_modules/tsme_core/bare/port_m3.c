// The machine: QEMU's mps2-an385, a bare Cortex-M3. Files, output and the exit code go
// through semihosting (a breakpoint that QEMU answers).
//
// Under `-icount shift=10` an instruction takes 1,024 ns of the machine's time, so the
// board's 25 MHz timer counts 25.6 ticks for each and the instructions come out exactly.

#include "port.h"

#include <string.h>

enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE0 = 0x04,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT_EXTENDED = 0x20,
    ADP_STOPPED_APPLICATION_EXIT = 0x20026,
    MODE_RB = 1,
    MODE_WB = 5,
};

static uint32_t port_call(uint32_t number, const void *block)
{
    register uint32_t r0 __asm__("r0") = number;
    register const void *r1 __asm__("r1") = block;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

int port_arguments(char **argv, int most)
{
    static char line[512];
    uint32_t block[2] = {(uint32_t)line, sizeof line};
    if (port_call(SYS_GET_CMDLINE, block)) {
        return 0;
    }
    int n = 0;
    for (char *at = line; *at && n < most;) {
        argv[n++] = at;
        while (*at && *at != ' ') {
            at++;
        }
        while (*at == ' ') {
            *at++ = 0;
        }
    }
    return n;
}

static uint32_t port_open(const char *path, uint32_t mode)
{
    uint32_t block[3] = {(uint32_t)path, mode, (uint32_t)strlen(path)};
    return port_call(SYS_OPEN, block);
}

int32_t port_read(const char *path, uint8_t *to, uint32_t most)
{
    uint32_t file = port_open(path, MODE_RB);
    if (file == UINT32_MAX) {
        return -1;
    }
    uint32_t block[3] = {file, (uint32_t)to, most};
    uint32_t left = port_call(SYS_READ, block);
    (void)port_call(SYS_CLOSE, block);
    return (int32_t)(most - left);
}

int port_write(const char *path, const uint8_t *from, uint32_t size)
{
    uint32_t file = port_open(path, MODE_WB);
    if (file == UINT32_MAX) {
        return -1;
    }
    uint32_t block[3] = {file, (uint32_t)from, size};
    uint32_t left = port_call(SYS_WRITE, block);
    (void)port_call(SYS_CLOSE, block);
    return left ? -1 : 0;
}

void port_print(const char *text)
{
    (void)port_call(SYS_WRITE0, text);
}

void port_exit(int code)
{
    uint32_t block[2] = {ADP_STOPPED_APPLICATION_EXIT, (uint32_t)code};
    (void)port_call(SYS_EXIT_EXTENDED, block);
    for (;;) {
    }
}

// CMSDK timer 0: control, value, reload. It counts down.
#define TIMER ((volatile uint32_t *)0x40000000)

int port_function(void *context, struct tsme_call *call)
{
    (void)context;
    (void)call;
    return TSME_ERR_CALL;
}

uint32_t port_instructions(void)
{
    static uint64_t ticks; // since the first call
    static uint32_t last;
    if (!(TIMER[0] & 1)) {
        TIMER[2] = UINT32_MAX;
        TIMER[1] = UINT32_MAX;
        TIMER[0] = 1;
        last = UINT32_MAX;
    }
    uint32_t value = TIMER[1];
    ticks += last - value;
    last = value;
    return (uint32_t)((ticks * 40 + 512) / 1024);
}

void port_loop(uint32_t n)
{
    __asm__ volatile("1: subs %0, #1\n bne 1b" : "+l"(n) : : "cc");
}

/// Start ///

extern uint32_t port_stack_top, port_data_from, port_data, port_data_end, port_bss, port_bss_end;

int bare_main(void);

static void port_reset(void)
{
    memcpy(&port_data, &port_data_from, (uint32_t)&port_data_end - (uint32_t)&port_data);
    memset(&port_bss, 0, (uint32_t)&port_bss_end - (uint32_t)&port_bss);
    port_exit(bare_main());
}

static void port_fault(void)
{
    port_print("fault\n");
    port_exit(3);
}

__attribute__((section(".vectors"), used)) static const void *const port_vectors[16] = {
    &port_stack_top, port_reset, port_fault, port_fault, port_fault, port_fault, port_fault,
};
