// CBOR values that are known to be well-formed: reading, writing, PUT.
//
// A CBOR item begins with a head: three bits of major type, five bits that are the
// number itself (below 24) or say how many bytes of it follow. For an array the number
// counts items, for an object pairs, for a text bytes. No container tells its length in
// bytes, so to get past one is to walk through it. That is why a reference remembers
// the length once somebody has paid for it, and why paths begin at a member's name
// instead of searching twice.

#include "tsme_frames.h"

#include <string.h>

const uint8_t tsme_simple[4] = {TSME_FALSE, TSME_TRUE, TSME_NULL, TSME_MISSING};

/// Reading ///

// Steps over the head at *at and returns its number. Lengths and counts only: the
// upper half of a number of 8 bytes is lost.
uint32_t tsme_head(const uint8_t **at)
{
    const uint8_t *p = *at;
    uint32_t n = *p++ & 31u;
    if (n >= 24) {
        uint32_t bytes = 1u << (n - 24);
        n = 0;
        do {
            n = n << 8 | *p++;
        } while (--bytes);
    }
    *at = p;
    return n;
}

// One past the value at `at`. The engine spends more time here than anywhere else.
const uint8_t *tsme_skip(const uint8_t *at)
{
    uint32_t left = 1; // items to get past
    do {
        uint32_t major = (uint32_t)*at >> 5;
        uint32_t n = *at++ & 31u;
        if (n >= 24) {
            const uint8_t *body = at + (1u << (n - 24));
            for (n = 0; at < body; at++) {
                n = n << 8 | *at;
            }
        }
        if (major >= TSME_BYTES) { // of integers the number is all there is
            if (major <= TSME_TEXT) {
                at += n;
            } else if (major <= TSME_OBJECT) {
                left += n << (major - TSME_ARRAY); // two items a member
            }
        }
    } while (--left);
    return at;
}

// A reference to a value that has just been built.
void tsme_built(tsme_ref *ref, const uint8_t *at, const uint8_t *end, uint32_t depth)
{
    ref->at = at;
    ref->size = (uint32_t)(end - at) & 0xFFFFFF;
    ref->depth = depth & 0xFF;
}

// Walks through a value once for its length and its depth.
static void tsme_measure(tsme_ref *ref)
{
    uint32_t left[TSME_DEPTH_MAX]; // items to come, of each open container
    uint32_t depth = 0;
    uint32_t deepest = 0;
    const uint8_t *at = ref->at;
    do {
        if (!tsme_is_container(at)) {
            at = tsme_skip(at);
        } else if (depth == TSME_DEPTH_MAX) { // too deep, however deep it is
            at = tsme_skip(at);
            deepest = TSME_DEPTH_MAX + 1;
        } else {
            uint32_t pair = *at >> 5 == TSME_OBJECT;
            left[depth++] = (tsme_head(&at) << pair) + 1;
            deepest = depth > deepest ? depth : deepest;
        }
        while (depth && --left[depth - 1] == 0) {
            depth--;
        }
    } while (depth);
    tsme_built(ref, ref->at, at, deepest);
}

uint32_t tsme_size(tsme_ref *ref)
{
    if (ref->size == 0) {
        if (tsme_is_container(ref->at)) {
            tsme_measure(ref);
        } else {
            tsme_built(ref, ref->at, tsme_skip(ref->at), 0);
        }
    }
    return ref->size;
}

// Whether the value may go where `depth` containers are around it. What is known of its
// own depth can be too much, since PUT may have replaced the deepest part.
bool tsme_fits(tsme_ref *ref, uint32_t depth)
{
    (void)tsme_size(ref);
    if (ref->depth && ref->depth + depth > TSME_DEPTH_MAX) {
        tsme_measure(ref);
    }
    return ref->depth + depth <= TSME_DEPTH_MAX;
}

// Whether the value is an integer, and which.
bool tsme_integer(const uint8_t *at, int64_t *number)
{
    uint32_t first = *at;
    uint32_t high = 0;
    uint32_t low = first & 31u;
    if (first >> 5 > TSME_NEGATIVE) {
        return false;
    }
    if (low >= 24) {
        uint32_t info = low;
        low = at[1];
        if (info > 24) {
            low = low << 8 | at[2];
        }
        if (info > 25) {
            low = low << 16 | (uint32_t)at[3] << 8 | at[4];
        }
        if (info > 26) {
            high = low;
            low = (uint32_t)at[5] << 24 | (uint32_t)at[6] << 16 | (uint32_t)at[7] << 8 | at[8];
        }
    }
    int64_t n = (int64_t)((uint64_t)high << 32 | low);
    *number = first >> 5 == TSME_NEGATIVE ? -1 - n : n;
    return true;
}

// One past a value, most often a small integer.
static inline const uint8_t *tsme_skip_small(const uint8_t *at)
{
    return *at < 24 ? at + 1 : tsme_skip(at);
}

// The same for a name of 24 bytes and more, among `left` members from `at` on.
static const uint8_t *tsme_long_member(const uint8_t *at, uint32_t left, const uint8_t *name)
{
    uint32_t size = (uint32_t)(tsme_skip(name) - name);
    for (; left; left--) {
        const uint8_t *value = tsme_skip_text(at);
        if ((uint32_t)(value - at) == size && memcmp(at, name, size) == 0) {
            return value;
        }
        at = tsme_skip_small(value);
    }
    return 0;
}

// The member's value, or null if it is no object or has no such member. `name` is a text
// in the same form in which keys are, so to compare is to compare bytes: first the heads, which
// say how long they are, then the last ones, in which names differ that begin alike.
const uint8_t *tsme_member(const uint8_t *object, const uint8_t *name)
{
    if (*object >> 5 != TSME_OBJECT) {
        return 0;
    }
    uint32_t left = tsme_head(&object);
    uint32_t head = *name;
    uint32_t n = head & 31u;
    if (n >= 24) {
        return tsme_long_member(object, left, name);
    }
    uint32_t last = name[n];
    for (; left; left--) {
        if (*object != head) {
            object = tsme_skip_text(object);
        } else if (object[n] != last) {
            object += n + 1;
        } else {
            uint32_t i = 1;
            while (i < n && object[i] == name[i]) {
                i++;
            }
            object += n + 1;
            if (i >= n) {
                return object;
            }
        }
        object = tsme_skip_small(object);
    }
    return 0;
}

// The array's item, counted from the end if `index` is negative, or null.
const uint8_t *tsme_item(const uint8_t *array, int32_t index)
{
    if (*array >> 5 != TSME_ARRAY) {
        return 0;
    }
    uint32_t count = tsme_head(&array);
    uint32_t i = index < 0 ? count + (uint32_t)index : (uint32_t)index;
    if (i >= count) {
        return 0;
    }
    while (i--) {
        array = tsme_skip(array);
    }
    return array;
}

// Head and text of each; the compiler joins the two literals.
const char *const tsme_words[TSME_WORDS] = {
    "\x71"
    "arn:aws:states:::",
    "\x61"
    " ",
    "\x68"
    "aws-sdk:",
    "\x71"
    ".waitForTaskToken",
    "\x65"
    ".sync",
    "\x67"
    ".sync:2",
    "\x6d"
    "lambda:invoke",
    "\x69"
    "dynamodb:",
    "\x67"
    "getItem",
    "\x67"
    "putItem",
    "\x6a"
    "updateItem",
    "\x6a"
    "deleteItem",
    "\x6b"
    "sns:publish",
    "\x6f"
    "sqs:sendMessage",
    "\x70"
    "events:putEvents",
    "\x75"
    "states:startExecution",
    "\x6b"
    "ecs:runTask",
    "\x6f"
    "batch:submitJob",
    "\x70"
    "glue:startJobRun",
    "\x6c"
    "s3:getObject",
    "\x6c"
    "s3:putObject",
    "\x70"
    "s3:listObjectsV2",
    "\x6b"
    "http:invoke",
    "\x71"
    "apigateway:invoke",
    "\x73"
    "bedrock:invokeModel",
    "\x6f"
    "arn:aws:lambda:",
    "\x6a"
    ":function:",
    "\x6a"
    "States.ALL",
    "\x71"
    "States.TaskFailed",
    "\x6e"
    "States.Timeout",
    "\x78\x18"
    "States.DataLimitExceeded",
    "\x77"
    "Lambda.ServiceException",
    "\x78\x19"
    "Lambda.AWSLambdaException",
    "\x78\x19"
    "Lambda.SdkClientException",
    "\x78\x1f"
    "Lambda.TooManyRequestsException",
    "\x78\x26"
    "Lambda.ClientExecutionTimeoutException",
    "\x6e"
    "Lambda.Unknown",
    "\x6c"
    "FunctionName",
    "\x67"
    "Payload",
    "\x69"
    "TableName",
    "\x63"
    "Key",
    "\x64"
    "Item",
    "\x70"
    "UpdateExpression",
    "\x73"
    "ConditionExpression",
    "\x78\x18"
    "ExpressionAttributeNames",
    "\x78\x19"
    "ExpressionAttributeValues",
    "\x68"
    "TopicArn",
    "\x67"
    "Message",
    "\x67"
    "Subject",
    "\x68"
    "QueueUrl",
    "\x6b"
    "MessageBody",
    "\x67"
    "Entries",
    "\x66"
    "Detail",
    "\x6a"
    "DetailType",
    "\x6c"
    "EventBusName",
    "\x66"
    "Source",
    "\x6f"
    "StateMachineArn",
    "\x65"
    "Input",
    "\x66"
    "Bucket",
    "\x64"
    "Body",
    "\x69"
    "TaskToken",
    "\x64"
    "Name",
    "\x65"
    "Value",
    "\x64"
    "Type",
};

const uint8_t *tsme_path(const uint8_t *at, struct tsme_list path)
{
    while (path.left && at) {
        const uint8_t *step = tsme_list_next(&path);
        at = *step >> 5 == TSME_TEXT ? tsme_member(at, step)
                                     : tsme_item(at, (int32_t)tsme_head(&step));
    }
    return at;
}

/// Writing ///

static uint8_t *tsme_write_big_endian(uint8_t *to, uint32_t n)
{
    *to++ = (uint8_t)(n >> 24);
    *to++ = (uint8_t)(n >> 16);
    *to++ = (uint8_t)(n >> 8);
    *to++ = (uint8_t)n;
    return to;
}

static uint8_t *tsme_write_number(uint8_t *to, uint8_t major, uint32_t high, uint32_t low)
{
    if (!high) {
        return tsme_write_head(to, major, low);
    }
    *to++ = (uint8_t)((uint32_t)major << 5 | 27);
    return tsme_write_big_endian(tsme_write_big_endian(to, high), low);
}

uint8_t *tsme_write_head(uint8_t *to, uint8_t major, uint32_t n)
{
    if (n < 24) {
        *to++ = (uint8_t)((uint32_t)major << 5 | n);
    } else if (n < 0x100) {
        *to++ = (uint8_t)((uint32_t)major << 5 | 24);
        *to++ = (uint8_t)n;
    } else if (n < 0x10000) {
        *to++ = (uint8_t)((uint32_t)major << 5 | 25);
        *to++ = (uint8_t)(n >> 8);
        *to++ = (uint8_t)n;
    } else {
        *to++ = (uint8_t)((uint32_t)major << 5 | 26);
        to = tsme_write_big_endian(to, n);
    }
    return to;
}

uint8_t *tsme_write_uint(uint8_t *to, uint64_t n)
{
    return tsme_write_number(to, TSME_UINT, (uint32_t)(n >> 32), (uint32_t)n);
}

uint8_t *tsme_write_integer(uint8_t *to, int64_t n)
{
    if ((uint64_t)n >> 32 == 0) { // most of them
        return tsme_write_head(to, TSME_UINT, (uint32_t)n);
    }
    uint8_t major = n < 0 ? TSME_NEGATIVE : TSME_UINT;
    uint64_t size = n < 0 ? (uint64_t)(-1 - n) : (uint64_t)n;
    return tsme_write_number(to, major, (uint32_t)(size >> 32), (uint32_t)size);
}

/// PUT ///

// Where a path ends in a value, and what has to be done there. Offsets from the value's
// first byte.
struct tsme_spot {
    uint32_t cut;          // here the new bytes go
    uint32_t resume;       // here the old ones go on
    uint32_t head;         // the object that gets one member more ..
    uint32_t head_count;   // .. and how many it has; not used if nothing is new
    struct tsme_list rest; // names that are not there yet; none: what is there is replaced
};

static int tsme_find_spot(const uint8_t *base, struct tsme_list path, struct tsme_spot *spot)
{
    const uint8_t *at = base;
    spot->rest = path;
    while (path.left) {
        const uint8_t *step = tsme_list_next(&path);
        const uint8_t *next = 0;
        if (*step >> 5 != TSME_TEXT) {
            next = tsme_item(at, (int32_t)tsme_head(&step));
            if (!next) {
                return TSME_RESULT_PATH;
            }
        } else {
            if (*at >> 5 != TSME_OBJECT) {
                return TSME_RESULT_PATH;
            }
            next = tsme_member(at, step);
            if (!next) {
                break;
            }
        }
        at = next;
        spot->rest = path;
    }
    uint32_t left = spot->rest.left;
    spot->resume = (uint32_t)(tsme_skip(at) - base);
    spot->cut = left ? spot->resume : (uint32_t)(at - base);
    spot->head = (uint32_t)(at - base);
    spot->head_count = left ? tsme_head(&at) : 0;
    return TSME_OK;
}

static uint8_t *tsme_append(uint8_t *to, const uint8_t *from, uint32_t size)
{
    memcpy(to, from, size);
    return to + size;
}

// PUT: in place of the value on top of the stack, a new slot 0 that has this value at `path`.
// The old one stays as it is; what the two have in common is copied.
int tsme_splice(struct tsme *t, tsme_ref *sp, struct tsme_list path)
{
    struct tsme_spot spot;
    int err = tsme_find_spot(t->frame->slots[0].at, path, &spot);
    if (err) {
        return err;
    }
    uint32_t path_count = path.left;
    uint32_t value_size = tsme_size(sp - 1);
    uint32_t names_size = spot.rest.left; // a head between two names
    for (struct tsme_list rest = spot.rest; rest.left;) {
        const uint8_t *name = tsme_list_next(&rest);
        if (*name >> 5 != TSME_TEXT) {
            return TSME_RESULT_PATH;
        }
        names_size += rest.size;
    }
    if (!tsme_fits(sp - 1, path_count)) {
        return TSME_TOO_LARGE;
    }
    uint32_t old_size = tsme_size(&t->frame->slots[0]);
    err = tsme_reserve(t, sp, old_size + names_size + value_size + TSME_HEAD_MAX);
    if (err) {
        return err;
    }
    const uint8_t *old = t->frame->slots[0].at;
    uint8_t *to = t->top;
    if (spot.rest.left) {
        const uint8_t *body = old + spot.head;
        (void)tsme_head(&body);
        to = tsme_append(to, old, spot.head);
        to = tsme_write_head(to, TSME_OBJECT, spot.head_count + 1);
        to = tsme_append(to, body, (uint32_t)(old + spot.cut - body));
    } else {
        to = tsme_append(to, old, spot.cut);
    }
    while (spot.rest.left) {
        const uint8_t *name = tsme_list_next(&spot.rest);
        to = tsme_append(to, name, spot.rest.size);
        if (spot.rest.left) {
            *to++ = TSME_OBJECT << 5 | 1;
        }
    }
    to = tsme_append(to, sp[-1].at, value_size);
    to = tsme_append(to, old + spot.resume, old_size - spot.resume);
    if (tsme_is_bulky(sp[-1].at) && (uint32_t)(to - t->top) > t->program.largest) {
        return TSME_TOO_LARGE;
    }
    uint32_t depth = path_count + sp[-1].depth;
    depth = path_count && t->frame->slots[0].depth > depth ? t->frame->slots[0].depth : depth;
    tsme_built(sp - 1, t->top, to, depth);
    t->top = to;
    return TSME_OK;
}
