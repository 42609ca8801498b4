// Inside the engine: where in the code a frame of a checkpoint may stand (tsme_places.c).

#ifndef TSME_PLACES_H
#define TSME_PLACES_H

#include "tsme_frames.h"

// Instructions that frames of one kind can come to.
struct tsme_places {
    const struct tsme_program *program;
    uint32_t *bits; // one for each instruction
    uint32_t first; // where such a frame begins; UINT32_MAX: none were looked for
};

// The FRAME of the first entry behind which `pc` is, as the join says; 0: it is not.
uint32_t tsme_entry_before(const struct tsme_program *p, uint32_t pc,
                           const struct tsme_join *join);
uint32_t tsme_entry_of(const struct tsme_program *p, uint32_t first, const struct tsme_join *join,
                       uint32_t index);

// Whether a frame that has begun at instruction `first` may be as it is.
bool tsme_may_stand(struct tsme_places *places, const struct tsme_frame *f, uint32_t first);

#endif
