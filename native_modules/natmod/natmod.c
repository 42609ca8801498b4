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

// The table of functions that a native module is given says nothing of the stack.
static void check_stack(void)
{
}

#include "../usermod/binding.inc.c"
#include "../usermod/journal.inc.c"

// The linker wants each name to stand in this file: MP_QSTR_readblocks, MP_QSTR_writeblocks,
// MP_QSTR_ioctl and MP_QSTR_len of the bindings as well.
mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args)
{
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_API, MP_OBJ_NEW_SMALL_INT(TSME_API));
    mp_store_global(MP_QSTR_RAISES, MP_OBJ_NEW_SMALL_INT(1)); // of a device: see journal.inc.c
    mp_store_global(MP_QSTR_install, MP_OBJ_FROM_PTR(&core_install_obj));
    mp_store_global(MP_QSTR_boot, MP_OBJ_FROM_PTR(&core_boot_obj));
    mp_store_global(MP_QSTR_limits, MP_OBJ_FROM_PTR(&core_limits_obj));
    mp_store_global(MP_QSTR_make, MP_OBJ_FROM_PTR(&core_make_obj));
    mp_store_global(MP_QSTR_again, MP_OBJ_FROM_PTR(&core_again_obj));
    mp_store_global(MP_QSTR_record, MP_OBJ_FROM_PTR(&core_record_obj));
    mp_store_global(MP_QSTR_adopt, MP_OBJ_FROM_PTR(&core_adopt_obj));
    mp_store_global(MP_QSTR_undo, MP_OBJ_FROM_PTR(&core_undo_obj));
    mp_store_global(MP_QSTR_view, MP_OBJ_FROM_PTR(&core_view_obj));
    mp_store_global(MP_QSTR_actions, MP_OBJ_FROM_PTR(&core_actions_obj));
    mp_store_global(MP_QSTR_pending, MP_OBJ_FROM_PTR(&core_pending_obj));
    mp_store_global(MP_QSTR_result, MP_OBJ_FROM_PTR(&core_result_obj));
    mp_store_global(MP_QSTR_entering, MP_OBJ_FROM_PTR(&core_entering_obj));
    mp_store_global(MP_QSTR_attempt, MP_OBJ_FROM_PTR(&core_attempt_obj));
    mp_store_global(MP_QSTR_state_of, MP_OBJ_FROM_PTR(&core_state_of_obj));
    mp_store_global(MP_QSTR_checkpoint, MP_OBJ_FROM_PTR(&core_checkpoint_obj));
    mp_store_global(MP_QSTR_restore, MP_OBJ_FROM_PTR(&core_restore_obj));
    mp_store_global(MP_QSTR_refused, MP_OBJ_FROM_PTR(&core_refused_obj));
    mp_store_global(MP_QSTR_asked, MP_OBJ_FROM_PTR(&core_asked_obj));
    mp_store_global(MP_QSTR_memory, MP_OBJ_FROM_PTR(&core_memory_obj));
    mp_store_global(MP_QSTR_journal_open, MP_OBJ_FROM_PTR(&core_journal_open_obj));
    mp_store_global(MP_QSTR_journal_format, MP_OBJ_FROM_PTR(&core_journal_format_obj));
    mp_store_global(MP_QSTR_journal_recover, MP_OBJ_FROM_PTR(&core_journal_recover_obj));
    mp_store_global(MP_QSTR_journal_records, MP_OBJ_FROM_PTR(&core_journal_records_obj));
    mp_store_global(MP_QSTR_journal_next, MP_OBJ_FROM_PTR(&core_journal_next_obj));
    mp_store_global(MP_QSTR_journal_commit, MP_OBJ_FROM_PTR(&core_journal_commit_obj));
    mp_store_global(MP_QSTR_journal_idle, MP_OBJ_FROM_PTR(&core_journal_idle_obj));
    mp_store_global(MP_QSTR_journal_view, MP_OBJ_FROM_PTR(&core_journal_view_obj));
    mp_store_global(MP_QSTR_journal_due, MP_OBJ_FROM_PTR(&core_journal_due_obj));
    mp_store_global(MP_QSTR_journal_retired, MP_OBJ_FROM_PTR(&core_journal_retired_obj));
    mp_store_global(MP_QSTR_journal_numbers, MP_OBJ_FROM_PTR(&core_journal_numbers_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
