// tsme_native.encoded(items, container): what values/cbor.py writes for these items, as bytes, or
// None for what is rare, which is left to it: floats, integers beyond 48 bits, text that is not
// ASCII, what is deep, and all that is wrong.  In firmware of our own; without it Python does the
// same.
#include "py/obj.h"
#include "py/objint.h"
#include "py/objstr.h"
#include "py/objtuple.h"
#include "py/runtime.h"

#define DEEPEST (12) // levels of the C stack

static void put_head(vstr_t *out, unsigned major, uint64_t n)
{
    if (n < 24) {
        vstr_add_byte(out, major << 5 | n);
        return;
    }
    unsigned log = n < 0x100 ? 0 : n < 0x10000 ? 1 : n < 0x100000000 ? 2 : 3;
    vstr_add_byte(out, major << 5 | (24 + log));
    for (int k = (1 << log) - 1; k >= 0; k--) {
        vstr_add_byte(out, n >> 8 * k);
    }
}

static bool put_int(vstr_t *out, mp_obj_t v)
{
    int64_t n = 0;
    if (mp_obj_is_small_int(v)) {
        n = MP_OBJ_SMALL_INT_VALUE(v);
    } else {
        const mpz_t *z = &((mp_obj_int_t *)MP_OBJ_TO_PTR(v))->mpz;
        if (z->len * MPZ_DIG_SIZE > 48) {
            return false;
        }
        for (size_t i = z->len; i > 0; i--) {
            n = n << MPZ_DIG_SIZE | z->dig[i - 1];
        }
        n = z->neg ? -n : n;
    }
    put_head(out, n < 0, n < 0 ? -1 - n : n);
    return true;
}

static bool put_text(vstr_t *out, mp_obj_t v)
{
    size_t n;
    const char *text = mp_obj_str_get_data(v, &n);
    for (size_t i = 0; i < n; i++) {
        if (text[i] & 0x80) {
            return false;
        }
    }
    put_head(out, 3, n);
    vstr_add_strn(out, text, n);
    return true;
}

static bool put_items(vstr_t *out, size_t n, const mp_obj_t *items, bool container, int deep);

static bool put_map(vstr_t *out, const mp_map_t *map, bool container, int deep)
{
    put_head(out, 5, map->used);
    for (size_t i = 0; i < map->alloc; i++) {
        if (mp_map_slot_is_filled(map, i)) {
            const mp_map_elem_t *e = &map->table[i];
            if (!mp_obj_is_str(e->key) || !put_text(out, e->key) ||
                !put_items(out, 1, &e->value, container, deep)) {
                return false;
            }
        }
    }
    return true;
}

static bool put_items(vstr_t *out, size_t n, const mp_obj_t *items, bool container, int deep)
{
    for (size_t i = 0; i < n; i++) {
        mp_obj_t v = items[i];
        bool ok = false;
        if (mp_obj_is_int(v)) {
            ok = put_int(out, v);
        } else if (mp_obj_is_str(v)) {
            ok = put_text(out, v);
        } else if (v == mp_const_none || v == mp_const_true || v == mp_const_false) {
            vstr_add_byte(out, v == mp_const_none ? 0xf6 : v == mp_const_true ? 0xf5 : 0xf4);
            ok = true;
        } else if (container && mp_obj_is_exact_type(v, &mp_type_bytes)) {
            size_t size;
            const char *data = mp_obj_str_get_data(v, &size);
            put_head(out, 2, size);
            vstr_add_strn(out, data, size);
            ok = true;
        } else if (deep == DEEPEST) {
            return false;
        } else if (mp_obj_is_exact_type(v, &mp_type_list) ||
                   mp_obj_is_exact_type(v, &mp_type_tuple)) {
            size_t size;
            mp_obj_t *below;
            mp_obj_get_array(v, &size, &below);
            put_head(out, 4, size);
            ok = put_items(out, size, below, container, deep + 1);
        } else if (mp_obj_is_dict_or_ordereddict(v)) {
            ok = put_map(out, mp_obj_dict_get_map(v), container, deep + 1);
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

static mp_obj_t encoded(mp_obj_t items, mp_obj_t container)
{
    vstr_t out;
    size_t n;
    mp_obj_t *item;
    mp_obj_get_array(items, &n, &item);
    vstr_init(&out, 64);
    if (put_items(&out, n, item, mp_obj_is_true(container), 0)) {
        return mp_obj_new_bytes_from_vstr(&out);
    }
    vstr_clear(&out);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(encoded_obj, encoded);

static const mp_rom_map_elem_t globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_tsme_native)},
    {MP_ROM_QSTR(MP_QSTR_encoded), MP_ROM_PTR(&encoded_obj)},
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t tsme_native_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&globals,
};

MP_REGISTER_MODULE(MP_QSTR_tsme_native, tsme_native_module);
