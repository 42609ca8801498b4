// Iterators and builders of expressions (SPEC 2.16).
//
// A builder has the bytes of its items one behind the other, as they are in the value that it
// becomes: in the end only a head is written in front of them. Groups are records, each with the
// places of the next of its group and of the next group, so that they are sorted out in one go.

#include "tsme_binary64.h"
#include "tsme_frames.h"
#include "tsme_machine.h"

#include <string.h>

enum { TSME_BUILDER_AT_FIRST = 48 }; // bytes of items

/// Iterators ///

tsme_ref *tsme_op_each(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    (void)operand;
    int err = tsme_reserve_block(t, sp, sizeof(struct tsme_iterator));
    if (err) {
        return tsme_failed(t, err);
    }
    struct tsme_iterator *it = tsme_take_block(t, sizeof *it);
    const uint8_t *at = sp[-1].at;
    *it = (struct tsme_iterator){.value = sp[-1], .count = !tsme_is_nothing(at)};
    if (tsme_is_array(at)) {
        it->count = tsme_head(&at);
        it->offset = (uint32_t)(at - sp[-1].at);
    }
    sp[-1] = tsme_thing(it, sizeof *it, TSME_ITERATOR);
    return sp;
}

/// Builders ///

// A builder with room for so many bytes of items, on top of the stack.
tsme_ref *tsme_new_builder(struct tsme *t, tsme_ref *sp, uint32_t kind, uint32_t room)
{
    uint32_t size = (uint32_t)sizeof(struct tsme_builder) + TSME_MARKED_HEAD + room;
    int err = tsme_reserve_block(t, sp, size);
    if (err) {
        return tsme_failed(t, err);
    }
    struct tsme_builder *b = tsme_take_block(t, size);
    memset(b, 0, sizeof *b);
    b->kind = kind;
    b->size = TSME_MARKED_HEAD;
    b->room = TSME_MARKED_HEAD + room;
    *sp = tsme_thing(b, size, TSME_BUILDER);
    return sp + 1;
}

tsme_ref *tsme_op_build(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    if (!TSME_ALL_NATIVES && operand == TSME_BUILD_GROUPS) {
        return tsme_failed(t, TSME_ELSEWHERE);
    }
    return tsme_new_builder(t, sp, operand, TSME_BUILDER_AT_FIRST);
}

// Makes room for `size` bytes more in the builder that *item is; it may be another block then.
// What becomes too large for a value Python goes on with, which has references to the items.
static int tsme_grow(struct tsme *t, tsme_ref *sp, tsme_ref *item, uint32_t size)
{
    const struct tsme_builder *b = tsme_builder_at(item);
    if (b->room - b->size >= size) {
        return TSME_OK;
    }
    if (b->size + size > t->program.largest + TSME_BUILDER_AT_FIRST) {
        return TSME_ELSEWHERE;
    }
    uint32_t room = 2 * b->size + size;
    uint32_t all = (uint32_t)sizeof *b + room;
    int err = tsme_reserve_block(t, sp, all);
    if (err) {
        return err;
    }
    b = tsme_builder_at(item);
    struct tsme_builder *to = tsme_take_block(t, all);
    memcpy(to, b, sizeof *b + b->size);
    to->room = room;
    *item = tsme_thing(to, all, TSME_BUILDER);
    return TSME_OK;
}

void tsme_note_nested(struct tsme_evaluation *e, const uint8_t *at)
{
    e->nested |= *at == TSME_MARKED || *at >> 5 == TSME_TAG;
    e->held |= tsme_is_function(at);
}

// Appends `count` items, the bytes of *value from `from` on, to the builder that item `i` is.
// *value lies on the stack below `sp`.
int tsme_add_bytes(struct tsme *t, tsme_ref *sp, uint32_t i, const tsme_ref *value, uint32_t from,
                   uint32_t count)
{
    struct tsme_evaluation *e = t->evaluation;
    tsme_ref *item = &e->body->stack[i];
    uint32_t size = value->size - from;
    int err = tsme_grow(t, sp, item, size);
    if (err) {
        return err;
    }
    struct tsme_builder *b = tsme_builder_at(item);
    if (from == 0) {
        b->arrays |= tsme_is_array(value->at);
        tsme_note_nested(e, value->at);
    }
    memcpy(b->bytes + b->size, value->at + from, size);
    b->size += size;
    b->count += count;
    return TSME_OK;
}

tsme_ref *tsme_op_add(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    if (tsme_is_nothing(sp[-1].at)) {
        return sp - 1;
    }
    (void)tsme_size(sp - 1);
    int err = tsme_add_bytes(t, sp, operand, sp - 1, 0, 1);
    return err ? tsme_failed(t, err) : sp - 1;
}

tsme_ref *tsme_op_spread(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    const uint8_t *at = sp[-1].at;
    if (!tsme_is_array(at)) {
        return tsme_op_add(t, sp, operand);
    }
    uint32_t count = tsme_head(&at);
    uint32_t from = (uint32_t)(at - sp[-1].at);
    int err = count > 255 ? tsme_burn(t, count >> 8) : TSME_OK;
    (void)tsme_size(sp - 1);
    if (!err) {
        err = tsme_add_bytes(t, sp, operand, sp - 1, from, count);
    }
    if (err) {
        return tsme_failed(t, err);
    }
    struct tsme_builder *b = tsme_builder_at(&t->evaluation->body->stack[operand]);
    at = b->bytes + b->size - (sp[-1].size - from);
    for (; count && !b->arrays; count--, at = tsme_skip(at)) {
        b->arrays = tsme_is_array(at);
    }
    return sp - 1;
}

// Whether the name of a member is one, of the object under way or of groups.
static int tsme_is_key(struct tsme *t, const uint8_t *at)
{
    return *at >> 5 == TSME_TEXT ? TSME_OK : tsme_raise(t, TSME_CODE("T1003"));
}

static bool tsme_same_key(const uint8_t *a, const tsme_ref *key)
{
    return (uint32_t)(tsme_skip_text(a) - a) == key->size && !memcmp(a, key->at, key->size);
}

tsme_ref *tsme_op_member(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    tsme_ref *item = &t->evaluation->body->stack[operand];
    tsme_ref *key = sp - 2;
    if (tsme_is_nothing(key->at)) {
        return sp - 2;
    }
    int err = tsme_is_key(t, key->at);
    uint32_t size = err ? 0 : tsme_size(key) + tsme_size(sp - 1);
    const struct tsme_builder *b = tsme_builder_at(item);
    const uint8_t *at = b->bytes + TSME_MARKED_HEAD;
    for (uint32_t n = b->count; n && !err; n--) {
        if (tsme_same_key(at, key)) {
            err = tsme_raise(t, TSME_CODE("D1009"));
        }
        at = tsme_skip(tsme_skip_text(at));
    }
    if (!err && tsme_is_nothing(sp[-1].at)) {
        return sp - 2;
    }
    if (!err) {
        err = tsme_grow(t, sp, item, size);
    }
    if (err) {
        return tsme_failed(t, err);
    }
    struct tsme_builder *to = tsme_builder_at(item);
    tsme_note_nested(t->evaluation, sp[-1].at);
    memcpy(to->bytes + to->size, key->at, key->size);
    memcpy(to->bytes + to->size + key->size, sp[-1].at, sp[-1].size);
    to->size += size;
    to->count++;
    return sp - 2;
}

#if TSME_ALL_NATIVES

/// Groups ///

// In front of each value of a group. The first one has the key behind it, and behind that the
// value; places are offsets in the builder, 0 for none. Unaligned: it is copied.
struct tsme_record {
    uint32_t next;  // record of this group
    uint32_t last;  // .. the last one; only of the first
    uint32_t group; // the next group's first record; only of the first
    uint32_t size;  // bytes of the value
};

static struct tsme_record tsme_record_at(const struct tsme_builder *b, uint32_t at)
{
    struct tsme_record r;
    memcpy(&r, b->bytes + at, sizeof r);
    return r;
}

static void tsme_set_record(struct tsme_builder *b, uint32_t at, const struct tsme_record *r)
{
    memcpy(b->bytes + at, r, sizeof *r);
}

// The first record of the key's group, or 0; *last: of the last group.
static uint32_t tsme_find_group(const struct tsme_builder *b, const tsme_ref *key, uint32_t *last)
{
    *last = 0;
    for (uint32_t at = b->count ? TSME_MARKED_HEAD : 0; at;) {
        const uint8_t *other = b->bytes + at + sizeof(struct tsme_record);
        if (tsme_same_key(other, key)) {
            return at;
        }
        *last = at;
        at = tsme_record_at(b, at).group;
    }
    return 0;
}

// Puts the last record of the builder into its group, or begins one.
static void tsme_chain(struct tsme_builder *b, uint32_t first, uint32_t last, uint32_t at)
{
    struct tsme_record r = {0, 0, 0, 0};
    if (first) {
        r = tsme_record_at(b, first);
        uint32_t before = r.last;
        r.last = at;
        tsme_set_record(b, first, &r);
        r = tsme_record_at(b, before);
        r.next = at;
        tsme_set_record(b, before, &r);
    } else if (last) {
        r = tsme_record_at(b, last);
        r.group = at;
        tsme_set_record(b, last, &r);
    }
}

tsme_ref *tsme_op_group(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    tsme_ref *item = &t->evaluation->body->stack[operand];
    tsme_ref *key = sp - 2;
    tsme_ref *value = sp - 1;
    if (tsme_is_nothing(key->at)) {
        return sp - 2;
    }
    int err = tsme_is_key(t, key->at);
    if (!err) {
        uint32_t size = (uint32_t)sizeof(struct tsme_record) + tsme_size(key) + tsme_size(value);
        err = tsme_grow(t, sp, item, size);
    }
    if (err) {
        return tsme_failed(t, err);
    }
    struct tsme_builder *b = tsme_builder_at(item);
    uint32_t last;
    uint32_t first = tsme_find_group(b, key, &last);
    const uint8_t *items = value->at;
    if (first && tsme_is_nothing(value->at)) {
        return sp - 2;
    }
    if (first && tsme_is_array(value->at)) {
        uint32_t count = tsme_head(&items);
        err = count > 255 ? tsme_burn(t, count >> 8) : TSME_OK;
    }
    if (err) {
        return tsme_failed(t, err);
    }
    uint32_t at = b->size;
    const struct tsme_record r = {0, at, 0, value->size};
    tsme_set_record(b, at, &r);
    b->size += (uint32_t)sizeof r;
    if (!first) {
        memcpy(b->bytes + b->size, key->at, key->size);
        b->size += key->size;
        b->count++;
    }
    memcpy(b->bytes + b->size, value->at, value->size);
    b->size += value->size;
    tsme_note_nested(t->evaluation, value->at);
    t->evaluation->nested = true;
    tsme_chain(b, first, last, at);
    return sp - 2;
}

// One value of a group, as the first one alone, or as items among others: bytes from *at to its
// end, and how many items.
static uint32_t tsme_record_items(const uint8_t **at, bool alone)
{
    return !alone && tsme_is_array(*at) ? tsme_head(at) : 1;
}

// Writes one group: key and data, as a tuple.
static uint8_t *tsme_write_group(const struct tsme_builder *b, uint32_t first, uint8_t *to)
{
    const struct tsme_record head = tsme_record_at(b, first);
    const uint8_t *key = b->bytes + first + sizeof head;
    const uint8_t *begin = tsme_skip_text(key);
    // What was put first and was nothing gives way to what came next.
    uint32_t from = first;
    if (tsme_is_nothing(begin) && head.next) {
        from = head.next;
        begin = b->bytes + from + sizeof head;
    }
    bool alone = !tsme_record_at(b, from).next;
    uint32_t count = 0;
    const uint8_t *value = begin;
    for (uint32_t at = from; at; at = tsme_record_at(b, at).next) {
        value = at == from ? begin : b->bytes + at + sizeof head;
        count += tsme_record_items(&value, alone);
    }
    to = tsme_write_marked(to, TSME_MARK_TUPLE, 2);
    memcpy(to, key, (size_t)(tsme_skip_text(key) - key));
    to += tsme_skip_text(key) - key;
    to = alone ? to : tsme_write_head(to, TSME_ARRAY, count);
    for (uint32_t at = from; at; at = tsme_record_at(b, at).next) {
        const uint8_t *start = at == from ? begin : b->bytes + at + sizeof head;
        const uint8_t *end = start + tsme_record_at(b, at).size;
        (void)tsme_record_items(&start, alone);
        memcpy(to, start, (size_t)(end - start));
        to += end - start;
    }
    return to;
}

static tsme_ref *tsme_done_groups(struct tsme *t, tsme_ref *sp)
{
    const struct tsme_builder *b = tsme_builder_at(sp - 1);
    // A record is larger than what a group has besides key and values.
    int err = tsme_reserve(t, sp, b->size + TSME_HEAD_MAX);
    if (err) {
        return tsme_failed(t, err);
    }
    b = tsme_builder_at(sp - 1);
    uint8_t *to = tsme_write_head(t->top, TSME_ARRAY, b->count);
    for (uint32_t at = b->count ? TSME_MARKED_HEAD : 0; at; at = tsme_record_at(b, at).group) {
        to = tsme_write_group(b, at, to);
    }
    sp[-1] = tsme_sized(t->top, (uint32_t)(to - t->top));
    t->top = to;
    return sp;
}

#endif

/// The end of a builder ///

// The items with a head in front of them, which a mark makes nine bytes.
static tsme_ref tsme_headed(struct tsme_builder *b, uint8_t major, uint32_t mark)
{
    uint8_t head[TSME_MARKED_HEAD];
    uint8_t *end =
        mark ? tsme_write_marked(head, mark, b->count) : tsme_write_head(head, major, b->count);
    uint32_t size = (uint32_t)(end - head);
    uint8_t *at = b->bytes + TSME_MARKED_HEAD - size;
    memcpy(at, head, size);
    return tsme_sized(at, b->size - TSME_MARKED_HEAD + size);
}

// Items that are arrays give way to their items: bytes are taken away, and nothing is added.
static void tsme_flatten_items(struct tsme_builder *b)
{
    uint8_t *to = b->bytes + TSME_MARKED_HEAD;
    const uint8_t *at = to;
    uint32_t count = 0;
    for (uint32_t n = b->count; n; n--) {
        const uint8_t *end = tsme_skip(at);
        uint32_t items = 1;
        if (tsme_is_array(at) && tsme_mark_of(at) != TSME_MARK_APART) {
            items = tsme_head(&at);
        }
        memmove(to, at, (size_t)(end - at));
        to += end - at;
        at = end;
        count += items;
    }
    b->count = count;
    b->size = (uint32_t)(to - b->bytes);
}

// What becomes of a sequence.
tsme_ref tsme_done_sequence(struct tsme_builder *b, uint32_t how)
{
    const uint8_t *first = b->bytes + TSME_MARKED_HEAD;
    tsme_ref only = tsme_sized(first, b->size - TSME_MARKED_HEAD);
    if (b->count == 1 && how & 2 && tsme_is_array(first) &&
        tsme_mark_of(first) != TSME_MARK_SEQUENCE) {
        return only;
    }
    if (how & 1 && b->arrays) {
        tsme_flatten_items(b);
        only.size = (b->size - TSME_MARKED_HEAD) & 0xFFFFFF;
        only.depth = b->count == 1 && tsme_is_container(first) ? 0xFF : 0;
    }
    if (b->count > 1 || (b->count && how & 4)) {
        return tsme_headed(b, TSME_ARRAY, TSME_MARK_SEQUENCE);
    }
    return b->count ? only : tsme_nothing;
}

tsme_ref *tsme_op_done(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    struct tsme_builder *b = tsme_builder_at(sp - 1);
    bool apart = operand & 8;
#if TSME_ALL_NATIVES
    if (b->kind == TSME_BUILD_GROUPS) {
        return tsme_done_groups(t, sp);
    }
#endif
    bool counts = true;
    if (b->kind == TSME_BUILD_SEQUENCE) {
        sp[-1] = tsme_done_sequence(b, operand);
        counts = sp[-1].at == b->bytes;
    } else if (b->kind == TSME_BUILD_ARRAY) {
        sp[-1] = tsme_headed(b, TSME_ARRAY, apart ? TSME_MARK_APART : TSME_MARK_NONE);
    } else {
        sp[-1] = tsme_headed(b, TSME_OBJECT, TSME_MARK_NONE);
    }
    int err = counts ? tsme_count_made(t, sp - 1) : TSME_OK;
    return err ? tsme_failed(t, err) : sp;
}

/// Filters, tuples ///

#if TSME_ALL_NATIVES

// Whether a number, rounded down, is n.
static bool tsme_names_place(const uint8_t *at, int64_t n)
{
    int64_t number;
    if (!tsme_integer(at, &number) && !tsme_to_whole(tsme_bits_of(at), TSME_DOWN, &number)) {
        return false;
    }
    return number == n;
}

// How often the value of a predicate picks the item that the iterator gave last.
static int tsme_picked(struct tsme *t, tsme_ref *p, const struct tsme_iterator *it,
                       uint32_t *count)
{
    bool array = tsme_is_array(p->at);
    uint32_t size = 0;
    int err = array ? tsme_weigh(t, p, &size) : TSME_OK;
    if (!err) {
        err = tsme_count_read(t, size);
    }
    const uint8_t *at = p->at;
    uint32_t items = array ? tsme_head(&at) : 1;
    const uint8_t *first = at;
    bool holds;
    for (uint32_t i = 0; i < items && !err; i++, at = tsme_skip(at)) {
        if (!tsme_is_number(at) || tsme_is_nan_at(at)) {
            err = tsme_truth(t, p->at, true, &holds);
            *count = holds;
            return err;
        }
        if (tsme_is_unbounded(at)) {
            err = tsme_raise(t, TSME_CODE("D1001"));
        }
    }
    *count = 0;
    for (uint32_t i = 0; i < items && !err; i++, first = tsme_skip(first)) {
        int64_t place = (int64_t)it->next - 1;
        *count += tsme_names_place(first, place) || tsme_names_place(first, place - it->count);
    }
    return err;
}

#else

// The smallest build knows integers.
static int tsme_picked(struct tsme *t, tsme_ref *p, const struct tsme_iterator *it,
                       uint32_t *count)
{
    int64_t n;
    int64_t place = (int64_t)it->next - 1;
    (void)t;
    if (!tsme_integer(p->at, &n)) {
        return TSME_ELSEWHERE;
    }
    *count = n == place || n == place - (int64_t)it->count;
    return TSME_OK;
}

#endif

tsme_ref *tsme_op_keep(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    struct tsme_body *body = t->evaluation->body;
    const uint8_t *p = sp[-1].at;
    uint32_t count = *p == TSME_TRUE;
    if (!count && *p != TSME_FALSE && !tsme_is_nothing(p)) {
        t->error = tsme_picked(t, sp - 1, tsme_iterator_at(&body->stack[operand]), &count);
        if (t->error) {
            return 0;
        }
    }
    (void)tsme_size(sp - 2);
    for (; count; count--) {
        t->error = tsme_add_bytes(t, sp, operand - 1, sp - 2, 0, 1);
        if (t->error) {
            return 0;
        }
    }
    return sp - 2;
}

#if TSME_ALL_NATIVES

tsme_ref *tsme_op_untuple(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    const uint8_t *at = sp[-1].at;
    if (tsme_mark_of(at) != TSME_MARK_TUPLE || tsme_head(&at) < operand) {
        return tsme_failed(t, tsme_raise(t, TSME_CODE("T0410")));
    }
    sp--;
    for (uint32_t i = 0; i < operand; i++) {
        uint32_t size = (uint32_t)(tsme_skip(at) - at);
        *sp++ = tsme_sized(at, size);
        at += size;
    }
    return sp;
}

#endif
