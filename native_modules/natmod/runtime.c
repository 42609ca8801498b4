// What a native module cannot link to: copying, which MicroPython's table of functions has,
// comparing, and what GCC leaves to its library, where Debian has none for the chip.

#include "py/dynruntime.h"

#include <string.h>

void *memmove(void *to, const void *from, size_t size)
{
    return mp_fun_table.memmove_(to, from, size);
}

// Not as memmove is: of two functions with one body GCC makes one that calls the other, and a call
// of memcpy becomes instructions that do not look whether what they copy overlaps.
void *memcpy(void *to, const void *from, size_t size)
{
    return memmove(to, from, size);
}

void *memset(void *to, int byte, size_t size)
{
    return mp_fun_table.memset_(to, byte, size);
}

int memcmp(const void *a, const void *b, size_t size)
{
    const uint8_t *x = a;
    const uint8_t *y = b;
    for (size_t i = 0; i < size; i++) {
        if (x[i] != y[i]) {
            return x[i] - y[i];
        }
    }
    return 0;
}

#ifdef TSME_RUNTIME_DIVIDES

// A number of 64 bits by its halves, so that nothing here calls what it is to stand in for.
union halves {
    uint64_t whole;
    struct {
        uint32_t low, high; // little-endian, as both chips are
    };
};

uint32_t __udivsi3(uint32_t n, uint32_t by);
uint32_t __umodsi3(uint32_t n, uint32_t by);
int32_t __divsi3(int32_t n, int32_t by);
int32_t __modsi3(int32_t n, int32_t by);
uint64_t __udivdi3(uint64_t n, uint64_t by);
uint64_t __umoddi3(uint64_t n, uint64_t by);
uint64_t __muldi3(uint64_t a, uint64_t b);
uint64_t __lshrdi3(uint64_t n, int by);
uint64_t __ashldi3(uint64_t n, int by);
int __ctzsi2(uint32_t n);
int __clzsi2(uint32_t n);

static uint32_t divide(uint32_t n, uint32_t by, uint32_t *rest)
{
    uint32_t left = 0;
    for (int i = 0; i < 32; i++) {
        uint32_t carry = left >> 31;
        left = left << 1 | n >> 31;
        n <<= 1;
        if (carry || left >= by) {
            left -= by;
            n |= 1;
        }
    }
    *rest = left;
    return n;
}

uint32_t __udivsi3(uint32_t n, uint32_t by)
{
    uint32_t rest;
    return divide(n, by, &rest);
}

uint32_t __umodsi3(uint32_t n, uint32_t by)
{
    uint32_t rest;
    divide(n, by, &rest);
    return rest;
}

static uint32_t size_of(int32_t n)
{
    return n < 0 ? 0u - (uint32_t)n : (uint32_t)n;
}

int32_t __divsi3(int32_t n, int32_t by)
{
    uint32_t got = __udivsi3(size_of(n), size_of(by));
    return (int32_t)((n ^ by) < 0 ? 0u - got : got);
}

int32_t __modsi3(int32_t n, int32_t by)
{
    uint32_t got = __umodsi3(size_of(n), size_of(by));
    return (int32_t)(n < 0 ? 0u - got : got);
}

static void divide_long(union halves *n, union halves by, union halves *rest)
{
    rest->low = rest->high = 0;
    for (int i = 0; i < 64; i++) {
        uint32_t carry = rest->high >> 31;
        rest->high = rest->high << 1 | rest->low >> 31;
        rest->low = rest->low << 1 | n->high >> 31;
        n->high = n->high << 1 | n->low >> 31;
        n->low <<= 1;
        if (carry || rest->high > by.high || (rest->high == by.high && rest->low >= by.low)) {
            uint32_t borrow = rest->low < by.low;
            rest->low -= by.low;
            rest->high -= by.high + borrow;
            n->low |= 1;
        }
    }
}

uint64_t __udivdi3(uint64_t n, uint64_t by)
{
    union halves got = {n}, rest;
    divide_long(&got, (union halves){by}, &rest);
    return got.whole;
}

uint64_t __umoddi3(uint64_t n, uint64_t by)
{
    union halves got = {n}, rest;
    divide_long(&got, (union halves){by}, &rest);
    return rest.whole;
}

uint64_t __muldi3(uint64_t a, uint64_t b)
{
    union halves x = {a}, y = {b}, out;
    uint32_t cross = (x.low >> 16) * (y.low & 0xFFFF);
    uint32_t other = (x.low & 0xFFFF) * (y.low >> 16);
    uint32_t low = (x.low & 0xFFFF) * (y.low & 0xFFFF);
    uint32_t middle = (low >> 16) + (cross & 0xFFFF) + (other & 0xFFFF);
    out.low = middle << 16 | (low & 0xFFFF);
    out.high = (x.low >> 16) * (y.low >> 16) + (cross >> 16) + (other >> 16) + (middle >> 16);
    out.high += x.low * y.high + x.high * y.low;
    return out.whole;
}

uint64_t __lshrdi3(uint64_t n, int by)
{
    union halves x = {n};
    if (by >= 32) {
        x.low = x.high >> (by - 32);
        x.high = 0;
    } else if (by) {
        x.low = x.low >> by | x.high << (32 - by);
        x.high >>= by;
    }
    return x.whole;
}

uint64_t __ashldi3(uint64_t n, int by)
{
    union halves x = {n};
    if (by >= 32) {
        x.high = x.low << (by - 32);
        x.low = 0;
    } else if (by) {
        x.high = x.high << by | x.low >> (32 - by);
        x.low <<= by;
    }
    return x.whole;
}

// Of a number that is not 0, as GCC asks.
int __ctzsi2(uint32_t n)
{
    int at = 0;
    while (!(n & 1)) {
        n >>= 1;
        at++;
    }
    return at;
}

int __clzsi2(uint32_t n)
{
    int at = 0;
    while (!(n >> 31)) {
        n <<= 1;
        at++;
    }
    return at;
}

#endif
