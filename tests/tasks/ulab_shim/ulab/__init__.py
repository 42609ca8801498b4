"""The documented surface of ulab that tsme.tasks.signal uses, made of numpy: no board ran it.

An array holds floats, a call takes arrays alone, `convolve` gives all of it, `fft` a tuple of two
arrays for a power of two, and `sosfilt` sections as an array.
"""

from . import numpy, scipy

__all__ = ["numpy", "scipy"]
