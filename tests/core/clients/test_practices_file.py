"""``practices.toml``: strict, all problems at once, each with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from casepan.config.practices import load_practices, parse_practices
from casepan.errors import ConfigError

GOOD = """
version = 1
[practices.bright]
name = "Bright Smiles"
aliases = ["Bright Dental"]
phone = "+49 30 000000"
language = "de"
notation = "universal"
destination = "cad"
ship_days = ["mon", "thu"]
[practices.bright.keys]
licences = ["D-123"]
[practices.bright.defaults]
shade_guide = "VITA classical"
material = { crown = "zirconia" }
"""


def test_a_practice_is_read_with_keys_and_wishes() -> None:
    """Every field arrives where reports, letters and routing look for it."""
    (client,) = parse_practices(GOOD, Path("practices.toml"))
    practice = client.practice
    assert (practice.id, practice.name, practice.aliases) == ("bright", "Bright Smiles", ("Bright Dental",))
    assert (practice.language, practice.notation, practice.destination) == ("de", "universal", "cad")
    assert (practice.ship_days, client.keys.licences) == ((0, 3), ("D-123",))
    assert (practice.defaults.shade_guide, practice.defaults.material) == ("VITA classical", {"crown": "zirconia"})


def test_names_and_numbers_stay_out_of_logs() -> None:
    """``repr`` shows the id only."""
    (client,) = parse_practices(GOOD, Path("practices.toml"))
    text = repr(client.practice)
    assert "bright" in text
    assert not [word for word in ("Smiles", "000000", "Dental") if word in text]


def test_all_problems_come_at_once_with_their_lines() -> None:
    """A misspelt key, a wrong word, a number where text belongs."""
    text = '[practices.a]\nname = "A"\nphon = "1"\nship_days = ["sunday"]\n[practices.b]\nname = 3\n'
    with pytest.raises(ConfigError) as caught:
        parse_practices(text, Path("practices.toml"))
    places = [problem.place for problem in caught.value.problems]
    assert places == ["practices.toml:3", "practices.toml:4", "practices.toml:6"]
    assert "phone" in (caught.value.problems[0].hint or "")


def test_a_proof_belongs_to_one_practice() -> None:
    """Two practices with one licence number prove nothing."""
    text = '[practices.a]\nname = "A"\nkeys = { licences = ["X1"] }\n[practices.b]\nname = "B"\nkeys = { licences = ["x1"] }\n'
    with pytest.raises(ConfigError) as caught:
        parse_practices(text, Path("practices.toml"))
    assert "'a' as well" in caught.value.problems[0].reason


def test_what_is_no_toml_says_so() -> None:
    """A quotation mark is missing."""
    with pytest.raises(ConfigError, match="not valid TOML"):
        parse_practices('[practices.a]\nname = "A\n', Path("practices.toml"))


def test_a_lab_without_a_list_has_none(tmp_path: Path) -> None:
    """No file is not an empty list: nobody is asked about practices then."""
    assert load_practices(tmp_path) is None
