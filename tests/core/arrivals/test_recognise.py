"""Who gets an arrival that several adapters claim."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import frozen

from casepan.arrivals.listing import FolderListing
from casepan.arrivals.recognise import GENERIC, recognise
from casepan.contract.listing import Listing, Recognition
from casepan.errors import AmbiguousCase, UnrecognisedArrival
from casepan.model.vocabulary import Confidence

Maker = Callable[..., Path]


@frozen
class Claims:
    """A registry that answers with fixed claims."""

    claims: tuple[Recognition, ...] = ()

    def recognise(self, listing: Listing) -> tuple[Recognition, ...]:
        """The claims."""
        return self.claims


def claim(stage: str, confidence: Confidence, *files: str) -> Recognition:
    """A claim on files."""
    return Recognition(stage, f"id of {files[0]}", files, confidence)


@pytest.fixture
def listing(make_folder: Maker) -> FolderListing:
    """Two folders of meshes."""
    return FolderListing.of(make_folder("x", dict.fromkeys(["a/u.stl", "a/l.stl", "b/u.stl", "b/l.stl"], b"x")))


A, B = ("a/u.stl", "a/l.stl"), ("b/u.stl", "b/l.stl")


def test_the_highest_confidence_wins(listing: FolderListing) -> None:
    """Certain beats likely beats possible, and the losers are named."""
    certain, likely, possible = (
        claim("trios.order", "certain", *A, *B),
        claim("medit.export", "likely", *A, *B),
        claim("itero.export", "possible", *A, *B),
    )
    result = recognise(listing, Claims((possible, likely, certain)))
    assert result.required() == (certain,)
    assert set(result.others) == {likely, possible}
    assert result.findings == ()


def test_separate_files_are_separate_cases(listing: FolderListing) -> None:
    """Each set of files goes to its best claim, whatever the other set's confidence."""
    first, second = claim("trios.order", "certain", *A), claim("medit.export", "possible", *B)
    result = recognise(listing, Claims((second, first, claim(GENERIC, "possible", *A, *B))))
    assert result.chosen == (first, second)


def test_several_orders_of_one_adapter_are_several_cases(listing: FolderListing) -> None:
    """One adapter may find two orders, also when they share a document."""
    first, second = claim("trios.order", "certain", *A, "rx.pdf"), claim("trios.order", "certain", *B, "rx.pdf")
    assert recognise(listing, Claims((second, first))).chosen == (first, second)


@pytest.mark.parametrize("confidence", ["certain", "likely"])
def test_equal_confidence_of_two_plugins_is_ambiguous(listing: FolderListing, confidence: Confidence) -> None:
    """Nobody is chosen, not even core.generic; the error names both stages and no file."""
    claims = (
        claim("trios.order", confidence, *A),
        claim("medit.export", confidence, *A),
        claim(GENERIC, "possible", *A),
    )
    result = recognise(listing, Claims(claims))
    assert result.chosen == ()
    with pytest.raises(AmbiguousCase, match=r"medit\.export and trios\.order"):
        result.required()
    assert result.findings[0].code == "arrival.ambiguous"


def test_an_ambiguous_case_leaves_the_others_of_the_arrival(listing: FolderListing) -> None:
    """What is clear goes on, with the doubt as a finding."""
    clear = claim("itero.export", "certain", *B)
    claims = (claim("trios.order", "likely", *A), claim("medit.export", "likely", *A), clear)
    result = recognise(listing, Claims(claims))
    assert result.required() == (clear,)
    assert [finding.code for finding in result.findings] == ["arrival.ambiguous"]


def test_two_possible_claims_go_to_generic(listing: FolderListing) -> None:
    """Names alone do not decide between two plugins."""
    generic = claim(GENERIC, "possible", *A)
    claims = (claim("trios.open", "possible", *A), claim("primescan.local", "possible", *A), generic)
    assert recognise(listing, Claims(claims)).chosen == (generic,)


def test_one_possible_claim_beats_generic(listing: FolderListing) -> None:
    """An adapter knows more than core."""
    adapter = claim("trios.open", "possible", *A)
    assert recognise(listing, Claims((claim(GENERIC, "possible", *A), adapter))).chosen == (adapter,)


def test_of_two_stages_of_one_plugin_the_fuller_one_is_taken(listing: FolderListing) -> None:
    """One plugin never competes with itself."""
    full, part = claim("trios.order", "likely", *A), claim("trios.open", "likely", A[0])
    assert recognise(listing, Claims((part, full))).chosen == (full,)


def test_meshes_outside_every_case_are_reported(listing: FolderListing) -> None:
    """Nothing disappears silently."""
    result = recognise(listing, Claims((claim("trios.order", "certain", *A),)))
    assert [(finding.code, finding.value) for finding in result.findings] == [("arrival.unrecognised", 2.0)]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "without any file"),
        ({"a.rar": b"Rar!"}, "not a zip"),
        ({"a.stl": b"x"}, "no enabled importer"),
        ({"a.pdf": b"x"}, "nothing in it is a scan"),
    ],
)
def test_what_nobody_knows_comes_with_advice(make_folder: Maker, files: dict[str, bytes], reason: str) -> None:
    """The finding says why and what to do."""
    result = recognise(FolderListing.of(make_folder("Jane", files)), Claims())
    with pytest.raises(UnrecognisedArrival, match=reason) as caught:
        result.required()
    assert caught.value.hint
    assert result.findings[0].code == "arrival.unrecognised"
    assert "Jane" not in result.findings[0].message


def test_two_cases_of_one_arrival_never_share_an_identity(listing: FolderListing) -> None:
    """What their adapter calls by one name is told apart by the place of its files, the same each time."""
    same = tuple(Recognition("core.generic", "meier", files, "possible") for files in (A, B))
    chosen = recognise(listing, Claims(same)).chosen
    assert [claim.vendor_id for claim in chosen] == ["meier/a", "meier/b"]
    assert recognise(listing, Claims(same[::-1])).chosen == chosen
