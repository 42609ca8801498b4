// The core as a native module: tsme_core.mpy, which a board imports from its file system.

#include "py/dynruntime.h"

#if defined(__XTENSA__)
// GCC makes one address of the table and the place in it, which mpy_ld.py cannot move. So it must
// not see where the table is.
static inline const uint16_t *names(void)
{
    const uint16_t *table = mp_native_qstr_table;
    __asm__("" : "+r"(table));
    return table;
}
#define mp_native_qstr_table (names())
#endif

#include <string.h>

#include "../usermod/binding.inc.c"

// The linker wants each name to stand here as it is.
mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args)
{
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_API, MP_OBJ_NEW_SMALL_INT(TSME_API));
    mp_store_global(MP_QSTR_install, MP_OBJ_FROM_PTR(&core_install_obj));
    mp_store_global(MP_QSTR_boot, MP_OBJ_FROM_PTR(&core_boot_obj));
    mp_store_global(MP_QSTR_make, MP_OBJ_FROM_PTR(&core_make_obj));
    mp_store_global(MP_QSTR_record, MP_OBJ_FROM_PTR(&core_record_obj));
    mp_store_global(MP_QSTR_adopt, MP_OBJ_FROM_PTR(&core_adopt_obj));
    mp_store_global(MP_QSTR_undo, MP_OBJ_FROM_PTR(&core_undo_obj));
    mp_store_global(MP_QSTR_refused, MP_OBJ_FROM_PTR(&core_refused_obj));
    mp_store_global(MP_QSTR_view, MP_OBJ_FROM_PTR(&core_view_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
