# Hash functions for interpreters whose hashlib lacks them. Correct rather than fast: a block
# takes some milliseconds on a board.
import struct

_PRIMES = [2]
_M32 = 0xFFFFFFFF
_M64 = 0xFFFFFFFFFFFFFFFF
_SHA1_K = (0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6)
_MD5_S = ((7, 12, 17, 22), (5, 9, 14, 20), (4, 11, 16, 23), (6, 10, 15, 21))
# floor(2**32 * abs(sin(i + 1))), which cannot be had from a 32-bit sin()
_MD5_K = (
    "d76aa478e8c7b756242070dbc1bdceeef57c0faf4787c62aa8304613fd469501"
    "698098d88b44f7afffff5bb1895cd7be6b901122fd987193a679438e49b40821"
    "f61e2562c040b340265e5a51e9b6c7aad62f105d02441453d8a1e681e7d3fbc8"
    "21e1cde6c33707d6f4d50d87455a14eda9e3e905fcefa3f8676f02d98d2a4c8a"
    "fffa39428771f6816d9d6122fde5380ca4beea444bdecfa9f6bb4b60bebfbc70"
    "289b7ec6eaa127fad4ef308504881d05d9d4d039e6db99e51fa27cf8c4ac5665"
    "f4292244432aff97ab9423a7fc93a039655b59c38f0ccc92ffeff47d85845dd1"
    "6fa87e4ffe2ce6e0a30143144e0811a1f7537e82bd3af2352ad7d2bbeb86d391"
)


def _prime(i):
    n = _PRIMES[-1]
    while len(_PRIMES) <= i:
        n += 1
        for p in _PRIMES:
            if n % p == 0:
                break
        else:
            _PRIMES.append(n)
    return _PRIMES[i]


# The first 64 bits behind the point of a prime's square (k = 2) or cube root (k = 3).
def _root(i, k):
    n = _prime(i) << (64 * k)
    x = 1 << 70
    while True:
        y = ((k - 1) * x + n // x ** (k - 1)) // k
        if y >= x:
            return x & _M64
        x = y


def _padded(data, block, order):
    n = len(data)
    tail = bytes((-n - 1 - block // 8) % block + block // 8 - 8)
    return bytes(data) + b"\x80" + tail + struct.pack(order + "Q", n * 8)


def _rol(v, n):
    v &= _M32
    return (v << n | v >> (32 - n)) & _M32


def md5(data):
    h = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    data = _padded(data, 64, "<")
    for start in range(0, len(data), 64):
        w = struct.unpack("<16I", data[start : start + 64])
        a, b, c, d = h
        for i in range(64):
            if i < 16:
                f = b & c | ~b & d
                g = i
            elif i < 32:
                f = d & b | ~d & c
                g = 5 * i + 1
            elif i < 48:
                f = b ^ c ^ d
                g = 3 * i + 5
            else:
                f = c ^ (b | ~d & _M32)
                g = 7 * i
            f += a + int(_MD5_K[i * 8 : i * 8 + 8], 16) + w[g & 15]
            a, d, c, b = d, c, b, (b + _rol(f, _MD5_S[i >> 4][i & 3])) & _M32
        h = [(x + y) & _M32 for x, y in zip(h, (a, b, c, d))]
    return struct.pack("<4I", *h)


def sha1(data):
    h = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0]
    data = _padded(data, 64, ">")
    for start in range(0, len(data), 64):
        w = list(struct.unpack(">16I", data[start : start + 64]))
        a, b, c, d, e = h
        for i in range(80):
            if i >= 16:
                w.append(_rol(w[-3] ^ w[-8] ^ w[-14] ^ w[-16], 1))
            if i < 20:
                f = b & c | ~b & d
            elif 40 <= i < 60:
                f = b & c | b & d | c & d
            else:
                f = b ^ c ^ d
            f += _rol(a, 5) + e + _SHA1_K[i // 20] + w[i]
            a, b, c, d, e = f & _M32, a, _rol(b, 30), c, d
        h = [(x + y) & _M32 for x, y in zip(h, (a, b, c, d, e))]
    return struct.pack(">5I", *h)


def _xor(v, bits, shift, *turns):
    r = v >> shift if shift else 0
    for n in turns:
        r ^= v >> n | v << (bits - n)
    return r & ((1 << bits) - 1)


# SHA-2 in words of 32 or 64 bits; the two differ in their numbers only.
def _sha2(data, bits, h, turns):
    mask = (1 << bits) - 1
    block = bits * 2
    rounds = 64 if bits == 32 else 80
    k = [_root(i, 3) >> (64 - bits) for i in range(rounds)]
    s0, s1, t0, t1 = turns
    fmt = ">16" + ("I" if bits == 32 else "Q")
    data = _padded(data, block, ">")
    for start in range(0, len(data), block):
        w = list(struct.unpack(fmt, data[start : start + block]))
        a, b, c, d, e, f, g, z = h
        for i in range(rounds):
            if i >= 16:
                v = _xor(w[i - 15], bits, *s0) + _xor(w[i - 2], bits, *s1)
                w.append((w[i - 16] + w[i - 7] + v) & mask)
            v = z + _xor(e, bits, 0, *t1) + (e & f ^ ~e & g) + k[i] + w[i]
            u = _xor(a, bits, 0, *t0) + (a & b ^ a & c ^ b & c)
            a, b, c, d, e, f, g, z = (v + u) & mask, a, b, c, (d + v) & mask, e, f, g
        h = [(x + y) & mask for x, y in zip(h, (a, b, c, d, e, f, g, z))]
    return struct.pack(">8" + fmt[-1], *h)


_TURNS32 = ((3, 7, 18), (10, 17, 19), (2, 13, 22), (6, 11, 25))
_TURNS64 = ((7, 1, 8), (6, 19, 61), (28, 34, 39), (14, 18, 41))


def sha256(data):
    return _sha2(data, 32, [_root(i, 2) >> 32 for i in range(8)], _TURNS32)


def sha384(data):
    return _sha2(data, 64, [_root(i, 2) for i in range(8, 16)], _TURNS64)[:48]


def sha512(data):
    return _sha2(data, 64, [_root(i, 2) for i in range(8)], _TURNS64)


def digest(name, data):
    return globals()[name](data)
