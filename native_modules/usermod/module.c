// The core in firmware: `import tsme_core`. A native module of that name in the file system goes
// before it, so that a board can be given a newer core without other firmware.

#include "py/binary.h"
#include "py/obj.h"
#include "py/objstr.h"
#include "py/runtime.h"

#include <string.h>

#include "binding.inc.c"

static const mp_rom_map_elem_t core_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_tsme_core)},
    {MP_ROM_QSTR(MP_QSTR_API), MP_ROM_INT(TSME_API)},
    {MP_ROM_QSTR(MP_QSTR_install), MP_ROM_PTR(&core_install_obj)},
    {MP_ROM_QSTR(MP_QSTR_boot), MP_ROM_PTR(&core_boot_obj)},
    {MP_ROM_QSTR(MP_QSTR_make), MP_ROM_PTR(&core_make_obj)},
    {MP_ROM_QSTR(MP_QSTR_record), MP_ROM_PTR(&core_record_obj)},
    {MP_ROM_QSTR(MP_QSTR_adopt), MP_ROM_PTR(&core_adopt_obj)},
    {MP_ROM_QSTR(MP_QSTR_undo), MP_ROM_PTR(&core_undo_obj)},
    {MP_ROM_QSTR(MP_QSTR_refused), MP_ROM_PTR(&core_refused_obj)},
    {MP_ROM_QSTR(MP_QSTR_view), MP_ROM_PTR(&core_view_obj)},
};
static MP_DEFINE_CONST_DICT(core_globals, core_table);

const mp_obj_module_t tsme_core_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&core_globals,
};

MP_REGISTER_EXTENSIBLE_MODULE(MP_QSTR_tsme_core, tsme_core_module);
