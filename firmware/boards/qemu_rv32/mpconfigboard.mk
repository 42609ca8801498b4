QEMU_ARCH = riscv32
QEMU_MACHINE = virt
MICROPY_HEAP_SIZE = 262144

CFLAGS += -DQEMU_SOC_VIRT -DMICROPY_HW_MCU_NAME='"RV32IMAC"'
SRC_BOARD_O += shared/runtime/gchelper_native.o shared/runtime/gchelper_rv32i.o
MPY_CROSS_FLAGS += -march=rv32imc

include $(BOARD_DIR)/../../qemu/board.mk
LDSCRIPT = $(TSME_QEMU)virt.ld
