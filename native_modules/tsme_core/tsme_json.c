// StringToJson: a JSON text as a value (SPEC 2.6).
//
// The value is written while the text is read, in one go: a container gets a head of one byte,
// and is moved if it turns out to need a longer one. Whatever is out of the ordinary, a number
// with a point, a name twice, and everything that is wrong, is left to the caller, who knows what
// to say.

#include "tsme_frames.h"
#include "tsme_functions.h"

#include <string.h>

// A text that is read, and the value that is written.
struct tsme_reader {
    const uint8_t *at; // the next byte
    const uint8_t *end;
    uint8_t *to; // where the next one goes
    uint8_t *stop;
};

// Bytes that a value may be longer than its text of `size` bytes: a text inside has two quotes and
// a comma, and of 64 KiB and more a head of five bytes.
static uint32_t tsme_slack(uint32_t size)
{
    return 16 + (size >> 14);
}

static void tsme_skip_blanks(struct tsme_reader *r)
{
    while (r->at < r->end &&
           (*r->at == ' ' || *r->at == '\t' || *r->at == '\r' || *r->at == '\n')) {
        r->at++;
    }
}

// Takes a byte if it comes next.
static bool tsme_comes(struct tsme_reader *r, uint8_t byte)
{
    if (r->at == r->end || *r->at != byte) {
        return false;
    }
    r->at++;
    return true;
}

// Four hexadecimal digits; a number beyond them if they are none.
static uint32_t tsme_read_hex(struct tsme_reader *r)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t c = r->at < r->end ? *r->at++ | 0x20u : 0;
        uint32_t digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
        if (digit > 15) {
            return UINT32_MAX;
        }
        n = n << 4 | digit;
    }
    return n;
}

// The character of \u, of which the digits come next; surrogates are pairs.
static uint32_t tsme_read_character(struct tsme_reader *r)
{
    uint32_t c = tsme_read_hex(r);
    if (c < 0xD800 || c >= 0xE000) {
        return c;
    }
    if (c >= 0xDC00 || !tsme_comes(r, '\\') || !tsme_comes(r, 'u')) {
        return UINT32_MAX;
    }
    uint32_t low = tsme_read_hex(r);
    return low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00)
                                         : UINT32_MAX;
}

static uint8_t *tsme_write_character(uint8_t *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (uint8_t)c;
        return to;
    }
    uint32_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    *to++ = (uint8_t)(0xFF80u >> more | c >> 6 * more);
    while (more--) {
        *to++ = (uint8_t)(0x80 | (c >> 6 * more & 0x3F));
    }
    return to;
}

// What a backslash stands before.
static bool tsme_read_escape(struct tsme_reader *r)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    uint32_t c = r->at < r->end ? *r->at++ : 0;
    if (c == 'u') {
        c = tsme_read_character(r);
        if (c > 0x10FFFF) {
            return false;
        }
        r->to = tsme_write_character(r->to, c);
        return true;
    }
    for (uint32_t i = 0; i < sizeof letters - 1; i++) {
        if (c == (uint8_t)letters[i]) {
            *r->to++ = (uint8_t)meant[i];
            return true;
        }
    }
    return false;
}

// A text behind its quote: as many bytes as it has there are enough for it.
static bool tsme_read_string(struct tsme_reader *r)
{
    uint8_t *head = r->to++;
    while (r->at < r->end && *r->at != '"') {
        uint8_t c = *r->at++;
        if (c == '\\') {
            if (!tsme_read_escape(r)) {
                return false;
            }
        } else if (c < 0x20) {
            return false;
        } else {
            *r->to++ = c;
        }
    }
    uint32_t size = (uint32_t)(r->to - head) - 1;
    uint8_t bytes[TSME_HEAD_MAX];
    uint32_t head_size = (uint32_t)(tsme_write_head(bytes, TSME_TEXT, size) - bytes);
    if ((uint32_t)(r->stop - r->to) < head_size) {
        return false;
    }
    if (head_size > 1) {
        memmove(head + head_size, head + 1, size);
    }
    memcpy(head, bytes, head_size);
    r->to = head + head_size + size;
    return tsme_comes(r, '"');
}

static bool tsme_read_word(struct tsme_reader *r, const char *word, uint8_t value)
{
    while (*word) {
        if (!tsme_comes(r, (uint8_t)*word++)) {
            return false;
        }
    }
    *r->to++ = value;
    return true;
}

// An integer of at most 18 digits.
static bool tsme_read_number(struct tsme_reader *r)
{
    bool negative = tsme_comes(r, '-');
    const uint8_t *first = r->at;
    uint64_t n = 0; // more digits than 18 count for nothing
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9' && r->at - first < 19) {
        n = (n << 3) + (n << 1) + (*r->at++ & 15u);
    }
    uint32_t digits = (uint32_t)(r->at - first);
    uint8_t next = r->at < r->end ? *r->at : 0;
    if (!digits || digits > 18 || (digits > 1 && *first == '0') || next == '.' || next == 'e' ||
        next == 'E' || next == '+' || next == '-') {
        return false;
    }
    r->to = tsme_write_integer(r->to, negative ? -(int64_t)n : (int64_t)n);
    return true;
}

static bool tsme_read_scalar(struct tsme_reader *r)
{
    switch (*r->at) {
    case '"': r->at++; return tsme_read_string(r);
    case 't': return tsme_read_word(r, "true", TSME_TRUE);
    case 'f': return tsme_read_word(r, "false", TSME_FALSE);
    case 'n': return tsme_read_word(r, "null", TSME_NULL);
    default: return tsme_read_number(r);
    }
}

// The name of a member, and the colon.
static bool tsme_read_name(struct tsme_reader *r)
{
    tsme_skip_blanks(r);
    if (!tsme_comes(r, '"') || !tsme_read_string(r)) {
        return false;
    }
    tsme_skip_blanks(r);
    return tsme_comes(r, ':');
}

// Gives the container that begins at `head` its head, whose byte is written already.
static bool tsme_close(struct tsme_reader *r, uint8_t *head, uint8_t major, uint32_t count)
{
    uint8_t bytes[TSME_HEAD_MAX];
    uint32_t size = (uint32_t)(tsme_write_head(bytes, major, count) - bytes);
    if ((uint32_t)(r->stop - r->to) < size) {
        return false;
    }
    memmove(head + size, head + 1, (size_t)(r->to - head) - 1);
    memcpy(head, bytes, size);
    r->to += size - 1;
    return true;
}

// One value; false: it is not an ordinary one.
static bool tsme_read_json(struct tsme_reader *r)
{
    struct {
        uint8_t *head;
        uint32_t count; // items or members begun
    } open[TSME_DEPTH_MAX];
    uint32_t objects = 0; // a bit for each that is an object
    uint32_t depth = 0;
    for (;;) {
        tsme_skip_blanks(r);
        if (r->at == r->end || r->stop - r->to < TSME_HEAD_MAX) {
            return false;
        }
        uint8_t c = *r->at;
        bool ended = false; // nothing is in it
        if (c == '[' || c == '{') {
            if (depth == TSME_DEPTH_MAX) {
                return false;
            }
            r->at++;
            open[depth].head = r->to++;
            open[depth].count = 0;
            objects = (objects & ~(1u << depth)) | (uint32_t)(c == '{') << depth;
            depth++;
            tsme_skip_blanks(r);
            ended = r->at < r->end && *r->at == (c == '{' ? '}' : ']');
        } else if (!tsme_read_scalar(r)) {
            return false;
        }
        bool begun = c == '[' || c == '{'; // else a value has come to its end
        while (depth && (ended || !begun)) {
            uint32_t i = depth - 1;
            bool object = objects >> i & 1;
            tsme_skip_blanks(r);
            if (!ended && tsme_comes(r, ',')) {
                break;
            }
            if (!tsme_comes(r, object ? '}' : ']') ||
                !tsme_close(r, open[i].head, object ? TSME_OBJECT : TSME_ARRAY, open[i].count)) {
                return false;
            }
            depth--;
            ended = begun = false;
        }
        if (!depth) {
            return true;
        }
        open[depth - 1].count++;
        if (objects >> (depth - 1) & 1 && !tsme_read_name(r)) {
            return false;
        }
    }
}

// TSME_RAISED: the caller has to look at it.
int tsme_string_to_json(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    if (*args[0].at >> 5 != TSME_TEXT) {
        return TSME_INTRINSIC;
    }
    uint32_t room = tsme_size(args) + tsme_slack(tsme_size(args));
    int err = tsme_reserve(t, sp, room);
    if (err) {
        return err;
    }
    const uint8_t *text = args[0].at;
    uint32_t size = tsme_head(&text);
    struct tsme_reader r = {text, text + size, t->top, t->top + room};
    tsme_skip_blanks(&r);
    if (r.at == r.end) {
        args[0] = (tsme_ref){&tsme_simple[TSME_NULL - TSME_FALSE], 0, 0};
        return TSME_OK;
    }
    bool good = tsme_read_json(&r);
    tsme_skip_blanks(&r);
    const struct tsme_part scratch = {r.stop, (uint32_t)(t->end - r.stop)};
    if (!good || r.at != r.end || tsme_check(t->top, r.to, scratch) != (int32_t)(r.to - t->top)) {
        return TSME_RAISED;
    }
    args[0] = tsme_sized(t->top, (uint32_t)(r.to - t->top));
    t->top = r.to;
    return TSME_OK;
}
