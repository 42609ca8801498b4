# Series of numbers: "signal:stats", "signal:window", "signal:filter", "signal:fft", and the same
# as functions (docs/TASKS.md).  With ulab where the firmware has it, else in plain Python.
import math

from . import add

MOST = 4096  # values
try:
    from ulab import numpy as np
except ImportError:
    np = None


def register(tasks):
    add(tasks, "signal:stats", "pure", _stats, "values")
    add(tasks, "signal:window", "pure", _window, "values width")
    add(tasks, "signal:filter", "pure", _filter, "values fir sos")
    add(tasks, "signal:fft", "pure", _fft, "values sample_rate")


def has(name):
    # Builds of ulab may be without parts of it.
    return np is not None and hasattr(np, name)


def mean(values):
    if has("mean"):
        return float(np.mean(np.array(values)))
    return sum(values) / len(values)


def minmax(values):
    # -> (where the least is, where the greatest is), the first of several
    if has("argmin"):
        a = np.array(values)
        return int(np.argmin(a)), int(np.argmax(a))
    low = high = 0
    for i in range(1, len(values)):
        if values[i] < values[low]:
            low = i
        elif values[i] > values[high]:
            high = i
    return low, high


def deviation(values):
    # the standard deviation of all of them, not an estimate from a sample
    if has("std"):
        return float(np.std(np.array(values)))
    middle = mean(values)
    return math.sqrt(sum([(v - middle) * (v - middle) for v in values]) / len(values))


def window(values, width):
    # the mean of each `width` values in a row: width - 1 fewer than there are
    if has("convolve"):
        full = np.convolve(np.array(values), np.array([1 / width] * width))
        return [float(v) for v in full[width - 1 : len(values)]]
    total = sum(values[:width])
    out = [total / width]
    for i in range(width, len(values)):
        total += values[i] - values[i - width]
        out.append(total / width)
    return out


def fir(values, taps):
    # each value with those before it, times the taps; before the first there are zeros
    if has("convolve"):
        full = np.convolve(np.array(values), np.array(taps))
        return [float(v) for v in full[: len(values)]]
    out = []
    for i in range(len(values)):
        total = 0.0
        for k in range(min(len(taps), i + 1)):
            total += taps[k] * values[i - k]
        out.append(total)
    return out


def sos(values, sections):
    # second-order sections [b0, b1, b2, a0, a1, a2], one after the other, as scipy.signal.sosfilt
    if np is not None:
        try:
            from ulab import scipy

            exact = [[float(c) for c in section] for section in sections]
            done = scipy.signal.sosfilt(np.array(exact), np.array(values))
            return [float(v) for v in done]
        except (ImportError, AttributeError):
            pass  # this build has no filters
    out = [float(v) for v in values]
    for b0, b1, b2, _, a1, a2 in sections:
        s = t = 0.0
        for i in range(len(out)):
            x = out[i]
            y = b0 * x + s
            s = b1 * x - a1 * y + t
            t = b2 * x - a2 * y
            out[i] = y
    return out


def fft(values):
    # -> (real parts, imaginary parts); as many values as a power of two
    if has("fft"):
        found = np.fft.fft(np.array(values))
        if isinstance(found, tuple):
            return [float(v) for v in found[0]], [float(v) for v in found[1]]
        return [float(v.real) for v in found], [float(v.imag) for v in found]
    n = len(values)
    re, im = [float(v) for v in values], [0.0] * n
    j = 0
    for i in range(1, n):  # the order of reversed bits
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        if i < j:
            re[i], re[j] = re[j], re[i]
    size = 2
    while size <= n:
        half = size >> 1
        for k in range(half):
            angle = -2 * math.pi * k / size
            c, s = math.cos(angle), math.sin(angle)
            for i in range(k, n, size):
                o = i + half
                x, y = c * re[o] - s * im[o], s * re[o] + c * im[o]
                re[o], im[o] = re[i] - x, im[i] - y
                re[i] += x
                im[i] += y
        size <<= 1
    return re, im


def _values(f, key="values", most=MOST):
    values = f.items(key, 1, most)
    for v in values:
        if isinstance(v, bool) or not isinstance(v, (int, float)):
            raise f.wrong('"%s" must be numbers, not %r' % (key, v))
    return values


def _stats(f):
    values = _values(f)
    low, high = minmax(values)
    return {
        "count": len(values),
        "deviation": deviation(values),
        "max": values[high],
        "mean": mean(values),
        "min": values[low],
    }


def _window(f):
    values = _values(f)
    return window(values, f.whole("width", 1, len(values)))


def _filter(f):
    values = _values(f)
    if ("fir" in f.payload) == ("sos" in f.payload):
        raise f.wrong("it takes one of fir, sos")
    if "fir" in f.payload:
        return fir(values, _values(f, "fir", 256))
    sections = f.items("sos", 1, 16)
    for section in sections:
        if not isinstance(section, list) or len(section) != 6 or section[3] != 1:
            raise f.bad("sos", "sections [b0, b1, b2, 1, a1, a2]")
        for c in section:
            if isinstance(c, bool) or not isinstance(c, (int, float)):
                raise f.bad("sos", "sections of numbers")
    return sos(values, sections)


def _fft(f):
    # the half that says all: what is there of each frequency, up to half the sample rate
    values = _values(f)
    n = len(values)
    if n & n - 1:
        raise f.wrong('"values" must be as many as a power of two, not %d' % n)
    rate = f.number("sample_rate", 0, 1000000000, 1)
    re, im = fft(values)
    half = n // 2 + 1
    magnitude = [math.sqrt(re[i] * re[i] + im[i] * im[i]) for i in range(half)]
    peak = 1 if half > 1 else 0
    for i in range(2, half):
        if magnitude[i] > magnitude[peak]:
            peak = i
    return {"magnitude": magnitude, "peak": peak * rate / n, "step": rate / n}
