QEMU_ARCH = arm
QEMU_MACHINE = mps2-an385
MICROPY_HEAP_SIZE = 262144

CFLAGS += -mthumb -mcpu=cortex-m3 -mfloat-abi=soft
CFLAGS += -DQEMU_SOC_MPS2 -DMICROPY_HW_MCU_NAME='"Cortex-M3"'
SRC_BOARD_O = shared/runtime/gchelper_native.o shared/runtime/gchelper_thumb2.o
MPY_CROSS_FLAGS += -march=armv7m

include $(BOARD_DIR)/../../qemu/board.mk
LDSCRIPT = $(TSME_QEMU)mps2.ld
