"""Start-up: what is asked often must not load what is heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("numpy", "scipy", "trimesh")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["adapters"], ["check"], ["explain"], ["run", "--help"]]
)
def test_light_commands_load_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    """No numpy, scipy or trimesh in these commands, with every adapter installed."""
    code = (
        "import sys\n"
        f"sys.argv = ['casepan', *{arguments!r}]\n"
        "from casepan.cli.start import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    code = end.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
        "raise SystemExit(code)"
    )
    if arguments == ["check"]:
        subprocess.run([sys.executable, "-m", "casepan", "init", str(tmp_path)], check=True, capture_output=True)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "[]"
