"""ulab.scipy.signal.sosfilt."""

from __future__ import annotations

from .numpy import ndarray


class signal:  # noqa: N801
    @staticmethod
    def sosfilt(sos: ndarray, x: ndarray) -> ndarray:
        out = x.held.copy()
        for b0, b1, b2, a0, a1, a2 in sos.held:
            if a0 != 1:
                raise ValueError("sos[:, 3] should be all ones")
            x1 = x2 = y1 = y2 = 0.0
            for i, x0 in enumerate(out.tolist()):
                y0 = b0 * x0 + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
                x1, x2, y1, y2 = x0, x1, y0, y1
                out[i] = y0
        return ndarray(out)
