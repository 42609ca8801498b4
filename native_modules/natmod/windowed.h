// Debian's assembler for Xtensa is that of the LX106, which has no register windows; its compiler
// can make code for them (-mabi=windowed), as the ESP32 and ESP32-S3 have them. So the
// instructions that the assembler lacks are macros here, which write their bytes.

#ifndef TSME_WINDOWED_H
#define TSME_WINDOWED_H

// clang-format off
__asm__(
    // .Lr_a5 is 5, so that a macro can make a number of a register's name.
    ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    ".set .Lr_a\\n, \\n\n"
    ".endr\n"
    ".set .Lr_sp, 1\n"
    ".macro .Lthree v\n .byte (\\v) & 255, ((\\v) >> 8) & 255, ((\\v) >> 16) & 255\n.endm\n"
    ".macro entry r, bytes\n .Lthree (0x36 | (.Lr_\\r << 8) | (((\\bytes) >> 3) << 12))\n.endm\n"
    ".macro movsp t, s\n .Lthree (0x001000 | (.Lr_\\t << 4) | (.Lr_\\s << 8))\n.endm\n"
    ".macro retw\n .Lthree 0x000090\n.endm\n"
    ".macro retw.n\n .byte 0x1d, 0xf0\n.endm\n"
    ".macro callx8 r\n .Lthree (0xe0 | (.Lr_\\r << 8))\n.endm\n"
    ".macro call8 target\n movi a8, \\target\n callx8 a8\n.endm\n");
// clang-format on

#endif
