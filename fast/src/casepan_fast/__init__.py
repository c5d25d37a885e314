"""Compiled mesh kernels for casepan. Nothing here is called directly: ``casepan.mesh.kernels`` uses what it finds.

Where the machine that installed this package had no C compiler, ``casepan_fast._kernels`` is missing and casepan works
with numpy as before.
"""

__version__ = "0.1.0"
