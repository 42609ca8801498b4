// The limits of a device: which there are, and what to say when one would be passed.

#include "tsme_value.h"

const uint32_t tsme_defaults[TSME_LIMITS] = {
    [TSME_PROGRAM_BYTES] = 32768,
    [TSME_SLOTS] = 64,
    [TSME_STACK] = 64,
    [TSME_BUDGET_MOST] = 4096,
    [TSME_WORK] = 65536,
    [TSME_VALUE_BYTES] = 262144,
    [TSME_STEP_BYTES_MOST] = 24576,
    [TSME_ITEMS_MOST] = 1000,
    [TSME_STATE_BYTES] = 16384,
    [TSME_RECORD_BYTES] = UINT32_MAX,
    [TSME_ARENA_BYTES] = TSME_MEMORY_MAX,
};

// Refuses what is more than a limit.
int tsme_limit(struct tsme *t, uint32_t name, uint32_t asked)
{
    uint32_t most = tsme_most(t, name);
    if (asked <= most) {
        return TSME_OK;
    }
    t->limit = (struct tsme_limit){asked, most, (uint8_t)name};
    return TSME_ERR_LIMIT;
}
