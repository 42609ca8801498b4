// Times: days of the Gregorian calendar, texts of RFC 3339.
//
// Days are counted by eras of 400 years, 146,097 days each, that begin in March: so the leap
// day is the last of its year, and where a month begins is a line, (153 * month + 2) / 5.

#include "tsme_time.h"

#include "tsme_math.h"
#include "tsme_value.h"

#include <string.h>

enum {
    TSME_DAYS_OF_ERA = 146097,
    TSME_EPOCH = 719468, // days from the first of March of the year 0 to 1970
    TSME_DAY = 86400,    // seconds
    TSME_TIME_LEAST = 20,
};

static uint32_t tsme_quotient(uint32_t n, uint32_t by)
{
    uint32_t rest;
    return (uint32_t)tsme_divide(n, by, &rest);
}

/// Reading ///

// Days from 1970 to a day of the year 0 to 10000.
static int32_t tsme_days(uint32_t year, uint32_t month, uint32_t day)
{
    year += 400; // an era more, so that January of the year 0 is not before all years
    if (month < 3) {
        year--;
        month += 12;
    }
    uint32_t days = 365 * year + (year >> 2) - tsme_quotient(year, 100) + tsme_quotient(year, 400);
    days += tsme_quotient(153 * (month - 3) + 2, 5) + day - 1;
    return (int32_t)days - TSME_DAYS_OF_ERA - TSME_EPOCH;
}

// `count` digits, or -1.
static int32_t tsme_digits(const uint8_t *at, uint32_t count)
{
    int32_t n = 0;
    for (; count; count--, at++) {
        if (*at < '0' || *at > '9') {
            return -1;
        }
        n = n * 10 + *at - '0';
    }
    return n;
}

static bool tsme_is_between(int32_t n, int32_t least, int32_t most)
{
    return n >= least && n <= most;
}

// Seconds east of UTC that `size` bytes say: Z, +hh:mm or -hh:mm.
static bool tsme_zone(const uint8_t *at, uint32_t size, int32_t *east)
{
    *east = 0;
    if (size == 1) {
        return *at == 'Z';
    }
    if (size != 6 || at[3] != ':' || (*at != '+' && *at != '-')) {
        return false;
    }
    int32_t hours = tsme_digits(at + 1, 2);
    int32_t minutes = tsme_digits(at + 4, 2);
    *east = (hours * 60 + minutes) * (*at == '-' ? -60 : 60);
    return tsme_is_between(hours, 0, 23) && tsme_is_between(minutes, 0, 59);
}

// The day of `YYYY-MM-DD`, since 1970.
static bool tsme_date(const uint8_t *at, int32_t *days)
{
    int32_t year = tsme_digits(at, 4);
    int32_t month = tsme_digits(at + 5, 2);
    int32_t day = tsme_digits(at + 8, 2);
    if (year < 0 || !tsme_is_between(month, 1, 12) || day < 1) {
        return false;
    }
    uint32_t y = (uint32_t)year;
    uint32_t m = (uint32_t)month;
    *days = tsme_days(y, m, (uint32_t)day);
    return day <= 28 || *days < tsme_days(m == 12 ? y + 1 : y, m == 12 ? 1 : m + 1, 1);
}

bool tsme_timestamp(const uint8_t *at, struct tsme_time *time)
{
    if (*at >> 5 != TSME_TEXT) {
        return false;
    }
    uint32_t size = tsme_head(&at);
    int32_t days;
    if (size < TSME_TIME_LEAST || at[4] != '-' || at[7] != '-' || at[10] != 'T' || at[13] != ':' ||
        at[16] != ':' || !tsme_date(at, &days)) {
        return false;
    }
    int32_t hour = tsme_digits(at + 11, 2);
    int32_t minute = tsme_digits(at + 14, 2);
    int32_t second = tsme_digits(at + 17, 2);
    if (!tsme_is_between(hour, 0, 23) || !tsme_is_between(minute, 0, 59) ||
        !tsme_is_between(second, 0, 59)) {
        return false;
    }
    uint32_t zone = TSME_TIME_LEAST - 1;
    time->digits = at + TSME_TIME_LEAST;
    if (at[zone] == '.') {
        for (zone++; zone < size && at[zone] >= '0' && at[zone] <= '9'; zone++) {
        }
        if (zone == TSME_TIME_LEAST) {
            return false;
        }
    }
    int32_t east;
    if (zone == size || !tsme_zone(at + zone, size - zone, &east)) {
        return false;
    }
    time->count = zone < TSME_TIME_LEAST ? 0 : zone - TSME_TIME_LEAST;
    while (time->count && time->digits[time->count - 1] == '0') {
        time->count--;
    }
    time->seconds = (int64_t)days * TSME_DAY + (hour * 60 + minute) * 60 + second - east;
    return true;
}

int tsme_compare_times(const struct tsme_time *a, const struct tsme_time *b)
{
    if (a->seconds != b->seconds) {
        return a->seconds < b->seconds ? -1 : 1;
    }
    uint32_t both = a->count < b->count ? a->count : b->count;
    int order = memcmp(a->digits, b->digits, both);
    return order ? order : (a->count > b->count) - (a->count < b->count);
}

int64_t tsme_milliseconds(const struct tsme_time *time)
{
    int64_t ms = time->seconds;
    for (uint32_t i = 0; i < 3; i++) {
        ms = ms * 10 + (i < time->count ? time->digits[i] - '0' : 0);
    }
    return ms + (time->count > 3);
}

/// Writing ///

uint8_t *tsme_write_decimal(uint8_t *to, uint64_t n, uint32_t least)
{
    uint8_t digits[TSME_DECIMAL_MAX];
    uint32_t count = 0;
    while (n || count < least) {
        uint32_t digit;
        n = tsme_divide(n, 10, &digit);
        digits[count++] = (uint8_t)('0' + digit);
    }
    while (count) {
        *to++ = digits[--count];
    }
    return to;
}

static uint8_t *tsme_write_part(uint8_t *to, uint32_t n, uint32_t digits, char behind)
{
    to = tsme_write_decimal(to, n, digits);
    *to++ = (uint8_t)behind;
    return to;
}

uint8_t *tsme_write_time(uint8_t *to, uint64_t ms)
{
    uint32_t thousandths;
    uint32_t seconds;
    uint32_t day; // of its era
    uint64_t rest = tsme_divide(ms, 1000, &thousandths);
    uint64_t days = tsme_divide(rest, TSME_DAY, &seconds);
    uint64_t era = tsme_divide(days + TSME_EPOCH, TSME_DAYS_OF_ERA, &day);
    uint32_t year = tsme_quotient(day - tsme_quotient(day, 1460) + tsme_quotient(day, 36524) -
                                      tsme_quotient(day, 146096),
                                  365);
    day -= 365 * year + (year >> 2) - tsme_quotient(year, 100);
    uint32_t month = tsme_quotient(5 * day + 2, 153); // from March on
    day -= tsme_quotient(153 * month + 2, 5);
    uint8_t *first = to;
    to += 2; // a text of 24 bytes or more
    to = tsme_write_part(to, year + (uint32_t)era * 400 + (month > 9), 4, '-');
    to = tsme_write_part(to, month > 9 ? month - 9 : month + 3, 2, '-');
    to = tsme_write_part(to, day + 1, 2, 'T');
    uint32_t hours = tsme_quotient(seconds, 3600);
    uint32_t minutes = tsme_quotient(seconds, 60) - 60 * hours;
    to = tsme_write_part(to, hours, 2, ':');
    to = tsme_write_part(to, minutes, 2, ':');
    to = tsme_write_part(to, seconds - 60 * (60 * hours + minutes), 2, '.');
    to = tsme_write_part(to, thousandths, 3, 'Z');
    first[0] = TSME_TEXT << 5 | 24;
    first[1] = (uint8_t)(to - first - 2);
    return to;
}
