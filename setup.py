"""The C core as an extension of CPython's stable ABI; all else is in pyproject.toml.

Without a compiler, or with TSME_CORE=0, the package is installed without it, and the Python engine
runs programs. `make setup` builds it by itself (setup/python.sh).
"""

from __future__ import annotations

import os
from pathlib import Path

from setuptools import Extension, setup


def found(pattern: str) -> list[str]:
    """Files of native_modules; names as setuptools wants them."""
    return [path.as_posix() for path in Path("native_modules").glob(pattern)]


CORE = Extension(
    "tsme_core",
    sources=sorted(
        [
            *found("cpython/core*.c"),
            *found("cpython/journal.c"),
            *found("tsme_core/tsme_*.c"),
        ]
    ),
    depends=[*found("*.h"), *found("*/*.h")],
    define_macros=[
        ("Py_LIMITED_API", "0x030B0000"),
        ("TSME_CRC_TABLE", "256"),
        ("TSME_TRACE", "1"),
        ("TSME_ALL_NATIVES", "1"),
    ],
    py_limited_api=True,
    optional=True,
)

if os.environ.get("TSME_CORE") == "0":
    setup()
else:
    setup(ext_modules=[CORE], options={"bdist_wheel": {"py_limited_api": "cp311"}})
