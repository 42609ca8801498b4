// Equality as JSON has it, and what finds it fast: tables of names, and a hash that is the same
// for values that are equal.
//
// Objects are equal whatever the order of their members, so each name of one is looked up in the
// other. Mostly it is at the same place; else a table finds it, whose memory is what is free
// of the arena.

#include "tsme_equal.h"

#include "tsme_assert.h"
#include "tsme_number.h"
#include "tsme_value.h"

#include <string.h>

enum { TSME_FEW_NAMES = 16 }; // that are looked up without a table

static uint32_t tsme_mix(uint32_t hash, const uint8_t *at, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) { // FNV-1a
        hash = (hash ^ at[i]) * 16777619u;
    }
    return hash;
}

static uint32_t tsme_hash_text(const uint8_t *at)
{
    return tsme_mix(2166136261u, at, (uint32_t)(tsme_skip_text(at) - at));
}

static bool tsme_same_text(const uint8_t *a, const uint8_t *b)
{
    uint32_t size = (uint32_t)(tsme_skip_text(a) - a);
    return *a == *b && size == (uint32_t)(tsme_skip_text(b) - b) && memcmp(a, b, size) == 0;
}

/// Names ///

void tsme_open_names(struct tsme_names *names, const uint8_t *object, struct tsme_part *left)
{
    const uint8_t *at = object;
    uint32_t count = tsme_head(&at);
    *names = (struct tsme_names){object, at, 0, 32};
    while (names->slots < 2 * count) {
        names->slots *= 2;
    }
    uint32_t pad = (uint32_t)(0u - (uintptr_t)left->at) & 3;
    uint32_t size = names->slots * (uint32_t)sizeof *names->table;
    if (count <= TSME_FEW_NAMES || left->size < size + pad) {
        return;
    }
    names->table = (uint32_t *)(void *)(uintptr_t)(left->at + pad);
    left->at += pad + size;
    left->size -= pad + size;
    memset(names->table, 0, size);
    for (; count; count--) {
        uint32_t slot = tsme_hash_text(at) & (names->slots - 1);
        while (names->table[slot]) {
            slot = (slot + 1) & (names->slots - 1);
        }
        names->table[slot] = (uint32_t)(at - names->first) + 1;
        at = tsme_skip(tsme_skip_text(at));
    }
}

const uint8_t *tsme_find_name(const struct tsme_names *names, const uint8_t *name)
{
    if (!names->table) {
        return tsme_member(names->object, name);
    }
    uint32_t slot = tsme_hash_text(name) & (names->slots - 1);
    while (names->table[slot]) {
        const uint8_t *at = names->first + names->table[slot] - 1;
        if (tsme_same_text(at, name)) {
            return tsme_skip_text(at);
        }
        slot = (slot + 1) & (names->slots - 1);
    }
    return 0;
}

/// Equality ///

// Two containers of the same kind and count that are compared.
struct tsme_pair {
    const uint8_t *a;        // the next value of the one, or the name before it
    const uint8_t *b;        // .. of the other
    uint32_t left;           // to come
    struct tsme_names names; // of the other
    struct tsme_part free;   // before it had a table
};

static bool tsme_are_equal_scalars(const uint8_t *a, const uint8_t *b)
{
    struct tsme_number m;
    struct tsme_number n;
    if (tsme_number(a, &m)) {
        return tsme_number(b, &n) && tsme_compare_numbers(&m, &n) == 0;
    }
    return *a >> 5 == TSME_TEXT ? tsme_same_text(a, b) : *a == *b;
}

// Begins with what is in two containers; false if they differ already.
static bool tsme_begin_pair(struct tsme_pair *pair, const uint8_t *a, const uint8_t *b,
                            struct tsme_part *left)
{
    bool object = *a >> 5 == TSME_OBJECT;
    pair->free = *left;
    pair->names.object = 0;
    const uint8_t *other = b;
    pair->left = tsme_head(&a);
    if (pair->left != tsme_head(&b)) {
        return false;
    }
    pair->a = a;
    pair->b = b;
    if (object) {
        tsme_open_names(&pair->names, other, left);
    }
    return true;
}

// The next two values of a pair; false if one has a name that the other has not.
static bool tsme_next_pair(struct tsme_pair *pair, const uint8_t **a, const uint8_t **b)
{
    *a = pair->a;
    *b = pair->b;
    if (pair->names.object) {
        const uint8_t *value = tsme_skip_text(*a);
        bool here = *b && tsme_same_text(*a, *b); // until the first that is elsewhere
        *b = here ? tsme_skip_text(*b) : tsme_find_name(&pair->names, *a);
        *a = value;
        pair->b = here ? pair->b : 0;
        if (!*b) {
            return false;
        }
    }
    pair->left--;
    pair->a = pair->left ? tsme_skip(*a) : 0;
    pair->b = pair->left && pair->b ? tsme_skip(*b) : 0;
    return true;
}

uint32_t tsme_equal_room(void)
{
    return TSME_DEPTH_MAX * (uint32_t)sizeof(struct tsme_pair) + 7;
}

bool tsme_equal(const uint8_t *a, const uint8_t *b, struct tsme_part left)
{
    uint8_t *block = (uint8_t *)(((uintptr_t)left.at + 7) & ~(uintptr_t)7);
    struct tsme_pair *open = (struct tsme_pair *)(void *)block;
    uint32_t depth = 0;
    TSME_ASSERT(left.size >= tsme_equal_room());
    left.at += tsme_equal_room();
    left.size -= tsme_equal_room();
    for (;;) {
        if (tsme_is_container(a)) {
            if (*a >> 5 != *b >> 5 || !tsme_begin_pair(&open[depth], a, b, &left)) {
                return false;
            }
            depth++;
        } else if (!tsme_are_equal_scalars(a, b)) {
            return false;
        }
        while (depth && !open[depth - 1].left) {
            left = open[--depth].free;
        }
        if (!depth) {
            return true;
        }
        if (!tsme_next_pair(&open[depth - 1], &a, &b)) {
            return false;
        }
    }
}

/// Hash ///

static uint32_t tsme_hash_scalar(const uint8_t *at)
{
    struct tsme_number number;
    int64_t n;
    if (!tsme_number(at, &number)) {
        return *at >> 5 == TSME_TEXT ? tsme_hash_text(at) : *at;
    }
    uint64_t bits = tsme_integral(&number, &n) ? (uint64_t)n : tsme_float_bits(at);
    return ((uint32_t)bits ^ (uint32_t)(bits >> 32)) * 2654435761u + 1;
}

uint32_t tsme_hash_value(const uint8_t *at)
{
    struct {
        uint32_t left; // values to come, times 2, and 1 more of an object
        uint32_t sum;  // of those so far
        uint32_t name; // hash of the name of the one at hand, 1 in an array
    } open[TSME_DEPTH_MAX];
    uint32_t depth = 0;
    for (;;) {
        uint32_t hash;
        bool object = *at >> 5 == TSME_OBJECT;
        if (tsme_is_container(at)) {
            hash = *at & 0xE0; // of one without anything
            uint32_t count = tsme_head(&at);
            if (count) {
                open[depth].left = count * 2 + object;
                open[depth].sum = count;
                open[depth++].name = object ? tsme_hash_text(at) : 1;
                at = object ? tsme_skip_text(at) : at;
                continue;
            }
        } else {
            hash = tsme_hash_scalar(at);
            at = tsme_skip(at);
        }
        while (depth) {
            uint32_t i = depth - 1;
            uint32_t mixed = (hash + 0x9E3779B9u) * (open[i].name | 1);
            mixed ^= mixed >> 15;
            bool named = open[i].left & 1;
            open[i].sum = named ? open[i].sum + mixed : open[i].sum * 31 + mixed;
            open[i].left -= 2;
            if (open[i].left > 1) {
                break;
            }
            hash = open[i].sum ^ (named ? 0x55555555u : 0);
            depth--;
        }
        if (!depth) {
            return hash;
        }
        if (open[depth - 1].left & 1) {
            open[depth - 1].name = tsme_hash_text(at);
            at = tsme_skip_text(at);
        }
    }
}
