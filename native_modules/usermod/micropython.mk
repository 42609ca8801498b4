# The core in firmware: USER_C_MODULES=/path/to/native_modules, or an include of this file.
TSME_NATIVE := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))..)
SRC_USERMOD_C += $(TSME_NATIVE)/usermod/module.c
SRC_USERMOD_LIB_C += $(sort $(wildcard $(TSME_NATIVE)/tsme_core/tsme_*.c))
CFLAGS_USERMOD += -I$(TSME_NATIVE)/tsme_core
