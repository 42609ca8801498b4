// The machine: a computer with a C library. It counts no instructions.

#include "port.h"

#include <stdio.h>
#include <stdlib.h>

static int port_argc;
static char **port_argv;

int port_arguments(char **argv, int most)
{
    int n = port_argc < most ? port_argc : most;
    for (int i = 0; i < n; i++) {
        argv[i] = port_argv[i];
    }
    return n;
}

int32_t port_read(const char *path, uint8_t *to, uint32_t most)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return -1;
    }
    size_t size = fread(to, 1, most, file);
    return fclose(file) ? -1 : (int32_t)size;
}

int port_write(const char *path, const uint8_t *from, uint32_t size)
{
    FILE *file = fopen(path, "wb");
    if (!file) {
        return -1;
    }
    size_t done = fwrite(from, 1, size, file);
    return fclose(file) || done != size ? -1 : 0;
}

void port_print(const char *text)
{
    fputs(text, stdout);
}

static int digit(int c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

int port_function(void *context, struct tsme_call *call)
{
    (void)context;
    printf("call %u ", (unsigned)call->function);
    for (uint32_t i = 0; i < call->args_size; i++) {
        printf("%02x", call->args[i]);
    }
    printf("\n");
    fflush(stdout);
    int err;
    if (scanf("%d", &err) != 1) {
        return TSME_ERR_CALL;
    }
    getchar();
    for (int c; (c = getchar()) != '\n'; call->size++) {
        int low = getchar();
        if (c == EOF || low == EOF) {
            return TSME_ERR_CALL;
        }
        if (call->size < call->room) {
            call->out[call->size] = (uint8_t)(digit(c) << 4 | digit(low));
        }
    }
    return err;
}

void port_exit(int code)
{
    exit(code);
}

uint32_t port_instructions(void)
{
    return 0;
}

void port_loop(uint32_t n)
{
    (void)n;
}

int bare_main(void);

int main(int argc, char **argv)
{
    port_argc = argc;
    port_argv = argv;
    return bare_main();
}
