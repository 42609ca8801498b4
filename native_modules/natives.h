// The native functions of expressions (SPEC 2.16), written by setup/instructions.py from the table
// in functions/natives.py:
//
//   X(name, number, parameters, arity)
//
// `parameters`: where the bytes of those begin among all; `arity`: how many arguments $map and
// its like give it. A byte: what it takes, by TSME_FITS, + TSME_P_CONTEXT if the context stands
// for it, + TSME_P_OPTIONAL if it may be left out, + TSME_P_MORE if it takes several,
// + TSME_P_LAST if it is the last.

#ifndef TSME_NATIVES_H
#define TSME_NATIVES_H

enum {
    TSME_P_ARRAY = 9, // and those behind it, arrays of one kind
    TSME_P_CONTEXT = 16,
    TSME_P_OPTIONAL = 32,
    TSME_P_MORE = 64,
    TSME_P_LAST = 128,
};

// clang-format off
// Letters that a parameter takes, by TSME_P: n 1, f 2, b 4, l 8, m 16, s 32, a 64, o 128.
#define TSME_FITS \
    0x30, 0x11, 0x14, 0x90, 0xFF, 0x02, 0x32, 0x35, 0xD0, 0xFF, 0xFF, 0xFF, 0xFF

// .. and those of items, from TSME_P_ARRAY on.
#define TSME_ITEMS_FIT \
    0xFF, 0x01, 0x20, 0x80

#define TSME_PARAMETERS \
    0x8A, 0x89, 0x34, 0xA2, 0x30, 0x01, 0xA1, 0x30, 0x80, 0xB0, 0x30, 0x01, \
    0xA0, 0x30, 0x05, 0xA1, 0x30, 0x86, 0x30, 0x06, 0x06, 0xA1, 0x30, 0x06, \
    0xA1, 0x0B, 0xA0, 0x31, 0x00, 0xA3, 0x31, 0xA1, 0x31, 0x80, 0xB7, 0xB1, \
    0x31, 0x81, 0xB4, 0xC9, 0x34, 0x80, 0x04, 0x84, 0x8C, 0x02, 0xA0, 0x30, \
    0xA0, 0x31, 0x20, 0xA0, 0x04, 0xA1, 0x01, 0x01, 0xA1, 0x00, 0xA0, 0x00, \
    0x85, 0x04, 0x04, 0x81, 0xB8,

#define TSME_NATIVES(X) \
    X(SUM, 0, 0, 1) \
    X(COUNT, 1, 1, 1) \
    X(MAX, 2, 0, 1) \
    X(MIN, 3, 0, 1) \
    X(AVERAGE, 4, 0, 1) \
    X(STRING, 5, 2, 1) \
    X(SUBSTRING, 6, 4, 3) \
    X(SUBSTRING_BEFORE, 7, 7, 2) \
    X(SUBSTRING_AFTER, 8, 7, 2) \
    X(LOWERCASE, 9, 9, 1) \
    X(UPPERCASE, 10, 9, 1) \
    X(LENGTH, 11, 9, 1) \
    X(TRIM, 12, 9, 1) \
    X(PAD, 13, 10, 3) \
    X(MATCH, 14, 13, 3) \
    X(CONTAINS, 15, 16, 2) \
    X(REPLACE, 16, 18, 4) \
    X(SPLIT, 17, 22, 3) \
    X(JOIN, 18, 25, 2) \
    X(FORMAT_NUMBER, 19, 27, 3) \
    X(FORMAT_BASE, 20, 30, 2) \
    X(FORMAT_INTEGER, 21, 32, 2) \
    X(PARSE_INTEGER, 22, 7, 2) \
    X(NUMBER, 23, 34, 1) \
    X(FLOOR, 24, 35, 1) \
    X(CEIL, 25, 35, 1) \
    X(ROUND, 26, 30, 2) \
    X(ABS, 27, 35, 1) \
    X(SQRT, 28, 35, 1) \
    X(POWER, 29, 36, 2) \
    X(RANDOM, 30, 6, 1) \
    X(BOOLEAN, 31, 38, 1) \
    X(NOT, 32, 38, 1) \
    X(ZIP, 33, 39, 0) \
    X(KEYS, 34, 38, 1) \
    X(LOOKUP, 35, 40, 2) \
    X(APPEND, 36, 42, 2) \
    X(EXISTS, 37, 43, 1) \
    X(SPREAD, 38, 38, 1) \
    X(MERGE, 39, 44, 1) \
    X(REVERSE, 40, 1, 1) \
    X(ERROR, 41, 12, 1) \
    X(ASSERT, 42, 45, 2) \
    X(TYPE, 43, 43, 1) \
    X(SHUFFLE, 44, 1, 1) \
    X(DISTINCT, 45, 43, 1) \
    X(BASE64ENCODE, 46, 9, 1) \
    X(BASE64DECODE, 47, 9, 1) \
    X(ENCODE_URL_COMPONENT, 48, 9, 1) \
    X(ENCODE_URL, 49, 9, 1) \
    X(DECODE_URL_COMPONENT, 50, 9, 1) \
    X(DECODE_URL, 51, 9, 1) \
    X(TO_MILLIS, 52, 47, 2) \
    X(FROM_MILLIS, 53, 49, 3) \
    X(PARTITION, 54, 52, 2) \
    X(RANGE, 55, 54, 3) \
    X(HASH, 56, 57, 2) \
    X(UUID, 57, 12, 0) \
    X(PARSE, 58, 12, 1) \
    X(NOW, 59, 50, 2) \
    X(MILLIS, 60, 12, 0) \
    X(MATCHES, 61, 59, 2) \
    X(REPLACEMENT, 62, 43, 1) \
    X(COMPARE, 63, 61, 3) \
    X(CLONE, 64, 64, 1)
// clang-format on

#endif
