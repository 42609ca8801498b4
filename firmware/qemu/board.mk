# What the three boards have in common; their mpconfigboard.mk include it.
TSME_QEMU := $(dir $(lastword $(MAKEFILE_LIST)))
CFLAGS += -I$(TSME_QEMU) -DMP_CONFIGFILE='<board_config.h>'
SRC_BOARD_O += shared/timeutils/timeutils.o
MICROPY_VFS_LFS2 = 1
