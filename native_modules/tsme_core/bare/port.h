// What the core's main program needs of the machine it runs on: arguments, files, one
// line of output, and a counter of executed instructions. port_host.c has them on the C
// library, port_m3.c on ARM semihosting.

#ifndef PORT_H
#define PORT_H

#include "../tsme.h"

#include <stdint.h>

// Splits the command line at its spaces into `argv`; how many there are.
int port_arguments(char **argv, int most);

// Reads a whole file; its bytes, or -1.
int32_t port_read(const char *path, uint8_t *to, uint32_t most);
int port_write(const char *path, const uint8_t *from, uint32_t size);
void port_print(const char *text);
void port_exit(int code);

// Asks who started the program for what the core leaves to its caller: sends a line, `call`
// with the function's number and its arguments in hexadecimal, and takes one, an error of
// tsme.h and the result. Where there is nobody to ask it gives TSME_ERR_CALL.
int port_function(void *context, struct tsme_call *call);

// Instructions executed so far, modulo 2^32; always 0 where nobody counts.
uint32_t port_instructions(void);

// Executes `n` rounds of a loop of two instructions.
void port_loop(uint32_t n);

#endif
