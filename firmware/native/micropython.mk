SRC_USERMOD_C += $(USERMOD_DIR)/encode.c
include $(USERMOD_DIR)/../../native_modules/usermod/micropython.mk
