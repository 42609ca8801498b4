# Strict UTF-8, for interpreters whose own check lets surrogates and overlong forms pass.
def is_utf8(b):
    i = 0
    size = len(b)
    while i < size:
        c = b[i]
        i += 1
        if c < 0x80:
            continue
        more = 1 if c < 0xE0 else 2 if c < 0xF0 else 3
        low = 0xA0 if c == 0xE0 else 0x90 if c == 0xF0 else 0x80
        high = 0x9F if c == 0xED else 0x8F if c == 0xF4 else 0xBF
        good = 0xC2 <= c <= 0xF4 and i + more <= size
        while good and more:
            good = low <= b[i] <= high
            low = 0x80
            high = 0xBF
            i += 1
            more -= 1
        if not good:
            return False
    return True
