SRC_USERMOD_C += $(USERMOD_DIR)/soc.c $(USERMOD_DIR)/flash.c
CFLAGS_USERMOD += -I$(USERMOD_DIR)
LDFLAGS_USERMOD += -Wl,--wrap=mp_init -Wl,--wrap=mp_hal_stdio_poll -Wl,--wrap=mp_hal_stdin_rx_chr -Wl,--wrap=mp_semihosting_init
