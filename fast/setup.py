"""Build the kernels; where there is no C compiler the package installs without them."""

from __future__ import annotations

import sys
from pathlib import Path

from setuptools import Extension, setup

SOURCES = sorted(path.as_posix() for path in Path("csrc").glob("*.c"))

# Products and sums must round one by one, as they do in numpy: no fused multiply-add. Nobody reads errno after a root or
# traps what is not a number.
FLAGS = (
    ["/O2", "/fp:precise"]
    if sys.platform == "win32"
    else ["-O3", "-std=c11", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-fvisibility=hidden"]
)

setup(
    ext_modules=[
        Extension(
            "casepan_fast._kernels",
            SOURCES,
            depends=["csrc/kernels.h"],
            extra_compile_args=FLAGS,
            define_macros=[("Py_LIMITED_API", "0x030B0000")],
            py_limited_api=True,
            optional=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
