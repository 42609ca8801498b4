// Assertions: what holds where a function is called, and where it has done its work. They come
// in pairs, so that whoever breaks a promise is found between the two.
//
// A build for tests has them (-DTSME_ASSERTS=1) and stops at the first that does not hold; in a
// release they are nothing, not even evaluated. So an assertion never has a side effect, and
// never stands for a check of what comes from outside.

#ifndef TSME_ASSERT_H
#define TSME_ASSERT_H

#ifndef TSME_ASSERTS
#define TSME_ASSERTS 0
#endif

#if TSME_ASSERTS
#define TSME_ASSERT(holds)                                                                        \
    do {                                                                                          \
        if (!(holds)) {                                                                           \
            __builtin_trap();                                                                     \
        }                                                                                         \
    } while (0)
#else
#define TSME_ASSERT(holds) ((void)sizeof(!(holds)))
#endif

#endif
