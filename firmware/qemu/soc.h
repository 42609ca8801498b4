// What differs between the emulated chips (soc.c), and what the modules use of it.
#ifndef TSME_QEMU_SOC_H
#define TSME_QEMU_SOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Where the flash for files and journals is: the firmware is elsewhere.
#if defined(QEMU_SOC_MPS2)
#define FLASH_BASE (0x21000000)  // the board's PSRAM, which resets leave alone
#define FLASH_SIZE (0x100000)
#elif defined(QEMU_SOC_VIRT)
#define FLASH_BASE (0x80800000)
#define FLASH_SIZE (0x100000)
#elif defined(QEMU_SOC_NRF51)
#define FLASH_BASE (0x100000)
#define FLASH_SIZE (0x60000)
#else
#error "this chip is not known"
#endif
#define FLASH_BLOCK (4096)

enum { CAUSE_POWER_ON = 1, CAUSE_RESET = 2, CAUSE_DEEP_SLEEP = 4, CAUSE_SOFT = 5 };

// What outlives a reset, and not the power.
typedef struct {
    uint32_t magic;
    uint32_t cause;  // of the reset that comes
    uint32_t boots;  // since the power came
    uint64_t time_us;  // of the clock, when that reset came; since 2000
} kept_t;

uint32_t soc_reset_cause(void);
void soc_reset(uint32_t cause, uint32_t ms) __attribute__((noreturn));
uint64_t soc_uptime_us(void);
uint64_t soc_time_us(void);
void soc_set_time_us(uint64_t us);
void soc_flash_erase(uint32_t address);
void soc_flash_program(uint32_t address, const uint8_t *from, size_t count);

#endif
