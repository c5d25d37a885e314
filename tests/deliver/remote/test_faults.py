"""Every destination with every fault: the right state, never twice, no secret anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from .rig.matrix import FAULTS, SURNAME, WRONG, leaks_in, run_matrix, table
from .rig.servers import SSHD

SENT = ("sent", "", 1)
DOWN = ("failed", "CP140", 0)
EXPECTED = {
    "refused": DOWN,
    "cut": DOWN,
    "slow": DOWN,
    "full": DOWN,
    "credentials": ("failed", "CP142", 0),
    "restart": SENT,
    "lost": SENT,
}
"""State, code and copies while the fault lasts."""
MUTE = {
    **EXPECTED,
    "cut": ("unknown", "CP143", 0),
    "slow": ("unknown", "CP143", 0),
    "restart": ("unknown", "CP143", 1),
    "lost": ("unknown", "CP143", 1),
}
"""Of a portal that cannot be asked: whatever may have arrived waits for a person, and is not sent again."""


@pytest.mark.parametrize(
    "destinations", [("sftp", "webdav", "s3"), ("portal", "portal-mute", "portal-tus")], ids=", ".join
)
def test_faults_end_in_the_right_state_and_never_in_two_copies(
    destinations: tuple[str, ...], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """As long as the fault lasts, and once it is mended: then each case has arrived exactly once."""
    if "sftp" in destinations and SSHD is None:
        pytest.skip("OpenSSH's sshd is not installed")
    outcomes = run_matrix(destinations, tmp_path, said=lambda: "".join(capfd.readouterr()))
    found = {(o.destination, o.fault): (o.state, o.code, o.copies) for o in outcomes}
    wanted = {(d, f): (MUTE if d == "portal-mute" else EXPECTED)[f] for d in destinations for f in FAULTS}
    assert found == wanted, table(outcomes)
    assert {o.tries for o in outcomes if o.fault == "credentials"} == {1}
    assert {o.tries for o in outcomes if o.fault in ("refused", "full")} == {2}
    assert {(o.mended_state, o.mended_copies) for o in outcomes} == {("sent", 1)}, table(outcomes)
    assert {o.leaks for o in outcomes} == {()}


def test_the_search_for_secrets_finds_them(tmp_path: Path) -> None:
    """In a file of the state folder and in what was printed."""
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "casepan.jsonl").write_text(f"password={WRONG}")
    assert len(list(leaks_in(tmp_path, f"said {WRONG}", {"A": WRONG}))) == 2
    assert list(leaks_in(tmp_path, SURNAME, {"A": "something else"})) == []
