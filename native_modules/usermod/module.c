// The core in firmware: `import tsme_core`. A native module of that name in the file system goes
// before it, so that a board can be given a newer core without other firmware.

#include "py/binary.h"
#include "py/cstack.h"
#include "py/obj.h"
#include "py/objstr.h"
#include "py/runtime.h"

#include <string.h>

// The core looks at no stack, so what it may need (setup/calls.py) is there before it is called:
// else Python's error, as if it were Python.
static void check_stack(void)
{
    mp_uint_t left = 1600;
    if (mp_cstack_usage() + left > MP_STATE_THREAD(stack_limit)) {
        mp_raise_recursion_depth();
    }
}

#include "binding.inc.c"
#include "journal.inc.c"

static const mp_rom_map_elem_t core_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_tsme_core)},
    {MP_ROM_QSTR(MP_QSTR_API), MP_ROM_INT(TSME_API)},
    {MP_ROM_QSTR(MP_QSTR_RAISES), MP_ROM_INT(1)}, // of a device: see journal.inc.c
    {MP_ROM_QSTR(MP_QSTR_install), MP_ROM_PTR(&core_install_obj)},
    {MP_ROM_QSTR(MP_QSTR_boot), MP_ROM_PTR(&core_boot_obj)},
    {MP_ROM_QSTR(MP_QSTR_limits), MP_ROM_PTR(&core_limits_obj)},
    {MP_ROM_QSTR(MP_QSTR_make), MP_ROM_PTR(&core_make_obj)},
    {MP_ROM_QSTR(MP_QSTR_again), MP_ROM_PTR(&core_again_obj)},
    {MP_ROM_QSTR(MP_QSTR_record), MP_ROM_PTR(&core_record_obj)},
    {MP_ROM_QSTR(MP_QSTR_adopt), MP_ROM_PTR(&core_adopt_obj)},
    {MP_ROM_QSTR(MP_QSTR_undo), MP_ROM_PTR(&core_undo_obj)},
    {MP_ROM_QSTR(MP_QSTR_view), MP_ROM_PTR(&core_view_obj)},
    {MP_ROM_QSTR(MP_QSTR_actions), MP_ROM_PTR(&core_actions_obj)},
    {MP_ROM_QSTR(MP_QSTR_pending), MP_ROM_PTR(&core_pending_obj)},
    {MP_ROM_QSTR(MP_QSTR_result), MP_ROM_PTR(&core_result_obj)},
    {MP_ROM_QSTR(MP_QSTR_entering), MP_ROM_PTR(&core_entering_obj)},
    {MP_ROM_QSTR(MP_QSTR_attempt), MP_ROM_PTR(&core_attempt_obj)},
    {MP_ROM_QSTR(MP_QSTR_state_of), MP_ROM_PTR(&core_state_of_obj)},
    {MP_ROM_QSTR(MP_QSTR_checkpoint), MP_ROM_PTR(&core_checkpoint_obj)},
    {MP_ROM_QSTR(MP_QSTR_restore), MP_ROM_PTR(&core_restore_obj)},
    {MP_ROM_QSTR(MP_QSTR_refused), MP_ROM_PTR(&core_refused_obj)},
    {MP_ROM_QSTR(MP_QSTR_asked), MP_ROM_PTR(&core_asked_obj)},
    {MP_ROM_QSTR(MP_QSTR_memory), MP_ROM_PTR(&core_memory_obj)},
    {MP_ROM_QSTR(MP_QSTR_journal_open), MP_ROM_PTR(&core_journal_open_obj)},
    {MP_ROM_QSTR(MP_QSTR_journal_format), MP_ROM_PTR(&core_journal_format_obj)},
    {MP_ROM_QSTR(MP_QSTR_journal_recover), MP_ROM_PTR(&core_journal_recover_obj)},
    {MP_ROM_QSTR(MP_QSTR_journal_records), MP_ROM_PTR(&core_journal_records_obj)},
    {MP_ROM_QSTR(MP_QSTR_journal_next), MP_ROM_PTR(&core_journal_next_obj)},
    {MP_ROM_QSTR(MP_QSTR_journal_commit), MP_ROM_PTR(&core_journal_commit_obj)},
    {MP_ROM_QSTR(MP_QSTR_journal_idle), MP_ROM_PTR(&core_journal_idle_obj)},
    {MP_ROM_QSTR(MP_QSTR_journal_view), MP_ROM_PTR(&core_journal_view_obj)},
    {MP_ROM_QSTR(MP_QSTR_journal_due), MP_ROM_PTR(&core_journal_due_obj)},
    {MP_ROM_QSTR(MP_QSTR_journal_retired), MP_ROM_PTR(&core_journal_retired_obj)},
    {MP_ROM_QSTR(MP_QSTR_journal_numbers), MP_ROM_PTR(&core_journal_numbers_obj)},
};
static MP_DEFINE_CONST_DICT(core_globals, core_table);

const mp_obj_module_t tsme_core_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&core_globals,
};

MP_REGISTER_EXTENSIBLE_MODULE(MP_QSTR_tsme_core, tsme_core_module);
