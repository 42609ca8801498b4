// qemu.Flash(start=0, len=all): blocks of the flash, as rp2.Flash gives them, in bytes.
#include "py/mperrno.h"
#include "py/runtime.h"
#include "extmod/vfs.h"

#include "soc.h"

typedef struct {
    mp_obj_base_t base;
    uint32_t start;  // address
    uint32_t size;
} flash_t;

static mp_obj_t flash_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *all) {
    enum { ARG_start, ARG_len };
    static const mp_arg_t allowed[] = {
        { MP_QSTR_start, MP_ARG_KW_ONLY | MP_ARG_INT, {.u_int = 0} },
        { MP_QSTR_len, MP_ARG_KW_ONLY | MP_ARG_INT, {.u_int = -1} },
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all_kw_array(n_args, n_kw, all, MP_ARRAY_SIZE(allowed), allowed, args);
    mp_int_t start = args[ARG_start].u_int;
    mp_int_t size = args[ARG_len].u_int < 0 ? FLASH_SIZE - start : args[ARG_len].u_int;
    if (start < 0 || start % FLASH_BLOCK || size <= 0 || size % FLASH_BLOCK || start + size > FLASH_SIZE) {
        mp_raise_ValueError(NULL);
    }
    flash_t *self = mp_obj_malloc(flash_t, type);
    self->start = FLASH_BASE + start;
    self->size = size;
    return MP_OBJ_FROM_PTR(self);
}

// -> the address of these bytes, which are all within
static uint32_t place(flash_t *self, size_t n_args, const mp_obj_t *args, size_t count) {
    uint32_t at = mp_obj_get_int(args[1]) * FLASH_BLOCK;
    if (n_args == 4) {
        at += mp_obj_get_int(args[3]);
    }
    if (at > self->size || count > self->size - at) {
        mp_raise_OSError(MP_EINVAL);
    }
    return self->start + at;
}

static mp_obj_t flash_readblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t to;
    mp_get_buffer_raise(args[2], &to, MP_BUFFER_WRITE);
    memcpy(to.buf, (const void *)place(MP_OBJ_TO_PTR(args[0]), n_args, args, to.len), to.len);
    return MP_OBJ_NEW_SMALL_INT(0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(flash_readblocks_obj, 3, 4, flash_readblocks);

static mp_obj_t flash_writeblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t from;
    mp_get_buffer_raise(args[2], &from, MP_BUFFER_READ);
    uint32_t at = place(MP_OBJ_TO_PTR(args[0]), n_args, args, from.len);
    if (n_args == 3) {
        for (uint32_t block = at; block < at + from.len; block += FLASH_BLOCK) {
            soc_flash_erase(block);
        }
    }
    soc_flash_program(at, from.buf, from.len);
    return MP_OBJ_NEW_SMALL_INT(0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(flash_writeblocks_obj, 3, 4, flash_writeblocks);

static mp_obj_t flash_ioctl(mp_obj_t self_in, mp_obj_t op, mp_obj_t arg) {
    flash_t *self = MP_OBJ_TO_PTR(self_in);
    switch (mp_obj_get_int(op)) {
        case MP_BLOCKDEV_IOCTL_INIT:
        case MP_BLOCKDEV_IOCTL_DEINIT:
        case MP_BLOCKDEV_IOCTL_SYNC:
            return MP_OBJ_NEW_SMALL_INT(0);
        case MP_BLOCKDEV_IOCTL_BLOCK_COUNT:
            return MP_OBJ_NEW_SMALL_INT(self->size / FLASH_BLOCK);
        case MP_BLOCKDEV_IOCTL_BLOCK_SIZE:
            return MP_OBJ_NEW_SMALL_INT(FLASH_BLOCK);
        case MP_BLOCKDEV_IOCTL_BLOCK_ERASE: {
            mp_obj_t args[] = { self_in, arg };
            soc_flash_erase(place(self, 2, args, FLASH_BLOCK));
            return MP_OBJ_NEW_SMALL_INT(0);
        }
        default:
            return mp_const_none;
    }
}
static MP_DEFINE_CONST_FUN_OBJ_3(flash_ioctl_obj, flash_ioctl);

static const mp_rom_map_elem_t flash_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_readblocks), MP_ROM_PTR(&flash_readblocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_writeblocks), MP_ROM_PTR(&flash_writeblocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_ioctl), MP_ROM_PTR(&flash_ioctl_obj) },
};
static MP_DEFINE_CONST_DICT(flash_locals, flash_locals_table);

static MP_DEFINE_CONST_OBJ_TYPE(
    flash_type, MP_QSTR_Flash, MP_TYPE_FLAG_NONE,
    make_new, flash_make_new, locals_dict, &flash_locals);

static const mp_rom_map_elem_t qemu_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_qemu) },
    { MP_ROM_QSTR(MP_QSTR_Flash), MP_ROM_PTR(&flash_type) },
};
static MP_DEFINE_CONST_DICT(qemu_globals, qemu_globals_table);

const mp_obj_module_t qemu_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&qemu_globals,
};
MP_REGISTER_MODULE(MP_QSTR_qemu, qemu_module);
