# Intrinsic functions that encode: Base64Encode, Base64Decode, Hash.
import binascii

from ...errors import IntrinsicError
from .arguments import a_text, short_text

_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384"}
_HASHES["SHA-512"] = "sha512"


def base64_encode(rng, text):
    b = binascii.b2a_base64(short_text(text, "the argument").encode())
    return str(b, "utf-8").rstrip("\n")


# MIME decoding: what is not of the alphabet is passed over, padding may be missing.
def base64_decode(rng, text):
    b = bytearray()
    for c in short_text(text, "the argument").encode():
        if 48 <= c <= 57 or 65 <= c <= 90 or 97 <= c <= 122 or c == 43 or c == 47:
            b.append(c)
        elif c == 61:
            break
    if len(b) & 3 == 1:
        raise IntrinsicError("the argument is no Base64")
    b += b"=" * (-len(b) & 3)
    try:
        b = binascii.a2b_base64(b)
        text = str(b, "utf-8")
    except ValueError:  # UnicodeError is one too
        raise IntrinsicError("the argument does not decode to UTF-8 text")
    if len(text) != len(b):
        from ...values import is_utf8

        if not is_utf8(b):
            raise IntrinsicError("the argument does not decode to UTF-8 text")
    return text


def digest(name, data):
    try:
        import hashlib

        if hasattr(hashlib, name):
            return getattr(hashlib, name)(data).digest()
        if hasattr(hashlib, "new"):  # CircuitPython
            return hashlib.new(name, data).digest()
    except (ImportError, ValueError):
        pass
    from ...values import hashes

    return hashes.digest(name, data)


def hash_(rng, data, algorithm):
    name = _HASHES.get(a_text(algorithm, "the algorithm"))
    if name is None:
        raise IntrinsicError("the algorithm must be MD5, SHA-1, SHA-256, SHA-384 or SHA-512")
    if data is None:
        raise IntrinsicError("the data must not be null")
    if not isinstance(data, str):
        from ...values.json import dumps

        data = dumps(data)
    data = short_text(data, "the data")
    return str(binascii.hexlify(digest(name, data.encode())), "utf-8")
