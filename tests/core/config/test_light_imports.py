"""Config and knowledge are read by commands that must start fast."""

from __future__ import annotations

import subprocess
import sys

MODULES = (
    *("casepan.config.checks", "casepan.config.loader", "casepan.config.schema", "casepan.config.template"),
    *("casepan.knowledge.kinds", "casepan.knowledge.materials", "casepan.knowledge.rx", "casepan.knowledge.shades"),
)
HEAVY = ("numpy", "scipy", "trimesh", "cattrs", "zoneinfo")


def test_config_and_knowledge_import_nothing_heavy() -> None:
    """No numpy and nothing else that costs time comes along."""
    code = f"import sys, {', '.join(MODULES)}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
