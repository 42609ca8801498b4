// What extmod/modmachine.c asks of a port, and a clock that can be set: machine.RTC.
#include "shared/timeutils/timeutils.h"

#include "soc.h"

static void mp_machine_idle(void) {
    mp_event_wait_ms(1);
}

NORETURN static void mp_machine_reset(void) {
    soc_reset(CAUSE_RESET, 0);
}

static mp_int_t mp_machine_reset_cause(void) {
    return soc_reset_cause();
}

static mp_obj_t mp_machine_unique_id(void) {
    return mp_obj_new_bytes((const byte *)"qemu", 4);
}

static mp_obj_t mp_machine_get_freq(void) {
    return MP_OBJ_NEW_SMALL_INT(16000000);
}

static void mp_machine_set_freq(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    (void)args;
    mp_raise_NotImplementedError(MP_ERROR_TEXT("frequency is fixed"));
}

static void mp_machine_lightsleep(size_t n_args, const mp_obj_t *args) {
    mp_hal_delay_ms(n_args ? mp_obj_get_int(args[0]) : 3600000);
}

NORETURN static void mp_machine_deepsleep(size_t n_args, const mp_obj_t *args) {
    soc_reset(CAUSE_DEEP_SLEEP, n_args ? mp_obj_get_int(args[0]) : 3600000);
}

// --- RTC ---

static mp_obj_t rtc_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    (void)args;
    return mp_obj_malloc(mp_obj_base_t, type);
}

static mp_obj_t rtc_datetime(size_t n_args, const mp_obj_t *args) {
    // (year, month, day, weekday, hour, minute, second, microsecond)
    if (n_args == 1) {
        timeutils_struct_time_t tm;
        uint64_t now = soc_time_us();
        timeutils_seconds_since_epoch_to_struct_time(now / 1000000, &tm);
        mp_obj_t parts[8] = {
            MP_OBJ_NEW_SMALL_INT(tm.tm_year),
            MP_OBJ_NEW_SMALL_INT(tm.tm_mon),
            MP_OBJ_NEW_SMALL_INT(tm.tm_mday),
            MP_OBJ_NEW_SMALL_INT(tm.tm_wday),
            MP_OBJ_NEW_SMALL_INT(tm.tm_hour),
            MP_OBJ_NEW_SMALL_INT(tm.tm_min),
            MP_OBJ_NEW_SMALL_INT(tm.tm_sec),
            MP_OBJ_NEW_SMALL_INT(now % 1000000),
        };
        return mp_obj_new_tuple(8, parts);
    }
    mp_obj_t *part;
    mp_obj_get_array_fixed_n(args[1], 8, &part);
    uint64_t seconds = timeutils_seconds_since_epoch(
        mp_obj_get_int(part[0]), mp_obj_get_int(part[1]), mp_obj_get_int(part[2]),
        mp_obj_get_int(part[4]), mp_obj_get_int(part[5]), mp_obj_get_int(part[6]));
    soc_set_time_us(seconds * 1000000 + mp_obj_get_int(part[7]));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(rtc_datetime_obj, 1, 2, rtc_datetime);

static const mp_rom_map_elem_t rtc_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_datetime), MP_ROM_PTR(&rtc_datetime_obj) },
};
static MP_DEFINE_CONST_DICT(rtc_locals, rtc_locals_table);

static MP_DEFINE_CONST_OBJ_TYPE(
    rtc_type, MP_QSTR_RTC, MP_TYPE_FLAG_NONE,
    make_new, rtc_make_new, locals_dict, &rtc_locals);

#define MICROPY_PY_MACHINE_EXTRA_GLOBALS \
    { MP_ROM_QSTR(MP_QSTR_RTC), MP_ROM_PTR(&rtc_type) }, \
    { MP_ROM_QSTR(MP_QSTR_PWRON_RESET), MP_ROM_INT(CAUSE_POWER_ON) }, \
    { MP_ROM_QSTR(MP_QSTR_HARD_RESET), MP_ROM_INT(CAUSE_RESET) }, \
    { MP_ROM_QSTR(MP_QSTR_DEEPSLEEP_RESET), MP_ROM_INT(CAUSE_DEEP_SLEEP) }, \
    { MP_ROM_QSTR(MP_QSTR_SOFT_RESET), MP_ROM_INT(CAUSE_SOFT) },
