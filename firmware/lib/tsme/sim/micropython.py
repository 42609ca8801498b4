# What device code says to its compiler: on CPython, nothing.


def const(value):
    return value


def native(function):
    return function


viper = asm_thumb = native


def schedule(function, argument):
    function(argument)


def opt_level(level=0):
    return level


def alloc_emergency_exception_buf(size):
    pass


def kbd_intr(character):
    pass


def mem_info(verbose=None):
    pass
