// Paths of expressions (SPEC 2.16): members and items.
//
// What an array's items have they put into a builder, behind the array that they go through. Where
// they are in it is an offset, for it may move.

#include "tsme_frames.h"
#include "tsme_machine.h"

// The item by its number, from the end below 0; what is no array is an item alone.
static const uint8_t *tsme_item_at(const uint8_t *at, uint32_t zigzag)
{
    int32_t n = (int32_t)(zigzag >> 1) ^ -(int32_t)(zigzag & 1);
    if (tsme_is_array(at)) {
        at = tsme_item(at, n);
    } else if (n != 0 && n != -1) {
        at = 0;
    }
    return at ? at : tsme_nothing.at;
}

tsme_ref *tsme_op_at(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    (void)t;
    sp[-1] = (tsme_ref){tsme_item_at(sp[-1].at, operand), 0, 0};
    return sp;
}

// What to look for: a member, and of that an item, or the whole of it.
struct tsme_sought {
    uint32_t constant;
    bool item;
    int32_t number;
};

// What an object has of it; nothing of any other value, or null for an array.
static const uint8_t *tsme_sought_in(const struct tsme *t, const struct tsme_sought *sought,
                                     const uint8_t *at)
{
    const uint8_t *name = tsme_const(&t->program, sought->constant);
    if (tsme_is_array(at)) {
        return 0;
    }
    at = tsme_member(at, sought->item ? name + 1 : name);
    if (!at || !sought->item) {
        return at ? at : tsme_nothing.at;
    }
    uint32_t n = (uint32_t)sought->number;
    return tsme_item_at(at, n << 1 ^ (sought->number < 0 ? UINT32_MAX : 0));
}

// The same for each item of the array on top of the stack, as a path's last step has it.
static tsme_ref *tsme_seek_in_items(struct tsme *t, tsme_ref *sp, const struct tsme_sought *sought)
{
    uint32_t i = (uint32_t)(sp - t->evaluation->body->stack);
    const uint8_t *at = sp[-1].at;
    uint32_t count = tsme_head(&at);
    uint32_t offset = (uint32_t)(at - sp[-1].at);
    int err = count > 255 ? tsme_burn(t, count >> 8) : TSME_OK;
    if (err || !tsme_new_builder(t, sp, TSME_BUILD_SEQUENCE, 0)) {
        return err ? tsme_failed(t, err) : 0;
    }
    for (; count; count--) {
        at = sp[-1].at + offset;
        offset = (uint32_t)(tsme_skip(at) - sp[-1].at);
        at = tsme_sought_in(t, sought, at);
        if (!at) {
            return tsme_failed(t, TSME_ELSEWHERE); // an array in an array
        }
        if (!tsme_is_nothing(at)) {
            sp[1] = tsme_sized(at, (uint32_t)(tsme_skip(at) - at));
            err = tsme_add_bytes(t, sp + 2, i, sp + 1, 0, 1);
            if (err) {
                return tsme_failed(t, err);
            }
        }
    }
    sp[-1] = tsme_done_sequence(tsme_builder_at(sp), 3);
    return sp;
}

static tsme_ref *tsme_seek(struct tsme *t, tsme_ref *sp, const struct tsme_sought *sought)
{
    const uint8_t *found = tsme_sought_in(t, sought, sp[-1].at);
    if (!found) {
        return tsme_seek_in_items(t, sp, sought);
    }
    sp[-1] = (tsme_ref){found, 0, 0};
    return sp;
}

tsme_ref *tsme_op_name(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    const struct tsme_sought sought = {operand, false, 0};
    return tsme_seek(t, sp, &sought);
}

#if TSME_ALL_NATIVES
// ITEM: `name[z]`.
tsme_ref *tsme_op_named_item(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    int64_t n;
    (void)tsme_integer(tsme_skip_text(tsme_const(&t->program, operand) + 1), &n);
    if (n != (int32_t)n) {
        return tsme_failed(t, TSME_ELSEWHERE);
    }
    const struct tsme_sought sought = {operand, true, (int32_t)n};
    return tsme_seek(t, sp, &sought);
}
#endif
