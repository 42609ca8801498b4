QEMU_ARCH = arm
QEMU_MACHINE = microbit
MICROPY_HEAP_SIZE = 143360

CFLAGS += -mthumb -mcpu=cortex-m0 -mfloat-abi=soft
CFLAGS += -DQEMU_SOC_NRF51 -DMICROPY_HW_MCU_NAME='"Cortex-M0"'
SRC_BOARD_O = shared/runtime/gchelper_native.o shared/runtime/gchelper_thumb1.o
MPY_CROSS_FLAGS += -march=armv6m

include $(BOARD_DIR)/../../qemu/board.mk
LDSCRIPT = $(TSME_QEMU)nrf51.ld
LDFLAGS += -Wl,--wrap=uart_tx_strn
