"""Generated cases for the mesh benchmark: three scans each, with the faults that real scans have.

    python benchmarks/mesh/inputs.py FOLDER 200000 600000 1300000

A scan is a curved strip with fourteen bumps, a ragged open outline and faces in shuffled bricks, as scanners export
them. On purpose it has holes, islands, fins (edges with three faces), duplicate, degenerate and flipped faces, spikes,
and a second sheet that crosses the first. Everything follows from the seed, so every run measures the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]

ARCH_MM = 130.0
TEETH = 14
SCANS = {"lower": (1.0, 1, (0.0, 1.0)), "upper": (1.0, 2, (0.0, 1.0)), "bite": (1 / 3, 3, (0.55, 0.95))}
"""Of each scan its share of the faces, its seed, and the part of the arch that it shows."""

_RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def case_files(folder: Path, faces: int) -> dict[str, Path]:
    """The three STL files of one size, made where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {scan: folder / f"{scan}-{faces}.stl" for scan in SCANS}
    for scan, path in paths.items():
        if not path.exists():
            vertices, corners = make_scan(scan, faces)
            write_binary(path, vertices, corners)
    return paths


def make_scan(scan: str, faces: int) -> tuple[NDArray[np.float32], Ids]:
    """Vertices (n, 3) in mm and corner ids (m, 3) of one scan of a case with about this many faces per arch."""
    share, seed, part = SCANS[scan]
    rng = np.random.default_rng(seed)
    rows = round(float(np.sqrt(faces * share / 10)))
    columns = round(faces * share / 2 / rows)
    grid = _surface(rng, columns, rows, part, upper=scan == "upper")
    sheet = _cut(rng, grid, _sheet(rng, columns, rows))
    if scan == "upper":
        sheet = sheet[:, ::-1]
    points, extra = _extras(rng, grid, sheet)
    flipped = rng.choice(len(sheet), 10, replace=False)
    sheet[flipped] = sheet[flipped][:, ::-1]
    return points.astype(np.float32), np.concatenate([sheet, extra])


def write_binary(path: Path, vertices: NDArray[np.float32], corners: Ids) -> None:
    """A binary STL with unit normals."""
    records = np.zeros(len(corners), _RECORD)
    records["corners"] = vertices[corners]
    records["normal"] = _normals(vertices[corners])
    path.write_bytes(b"benchmark scan".ljust(80) + len(corners).to_bytes(4, "little") + records.tobytes())


def format_files(folder: Path, faces: int) -> list[Path]:
    """The lower of one size as ASCII STL, ASCII PLY and OBJ with vertex colours, made where they are not there yet."""
    paths = [folder / f"lower-{faces}-{name}" for name in ("ascii.stl", "ascii.ply", "colour.obj")]
    if not all(path.exists() for path in paths):
        vertices, corners = make_scan("lower", faces)
        for path, write in zip(paths, (_write_stl_text, _write_ply_text, _write_obj), strict=True):
            with path.open("w", encoding="ascii") as file:
                write(file, vertices, corners)
    return paths


def _write_stl_text(file: TextIO, vertices: NDArray[np.float32], corners: Ids) -> None:
    rows = np.concatenate([_normals(vertices[corners]), vertices[corners].reshape(-1, 9)], axis=1)
    point = "    vertex %.6e %.6e %.6e\n"
    facet = "  facet normal %.6e %.6e %.6e\n  outer loop\n" + 3 * point + "  endloop\n  endfacet\n"
    file.write("solid scan\n")
    file.writelines(facet % tuple(row) for row in rows.tolist())
    file.write("endsolid scan\n")


def _write_ply_text(file: TextIO, vertices: NDArray[np.float32], corners: Ids) -> None:
    axes = "".join(f"property float {axis}\n" for axis in "xyz")
    file.write(f"ply\nformat ascii 1.0\nelement vertex {len(vertices)}\n{axes}")
    file.write(f"element face {len(corners)}\nproperty list uchar int vertex_indices\nend_header\n")
    file.writelines(f"{x:.6f} {y:.6f} {z:.6f}\n" for x, y, z in vertices.tolist())
    file.writelines(f"3 {a} {b} {c}\n" for a, b, c in corners.tolist())


def _write_obj(file: TextIO, vertices: NDArray[np.float32], corners: Ids) -> None:
    file.writelines(f"v {x:.6f} {y:.6f} {z:.6f} 0.8 0.5 0.45\n" for x, y, z in vertices.tolist())
    file.writelines(f"f {a} {b} {c}\n" for a, b, c in (corners + 1).tolist())


def _normals(triangles: NDArray[np.float32]) -> NDArray[np.float32]:
    normal = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    return np.asarray(normal / np.where(length > 0, length, 1), np.float32)


def _surface(rng: np.random.Generator, columns: int, rows: int, part: tuple[float, float], upper: bool) -> Floats:
    """The places of a grid of vertices, (columns, rows, 3)."""
    along, across = np.meshgrid(np.linspace(*part, columns), np.linspace(0, 1, rows), indexing="ij")
    step = (part[1] - part[0]) / columns
    along = along + step * rng.uniform(-0.25, 0.25, along.shape)
    across = (across + rng.uniform(-0.25, 0.25, across.shape) / rows).clip(0, 1)
    points = _arch(along, across)
    points += 0.006 * rng.standard_normal(points.shape) + _waves(rng, along, across)[..., None]
    if upper:
        points = points * [1, 1, -1] + [0.3, 0.5, 17.6]
    return points


def _arch(along: Floats, across: Floats) -> Floats:
    """A horseshoe in the xy plane, from its inner to its outer foot over the biting edges (z up)."""
    turn = (along - 0.5) * 2.6
    crown = np.abs(np.sin(np.pi * TEETH * along)) ** 0.5
    width = (3.5 + 1.5 * crown) * -np.cos(np.pi * across)
    height = 9.0 * np.sin(np.pi * across).clip(0) ** 0.6 * (0.6 + 0.4 * crown)
    fissure = np.exp(-(((across - 0.5) / 0.05) ** 2)) + 0.6 * np.cos(8 * np.pi * across) * np.cos(56 * np.pi * along)
    height = height - 0.5 * crown * np.exp(-(((across - 0.5) / 0.2) ** 2)) * fissure
    return np.stack([(29 + width) * np.sin(turn), (42 + width) * np.cos(turn), height], axis=-1)


def _waves(rng: np.random.Generator, along: Floats, across: Floats) -> Floats:
    """Slow unevenness of a few hundredths of a millimetre."""
    total = np.zeros_like(along)
    for _ in range(8):
        u, v, phase = rng.uniform(40, 300), rng.uniform(5, 40), rng.uniform(0, 6.3)
        total += 0.01 * np.sin(u * along + v * across + phase)
    return total


def _sheet(rng: np.random.Generator, columns: int, rows: int) -> Ids:
    """Two faces per grid cell, the diagonal at random: (columns - 1, rows - 1, 2, 3)."""
    ids = np.arange(columns * rows).reshape(columns, rows)
    a, b, c, d = ids[:-1, :-1], ids[1:, :-1], ids[1:, 1:], ids[:-1, 1:]
    one = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)], 2)
    other = np.stack([np.stack([a, b, d], -1), np.stack([b, c, d], -1)], 2)
    return np.where(rng.random(a.shape)[..., None, None] < 0.5, one, other)


def _cut(rng: np.random.Generator, grid: Floats, sheet: Ids) -> Ids:
    """Without a ragged outline and twelve holes, the rest brick by brick: (m, 3)."""
    columns, rows = sheet.shape[:2]
    margin = (0.02 + 0.015 * np.abs(np.cumsum(rng.standard_normal((2, columns)), axis=1)) / np.sqrt(columns)).clip(
        0, 0.2
    )
    place = np.arange(rows)[None, :] / rows
    kept = (place > margin[0][:, None]) & (place < 1 - margin[1][:, None])
    for k in range(12):
        centre = grid[int((k + 0.5) / 12 * columns), int(rng.uniform(0.3, 0.7) * rows)]
        kept &= ((grid[:-1, :-1] - centre) ** 2).sum(axis=-1) > (0.25 + 0.06 * k) ** 2
    i, j = np.nonzero(kept)
    brick = (i // 32) * (rows // 32 + 1) + j // 32
    order = np.argsort(rng.permutation(brick.max() + 1)[brick], kind="stable")
    return sheet[i[order], j[order]].reshape(-1, 3)


def _extras(rng: np.random.Generator, grid: Floats, sheet: Ids) -> tuple[Floats, Ids]:
    """All vertices, twenty of them spikes, and the ids of the extra faces."""
    points = grid.reshape(-1, 3).copy()
    spikes = rng.choice(np.unique(sheet), 20, replace=False)
    points[spikes] += 0.5 * rng.standard_normal((20, 3))
    patches = [_patch(grid, k, 6 + 2 * k, 6.0) for k in range(6)] + [_patch(grid, 6, len(grid) // 20, None)]
    parts, faces = [points], []
    count = len(points)
    for more, corners in patches:
        faces.append(corners + count)
        parts.append(more)
        count += len(more)
    for a, b, c in sheet[rng.choice(len(sheet), 5, replace=False)].tolist():
        parts.append(points[[a, b, c]].mean(axis=0)[None] + [0, 0, 0.4])
        faces.append(np.array([[b, a, count]]))
        count += 1
    flat = sheet[rng.choice(len(sheet), 6, replace=False)][:, [0, 1, 1]]
    faces += [sheet[rng.choice(len(sheet), 8, replace=False)], flat]
    return np.concatenate(parts), np.concatenate(faces)


def _patch(grid: Floats, number: int, size: int, lift: float | None) -> tuple[Floats, Ids]:
    """A square piece of the surface again: lifted off it, or (None) tilted so that it crosses it."""
    columns, rows = grid.shape[:2]
    size = min(max(size, 12), rows // 2, columns // 8)
    i, j = int((number + 0.25) * (columns - size) / 7), rows // 4
    piece = grid[i : i + size, j : j + size].copy()
    piece[..., 2] += np.linspace(-0.08, 0.083, size)[:, None] if lift is None else lift
    ids = np.arange(size * size).reshape(size, size)
    a, b, c, d = (part.ravel() for part in (ids[:-1, :-1], ids[1:, :-1], ids[1:, 1:], ids[:-1, 1:]))
    corners = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    return piece.reshape(-1, 3), corners


def main(arguments: list[str]) -> int:
    folder, *sizes = arguments
    for size in sizes:
        files: dict[str, Any] = case_files(Path(folder), int(size))
        print(*files.values(), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
