"""One person: everything about the jaws that a seed decides and that does not depend on the triangle count."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
from attrs import evolve, frozen

from casepan.testing.anatomy.crowns import CROWNS, LOWER, UPPER, Crown, arch_of, position
from casepan.testing.anatomy.curve import Curve, horseshoe

ARCHES = (UPPER, LOWER)


@frozen
class Stand:
    """How one tooth stands: its crown and its small deviations from the ideal.

    Attributes:
        crown: sizes and shape.
        gap: mm of space (or, negative, of crowding) that it claims beside its width.
        rotation: radians about its long axis.
        torque: lean of the crown towards the cheek, as a slope.
        outward: mm towards the cheek.
        lift: mm towards the opposing jaw.
    """

    crown: Crown
    gap: float
    rotation: float
    torque: float
    outward: float
    lift: float

    @property
    def pivot(self) -> float:
        """Height of the points that leaning leaves where they are: where neighbours touch each other."""
        return -0.25 * self.crown.height


@frozen
class Gums:
    """Gum and border habits of one arch: depths in mm below the gum line, shares as numbers from 0 to 1."""

    buccal: float
    lingual: float
    raggedness: float
    distal: float
    flap: float
    islands: int
    height: float


@frozen(eq=False)
class Person:
    """A seed's anatomy."""

    seed: int
    curves: Mapping[str, Curve]
    stands: Mapping[int, Stand]
    gums: Mapping[str, Gums]
    spee: float
    palate_depth: float
    palate_reach: float

    def random(self, topic: int) -> np.random.Generator:
        """A generator of its own for each topic, so that one more draw in one place changes nothing elsewhere."""
        return np.random.default_rng([topic, self.seed])

    def lifted(self, lifts: Mapping[int, float]) -> Person:
        """The same person after single teeth moved towards the opposing jaw."""
        moved = {fdi: evolve(s, lift=s.lift + lifts.get(fdi, 0.0)) for fdi, s in self.stands.items()}
        return evolve(self, stands=moved)


def grow(seed: int, teeth: Iterable[int] | None = None, also: Iterable[int] = ()) -> Person:
    """The person of a seed. ``teeth``: FDI numbers; by default 28, in some people up to 32; ``also``: more of them."""
    rng = np.random.default_rng([1, seed])
    size = float(np.clip(rng.normal(1.0, 0.055), 0.87, 1.13))
    drawn = _dentition(rng)
    wanted = (drawn if teeth is None else set(teeth)) | set(also)
    stands = _stands(seed, size, wanted)
    upper = _upper_curve(rng, size, stands)
    reach = float(np.clip(rng.beta(1.9, 1.0), 0.03, 1.0))
    return Person(
        seed=seed,
        curves={UPPER: upper, LOWER: upper.inward(rng.uniform(1.0, 1.5), rng.uniform(0.8, 1.4))},
        stands=stands,
        gums={arch: _gums(np.random.default_rng([k, seed]), arch) for k, arch in ((3, UPPER), (4, LOWER))},
        spee=float(rng.uniform(0.4, 2.0)),
        palate_depth=float(np.clip(rng.normal(15.0, 2.4), 10.0, 21.0)),
        palate_reach=reach,
    )


def _dentition(rng: np.random.Generator) -> set[int]:
    teeth = {q * 10 + p for q in (1, 2, 3, 4) for p in range(1, 8)}
    for quadrants, chance in (((1, 2), 0.15), ((3, 4), 0.25)):
        if rng.random() < chance:
            teeth |= {q * 10 + 8 for q in quadrants}
    return teeth


def _stands(seed: int, size: float, wanted: set[int]) -> dict[int, Stand]:
    rng = np.random.default_rng([2, seed])
    crowding = {arch: float(rng.normal(-0.04, 0.10)) for arch in ARCHES}
    disorder = float(rng.uniform(0.2, 1.0))
    height = float(rng.uniform(0.86, 1.1))
    everyone = [q * 10 + p for q in (1, 2, 3, 4) for p in range(1, 9)]
    drawn = {fdi: _stand(rng, fdi, size, height, disorder, crowding[arch_of(fdi)]) for fdi in everyone}
    return {fdi: stand for fdi, stand in drawn.items() if fdi in wanted}


def _stand(rng: np.random.Generator, fdi: int, size: float, height: float, disorder: float, crowding: float) -> Stand:
    crown = CROWNS[arch_of(fdi)][position(fdi) - 1]
    front = position(fdi) <= 3
    torque = {UPPER: 0.26, LOWER: 0.16}[arch_of(fdi)] if front else {UPPER: 0.0, LOWER: -0.12}[arch_of(fdi)]
    return Stand(
        crown=crown.scaled(size * rng.normal(1.0, 0.02), height * rng.normal(1.0, 0.03)),
        gap=float(max(-0.35, crowding + rng.normal(0, 0.08))),
        rotation=math.radians(rng.normal(0, 7.0 if front else 4.0)) * disorder,
        torque=float(torque + rng.normal(0, 0.04)),
        outward=float(rng.normal(0, 0.5 if front else 0.3)) * disorder,
        lift=float(rng.normal(0, 0.15)) * disorder,
    )


def _upper_curve(rng: np.random.Generator, size: float, stands: Mapping[int, Stand]) -> Curve:
    half_width = float(np.clip(rng.normal(28.0, 1.6), 24.0, 32.5)) * (0.5 + size / 2)
    squareness = float(rng.uniform(2.0, 2.3))
    crowns = CROWNS[UPPER][:7]
    half = sum(
        stands[10 + p].crown.width + stands[10 + p].gap if 10 + p in stands else crowns[p - 1].width * size
        for p in range(1, 8)
    )
    return horseshoe(half_width, squareness, half * float(rng.uniform(0.97, 1.05)))


def _gums(rng: np.random.Generator, arch: str) -> Gums:
    return Gums(
        buccal=float(np.clip(rng.normal(6.6, 2.2), 3.0, 12.0)),
        lingual=float(np.clip(rng.normal(6.2, 1.9), 3.0, 11.0)),
        raggedness=float(rng.uniform(0.4, 1.2 if arch == UPPER else 1.7)),
        distal=float(rng.uniform(2.5, 11.0)),
        flap=float(min(rng.exponential(2.5), 9.0)),
        islands=int(min(rng.geometric(0.45) - 1, 5 if arch == UPPER else 11)),
        height=float(rng.normal(0, 0.35)),
    )
