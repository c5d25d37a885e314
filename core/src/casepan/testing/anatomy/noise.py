"""Smooth random functions, made of sines so that they cost little and repeat exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def along(rng: np.random.Generator, at: Floats, *, longest: float, shortest: float, terms: int = 8) -> Floats:
    """A random curve of about unit deviation over positions ``at`` (mm), wavelengths between the two given (mm)."""
    lengths = np.geomspace(longest, shortest, terms)
    phases = rng.uniform(0, 2 * np.pi, terms)
    weights = (lengths / longest) ** 0.5
    total = sum(w * np.sin(2 * np.pi * at / lam + p) for w, lam, p in zip(weights, lengths, phases, strict=True))
    return np.asarray(total / np.sqrt((weights**2).sum() / 2), dtype=np.float64)


def over(rng: np.random.Generator, points: Floats, *, longest: float, shortest: float, terms: int = 10) -> Floats:
    """A random field of about unit deviation at ``points`` (..., 3), wavelengths in mm, the same in all directions."""
    lengths = np.geomspace(longest, shortest, terms)
    directions = rng.normal(size=(terms, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    phases = rng.uniform(0, 2 * np.pi, terms)
    waves = points @ (directions * (2 * np.pi / lengths)[:, None]).T + phases
    weights = (lengths / longest) ** 0.35
    return np.asarray(np.sin(waves) @ weights / np.sqrt((weights**2).sum() / 2), dtype=np.float64)


def smoothstep(x: Floats, low: float, high: float) -> Floats:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float64)


def bump(x: Floats, centre: float, width: float) -> Floats:
    """A bell of height 1 at ``centre``."""
    return np.asarray(np.exp(-(((x - centre) / width) ** 2)), dtype=np.float64)
