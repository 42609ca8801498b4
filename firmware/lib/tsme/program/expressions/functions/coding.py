# Of texts: Base64 and URLs.
import binascii

from ....values import MISSING, is_utf8
from ..as_text import units
from ..values import ExpressionError

_PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()"
_RESERVED = ";/?:@&=+$,#"


def base64encode_(m, text=MISSING):
    # of each unit of UTF-16 the low byte
    if text is MISSING:
        return text
    b = bytes([n & 0xFF for n in units(text)])
    return str(binascii.b2a_base64(b), "utf-8").rstrip("\n")


def base64decode_(m, text=MISSING):
    # to characters below 256; padding may be missing
    if text is MISSING:
        return text
    body = text[: -2 if text[-2:] == "==" else -1 if text[-1:] == "=" else len(text)]
    wrong = len(body) & 3 == 1 or len(body) != len(text) and len(text) & 3
    for c in body.encode():
        if not (48 <= c <= 57 or 65 <= c <= 90 or 97 <= c <= 122 or c == 43 or c == 47):
            wrong = True
    if wrong:
        raise ExpressionError("internal", value=text)  # as AWS has it
    b = binascii.a2b_base64(body.encode() + b"=" * (-len(body) & 3))
    return "".join([chr(c) for c in b])


def _encoded(text, plain):
    out = []
    for c in text.encode():
        if c < 128 and chr(c) in plain:
            out.append(chr(c))
        else:
            out.append("%%%02X" % c)
    return "".join(out)


def encodeUrlComponent_(m, text=MISSING):
    return text if text is MISSING else _encoded(text, _PLAIN)


def encodeUrl_(m, text=MISSING):
    return text if text is MISSING else _encoded(text, _PLAIN + _RESERVED)


def _decoded(text, kept, name):
    # %XX are bytes of UTF-8; those of the characters `kept` stay as they are
    parts = text.split("%")
    out = [parts[0]]
    run = bytearray()  # of a character that is not whole yet
    left = 0
    for part in parts[1:]:
        try:
            c = int(part[:2], 16) if len(part) > 1 and part[0] not in "+- " else -1
        except ValueError:
            c = -1
        if c < 0 or left and c & 0xC0 != 0x80:
            raise ExpressionError("D3140", value=text, functionName=name)
        if not left:
            left = 1 if c < 0x80 else 2 if 0xC2 <= c < 0xE0 else 3 if 0xE0 <= c < 0xF0 else 4
        run.append(c)
        left -= 1
        if not left:
            if not is_utf8(run):
                left = 1
            elif c < 0x80 and chr(c) in kept:
                out.append("%" + part[:2])
            else:
                out.append(str(bytes(run), "utf-8"))
            if not left:
                run = bytearray()
        rest = part[2:]
        if left and (rest or len(run) > 3):
            break
        out.append(rest)
    if left:
        raise ExpressionError("D3140", value=text, functionName=name)
    return "".join(out)


def decodeUrlComponent_(m, text=MISSING):
    return text if text is MISSING else _decoded(text, "", "decodeUrlComponent")


def decodeUrl_(m, text=MISSING):
    return text if text is MISSING else _decoded(text, _RESERVED, "decodeUrl")
