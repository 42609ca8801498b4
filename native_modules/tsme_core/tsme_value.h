// Inside the engine: CBOR values and the arena they lie in (tsme_value.c,
// tsme_check.c), and what the parts call each other.

#ifndef TSME_VALUE_H
#define TSME_VALUE_H

#include "tsme.h"
#include "tsme_assert.h"
#include "tsme_crc.h"

// What each step goes through: inline also where code is to be small.
#define TSME_INLINE __attribute__((always_inline)) static inline

// SPEC 2.4. What a program needs its instructions say too, which are refused one by one.
enum {
    TSME_NEEDS_PARALLEL = 4,
    TSME_NEEDS_MAP = 8,
    TSME_NEEDS_INPUT = 64,
    TSME_NEEDS_EXPRESSIONS = 128,
    TSME_NEEDS_KNOWN = 255,
};

enum {
    TSME_UINT = 0,
    TSME_NEGATIVE = 1,
    TSME_BYTES = 2,
    TSME_TEXT = 3,
    TSME_ARRAY = 4,
    TSME_OBJECT = 5,
    TSME_TAG = 6,
    TSME_SIMPLE = 7,
    TSME_FALSE = 0xF4,
    TSME_TRUE = 0xF5,
    TSME_NULL = 0xF6,
    TSME_MISSING = 0xF7, // "nothing here": no value of ASL's
    TSME_HEAD_MAX = 9,   // bytes of the longest head
};

// Bytes 0xF4 .. 0xF7 to refer to.
extern const uint8_t tsme_simple[4];
#define tsme_null ((tsme_ref){&tsme_simple[TSME_NULL - TSME_FALSE], 0, 0})

// Values that are known to be well-formed (they came through tsme_check).
uint32_t tsme_head(const uint8_t **at);
const uint8_t *tsme_skip(const uint8_t *at);
uint32_t tsme_size(tsme_ref *ref);
bool tsme_fits(tsme_ref *ref, uint32_t depth);
void tsme_built(tsme_ref *ref, const uint8_t *at, const uint8_t *end, uint32_t depth);
bool tsme_integer(const uint8_t *at, int64_t *number);
const uint8_t *tsme_member(const uint8_t *object, const uint8_t *name);
const uint8_t *tsme_item(const uint8_t *array, int32_t index);

uint8_t *tsme_write_head(uint8_t *to, uint8_t major, uint32_t n);
uint8_t *tsme_write_uint(uint8_t *to, uint64_t n);
uint8_t *tsme_write_integer(uint8_t *to, int64_t n);

// A number that is mostly small.
TSME_INLINE uint8_t *tsme_write_small(uint8_t *to, uint64_t n)
{
    if ((uint32_t)n < 24 && n >> 32 == 0) {
        *to = (uint8_t)n;
        return to + 1;
    }
    return tsme_write_uint(to, n);
}

// The same of 32 bits.
TSME_INLINE uint8_t *tsme_write_short(uint8_t *to, uint32_t n)
{
    if (n < 24) {
        *to = (uint8_t)n;
        return to + 1;
    }
    return tsme_write_head(to, TSME_UINT, n);
}

// The arena. tsme_reserve makes sure of `size` free bytes at `top`, which may move every
// value and frame: pointers into them are stale behind it, references are not, those of the
// operand stack up to `sp`.
int tsme_lay_out(struct tsme *t);
int tsme_share_out(struct tsme *t);
int tsme_reserve(struct tsme *t, tsme_ref *sp, uint32_t size);
int tsme_free(struct tsme *t, uint32_t size);
int tsme_reserve_block(struct tsme *t, tsme_ref *sp, uint32_t size);
void *tsme_take_block(struct tsme *t, uint32_t size);

// Bytes from outside: how many bytes the value at `start` has, or an error. Nothing behind
// `end` is read; `scratch` is written to.
int32_t tsme_check(const uint8_t *start, const uint8_t *end, struct tsme_part scratch);
int tsme_check_head(const uint8_t **at, const uint8_t *end, uint8_t *major, uint64_t *n);

// Whether the value is an integer from 0 to 65535, and which: what most numbers are.
TSME_INLINE bool tsme_short(const uint8_t *at, uint32_t *n)
{
    uint32_t first = *at;
    if (first > (TSME_UINT << 5 | 25)) {
        return false;
    }
    *n = first < 24 ? first : first == 24 ? at[1] : (uint32_t)at[1] << 8 | at[2];
    return true;
}

static inline bool tsme_is_container(const uint8_t *at)
{
    return *at >> 5 == TSME_ARRAY || *at >> 5 == TSME_OBJECT;
}

// A container, or a text of more than 255 bytes: what holds it may become too large.
static inline bool tsme_is_bulky(const uint8_t *at)
{
    return tsme_is_container(at) || (*at >> 5 == TSME_TEXT && (*at & 31u) > 24);
}

// A reference to a value of which one knows only how long it is. Its depth counts as too
// much, which tsme_fits finds out for who wants to know.
static inline tsme_ref tsme_sized(const uint8_t *at, uint32_t size)
{
    tsme_ref ref = {at, size & 0xFFFFFF, 0};
    ref.depth = tsme_is_container(at) ? 0xFF : 0;
    return ref;
}

// One past a text; most names are shorter than 24 bytes.
static inline const uint8_t *tsme_skip_text(const uint8_t *at)
{
    uint32_t n = *at & 31u;
    return n < 24 ? at + 1 + n : tsme_skip(at);
}

// Constant c.
static inline const uint8_t *tsme_const(const struct tsme_program *p, uint32_t c)
{
    if (p->index_width == 1) {
        return p->consts + p->index[c];
    }
    const uint8_t *at = p->index + p->index_width * c;
    uint32_t offset = at[0] | (uint32_t)at[1] << 8;
    if (p->index_width == 4) {
        offset |= (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    }
    return p->consts + offset;
}

// Texts that many programs have, encoded (SPEC 2.14).
enum { TSME_FIRST_WORD = 192, TSME_WORDS = 64 };
extern const char *const tsme_words[TSME_WORDS];

// Tags of constants in parts (SPEC 2.14): an array, a text.
enum { TSME_PARTS_ARRAY = 0xC6, TSME_PARTS_TEXT = 0xC7 };

// A list of names and indexes: an array, or in parts, a byte string with the numbers of
// constants and words (SPEC 2.14). A copy of it goes through what is left once more.
struct tsme_list {
    const struct tsme_program *program;
    const uint8_t *at; // the next item, or the next number
    uint32_t left;     // items to come
    uint32_t size;     // bytes of the item that was given last
    bool numbered;     // in parts
};

static inline struct tsme_list tsme_list_of(const struct tsme_program *p, uint32_t c)
{
    struct tsme_list list = {p, tsme_const(p, c), 0, 0, false};
    list.numbered = *list.at == TSME_PARTS_ARRAY || *list.at == TSME_PARTS_TEXT;
    list.at += list.numbered;
    list.left = tsme_head(&list.at);
    return list;
}

// The next item; there must be one.
static inline const uint8_t *tsme_list_next(struct tsme_list *list)
{
    list->left--;
    const uint8_t *item = list->at;
    if (list->numbered) {
        uint32_t n = *list->at++;
        item = n < TSME_FIRST_WORD ? tsme_const(list->program, n)
                                   : (const uint8_t *)tsme_words[n - TSME_FIRST_WORD];
        list->size = (uint32_t)(tsme_skip_text(item) - item);
    } else {
        list->at = *item >> 5 == TSME_TEXT ? tsme_skip_text(item) : tsme_skip(item);
        list->size = (uint32_t)(list->at - item);
    }
    return item;
}

// What a path names in the value at `at`, or null.
const uint8_t *tsme_path(const uint8_t *at, struct tsme_list path);
int tsme_splice(struct tsme *t, tsme_ref *sp, struct tsme_list path);

// tsme_limits.c
extern const uint32_t tsme_defaults[TSME_LIMITS];
static inline uint32_t tsme_most(const struct tsme *t, uint32_t name)
{
    const uint32_t *given = t->config.limits;
    return given && given[name] ? given[name] : tsme_defaults[name];
}
int tsme_limit(struct tsme *t, uint32_t name, uint32_t asked);

int tsme_verify(struct tsme *t);
uint32_t tsme_delta(struct tsme *t, uint64_t dt);

#endif
