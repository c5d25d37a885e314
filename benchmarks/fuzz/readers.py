"""Throw damaged mesh files at every reader: no crash, no hang, no memory beyond a limit, only typed errors.

    python benchmarks/fuzz/readers.py [--count 200000] [--start 0] [--shared FOLDER] [--json FILE]

Each mutation is made from its number alone, so that a failure can be repeated: ``--start N --count 1``. The files are
read in worker processes with an address-space limit of 1 GiB and an alarm of 5 seconds per file; a worker that dies is
taken apart until the one file that killed it is known. ``tests/mesh/io/test_fuzz.py`` runs a few thousand of the same
mutations in process.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import io
import json
import os
import random
import re
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

MEMORY_LIMIT = 1 << 30
TIME_LIMIT = 5
BATCH = 2000
LARGEST_SEED = 120_000
MESH_SUFFIXES = (".stl", ".ply", ".obj", ".dcm")


class Hang(BaseException):
    """The alarm rang: not an Exception, so that no reader can swallow it."""


def seeds(shared: Path | None) -> list[tuple[str, bytes]]:
    """Small whole files of every format, made here, and the small real and nasty ones where the shared folder is given."""
    found = made_seeds()
    if shared is not None:
        for path in sorted((shared / "data").rglob("*")):
            if path.suffix.lower() in MESH_SUFFIXES and path.stat().st_size <= LARGEST_SEED:
                found.append((path.name, path.read_bytes()))
    return found


def made_seeds() -> list[tuple[str, bytes]]:
    """One file of every format and flavour that the writers and a few lines of text can make."""
    import numpy as np

    from casepan.mesh import Mesh, Texture, write_mesh

    grid = np.stack(np.meshgrid(np.arange(6), np.arange(6), [0]), -1).reshape(-1, 3).astype(np.float32)
    grid[:, 2] = np.sin(grid[:, 0]) + grid[:, 1] / 7
    corner = np.array([i for i in range(29) if i % 6 != 5])
    faces = np.concatenate(
        [np.stack([corner, corner + 1, corner + 6], 1), np.stack([corner + 1, corner + 7, corner + 6], 1)]
    )
    colours = (grid * 40).astype(np.uint8)
    uv = np.ascontiguousarray(grid[faces][:, :, :2] / 6, np.float32)
    plain = Mesh(grid, faces.astype(np.int32))
    coloured = Mesh(grid, faces.astype(np.int32), colours, colours[: len(faces)][np.zeros(len(faces), int)])
    textured = Mesh(grid, faces.astype(np.int32), texture=Texture(uv, b"\xff\xd8image", "image.jpg"))
    found = []
    for label, mesh in (("plain", plain), ("coloured", coloured), ("textured", textured)):
        for form in ("stl", "ply", "obj"):
            buffer = io.BytesIO()
            write_mesh(mesh, buffer, format=form)
            found.append((f"{label}.{form}", buffer.getvalue()))
    points, corners = grid.tolist(), faces.tolist()
    return [*found, *_text_seeds(points, corners), *_hps_seeds(points, corners)]


def _text_seeds(grid: Sequence[Sequence[float]], faces: Sequence[Sequence[int]]) -> list[tuple[str, bytes]]:
    facets = "".join(
        "facet normal 0 0 1\n outer loop\n"
        + "".join("  vertex {:.6e} {:f} {}\n".format(*grid[corner]) for corner in face)
        + " endloop\nendfacet\n"
        for face in faces
    )
    points = "".join("{} {} {} 10 20 30\n".format(*point) for point in grid)
    rows = "".join("3 {} {} {}\n".format(*face) for face in faces) + "4 0 1 2 3\n"
    colours = "property uchar red\nproperty uchar green\nproperty uchar blue\n"
    header = (
        f"ply\nformat ascii 1.0\nelement vertex {len(grid)}\nproperty float x\nproperty float y\nproperty float z\n"
        f"{colours}element face {len(faces) + 1}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    big = header.replace("ascii", "binary_big_endian").encode()
    big += b"".join(struct.pack(">3f3B", *point, 1, 2, 3) for point in grid)
    big += b"".join(struct.pack(">B3i", 3, *face) for face in faces) + struct.pack(">B4i", 4, 0, 1, 2, 3)
    obj = "#<MEDIT>\nmtllib a.mtl\n" + "".join("v {} {} {} 0.1 0.2 0.3\n".format(*point) for point in grid)
    obj += "vt 0 1\nvt 0.5 .5\nusemtl m\n" + "".join("f {}/1 {}/2 {}/-1\n".format(*face) for face in (faces[5:9]))
    return [
        ("text.stl", f"solid a b\n{facets}endsolid a b\nSOLID two\n{facets}ENDSOLID\n".encode()),
        ("text.ply", (header + points + rows).encode()),
        ("big.ply", big),
        ("text.obj", (obj + "f -1 -2 \\\n -3 -4\n").encode()),
    ]


def _hps_seeds(grid: Sequence[Sequence[float]], faces: Sequence[Sequence[int]]) -> list[tuple[str, bytes]]:
    program = b"".join(b"\x06" + struct.pack("<3I", *face) for face in faces)
    points = b"".join(struct.pack("<3f", *point) for point in grid)
    texture = b"".join(b"\x01" + struct.pack("<2H", 100 * k, 30000) for k in range(len(grid)))
    found = []
    for schema in ("CA", "CC", "CE"):
        colour = f'<VertexColorSet Id="a">{_base64(bytes(len(grid) * 3))}</VertexColorSet>' if schema == "CC" else ""
        image = f"<TextureImages><TextureImage>{_base64(b'image')}</TextureImage></TextureImages>"
        uv = f"<PerVertexTextureCoord>{_base64(texture)}</PerVertexTextureCoord>"
        found.append(
            (
                f"{schema}.dcm",
                f'<HPS version="1.1"><Packed_geometry><Schema>{schema}</Schema><Binary_data><{schema} version="1.0">'
                f'<Facets facet_count="{len(faces)}" base64_encoded_bytes="{len(program)}">{_base64(program)}</Facets>'
                f'<Vertices vertex_count="{len(grid)}" base64_encoded_bytes="{len(points)}">'
                f"{_base64(points)}</Vertices>"
                f"</{schema}></Binary_data></Packed_geometry><VertexColorSets>{colour}</VertexColorSets>"
                f'<TextureData2>{uv}{image}</TextureData2><Properties><Property name="EKID" value="1"/></Properties>'
                "</HPS>".encode(),
            )
        )
    return found


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def mutate(data: bytes, chance: random.Random) -> bytes:
    """One to four damages of the kinds that real and hostile files show."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        data = chance.choice(_DAMAGES)(data, chance)
    return data


def _flip_bits(data: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8, 64)) if damaged else 0):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def _truncate(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randint(0, len(data))]


def _cut_out(data: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + data[at + chance.choice((1, 2, 7, 50, 4096)) :]


def _repeat(data: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + data[at : at + chance.choice((1, 50, 1000))] * chance.randint(2, 4) + data[at:]


def _insert(data: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(data))
    return (
        data[:at]
        + chance.choice((b"\0", b"\xff" * 8, b"\n", b"nan ", b"#", b"\\\n", b"/", b"-", b"1e999 ", b"<x>"))
        + data[at:]
    )


def _inflate_number(data: bytes, chance: random.Random) -> bytes:
    """Another number in a text or header."""
    numbers = [match.span() for match in re.finditer(rb"\d+", data[:4096])]
    if not numbers:
        return data
    begin, end = chance.choice(numbers)
    value = chance.choice(
        (b"0", b"-1", b"4294967295", b"2147483648", b"99999999999999999999", b"1" * 400, b"3.5", b"700000")
    )
    return data[:begin] + value + data[end:]


def _set_word(data: bytes, chance: random.Random) -> bytes:
    """An extreme 32-bit word, most often near the start, where counts are."""
    at = chance.choice((80, chance.randrange(512), chance.randrange(max(len(data), 1))))
    value = chance.choice(
        (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7F800000, 0x7FC00000, len(data), len(data) // 50)
    )
    return data[:at] + struct.pack("<I", value) + data[at + 4 :]


def _swap_bytes(data: bytes, chance: random.Random) -> bytes:
    """The other byte order, said or done."""
    if b"_endian" in data[:200] and chance.random() < 0.5:
        little, big = b"binary_little_endian", b"binary_big_endian"
        return data.replace(big, little) if big in data[:200] else data.replace(little, big)
    at = chance.randint(0, len(data)) & ~3
    size = chance.choice((4, 64, 4096))
    part = data[at : at + size]
    whole = len(part) & ~3
    swapped = b"".join(part[k : k + 4][::-1] for k in range(0, whole, 4))
    return data[:at] + swapped + part[whole:] + data[at + size :]


def _damage_inside(data: bytes, chance: random.Random) -> bytes:
    """Flip bits behind base64, which no damage from outside leaves valid; elsewhere flip plain bits."""
    runs = [match.span() for match in re.finditer(rb"[A-Za-z0-9+/]{16,}={0,2}", data)] if b"<HPS" in data[:200] else []
    if not runs:
        return _flip_bits(data, chance)
    begin, end = chance.choice(runs)
    text = data[begin:end]
    whole = len(text) & ~3
    damaged = _flip_bits(base64.b64decode(text[:whole]), chance)
    return data[:begin] + base64.b64encode(damaged) + text[whole:] + data[end:]


def _change_type(data: bytes, chance: random.Random) -> bytes:
    words = (
        b"float",
        b"double",
        b"uchar",
        b"int",
        b"ascii",
        b"vertex",
        b"face",
        b"list",
        b"CA",
        b"CE",
        b"x",
        b"facet",
        b"f ",
        b"v ",
    )
    return data.replace(chance.choice(words), chance.choice(words), chance.choice((1, 1, -1)))


_DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip_bits,
    _flip_bits,
    _truncate,
    _cut_out,
    _repeat,
    _insert,
    _inflate_number,
    _inflate_number,
    _set_word,
    _swap_bytes,
    _change_type,
    _damage_inside,
)


def sample(number: int, corpus: Sequence[tuple[str, bytes]]) -> tuple[str, bytes]:
    """The mutation of a number: the name of its seed and the damaged bytes."""
    chance = random.Random(number)
    name, data = corpus[number % len(corpus)]
    return name, mutate(data, chance)


def outcome(name: str, data: bytes) -> str:
    """Read the bytes with the reader that they ask for and check what comes out; the name of the typed error otherwise."""
    from casepan.errors import ClosedFormat, CorruptFile
    from casepan.mesh import inventory, read_mesh

    with contextlib.suppress(CorruptFile):
        inventory(data, name=name)
    try:
        mesh = read_mesh(
            data, name=name, images=lambda asked: b"newmtl m\nmap_Kd a.png\n" if asked.endswith(".mtl") else None
        )
    except (CorruptFile, ClosedFormat) as error:
        return type(error).__name__
    _check(mesh)
    return "read"


def _check(mesh: object) -> None:
    """What every mesh that a reader returns must fulfil."""
    from casepan.mesh import Mesh

    assert isinstance(mesh, Mesh)
    assert mesh.vertices.dtype == "float32" and mesh.vertices.shape[1:] == (3,)
    assert mesh.faces.dtype == "int32" and mesh.faces.shape[1:] == (3,) and len(mesh.faces) > 0
    assert mesh.faces.min() >= 0 and mesh.faces.max() < len(mesh.vertices)
    assert mesh.vertex_colours is None or mesh.vertex_colours.shape == mesh.vertices.shape
    assert mesh.face_colours is None or mesh.face_colours.shape == mesh.faces.shape
    assert mesh.texture is None or mesh.texture.uv.shape == (len(mesh.faces), 3, 2)
    assert len(mesh.welded().faces) == len(mesh.faces)
    assert len(mesh.extent_mm) == 3


def work(start: int, count: int, shared: Path | None) -> None:
    """Worker: read one batch under the limits and print what happened as JSON."""
    import resource
    import signal

    corpus = seeds(shared)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    signal.signal(signal.SIGALRM, _ring)
    seen: Counter[str] = Counter()
    bad: list[str] = []
    slowest = (0.0, start)
    for number in range(start, start + count):
        name, data = sample(number, corpus)
        signal.alarm(TIME_LIMIT)
        begun = time.perf_counter()
        try:
            result = outcome(name, data)
        except (Exception, Hang) as error:
            result = f"FAILED {type(error).__name__}"
            bad.append(f"{number} {name}: {error!r}"[:300])
        signal.alarm(0)
        slowest = max(slowest, (time.perf_counter() - begun, number))
        seen[f"{Path(name).suffix.lower()} {result}"] += 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seen": seen, "bad": bad, "slowest": slowest, "peak_mib": peak}))


def _ring(*_: object) -> None:
    raise Hang


def run_batch(start: int, count: int, shared: Path | None) -> list[dict[str, Any]]:
    """Run a batch in a worker; when the worker dies, run its halves, down to the file that kills."""
    command = [sys.executable, __file__, "--work", "--start", str(start), "--count", str(count)]
    command += ["--shared", str(shared)] if shared else []
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "error::RuntimeWarning"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode == 0:
        return [json.loads(done.stdout)]
    if count == 1:
        reason = f"{start}: worker ended with {done.returncode}: {done.stderr[-200:]}"
        return [{"seen": {"FAILED died": 1}, "bad": [reason], "slowest": [0.0, start], "peak_mib": 0}]
    half = count // 2
    return run_batch(start, half, shared) + run_batch(start + half, count - half, shared)


def main() -> int:
    """Run all batches, print the table, end 1 when anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--shared", type=Path, default=default_shared())
    parser.add_argument("--json", type=Path)
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.start, options.count, options.shared)
        return 0
    begun = time.perf_counter()
    end = options.start + options.count
    results = []
    for start in range(options.start, end, BATCH):
        results += run_batch(start, min(BATCH, end - start), options.shared)
        print(f"\r{min(start + BATCH, end)} of {end}", end="", file=sys.stderr, flush=True)
    report = summarise(results, time.perf_counter() - begun)
    print(f"\n{table(report)}")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1), encoding="utf-8")
    return 1 if report["bad"] else 0


def default_shared() -> Path | None:
    """The folder with real and nasty files, where it is."""
    folder = Path(os.environ.get("CASEPAN_SHARED", Path(__file__).resolve().parents[3] / "shared"))
    return folder if (folder / "data").is_dir() else None


def summarise(results: Sequence[dict[str, Any]], seconds: float) -> dict[str, Any]:
    """One report of all batches."""
    seen: Counter[str] = Counter()
    bad: list[str] = []
    for each in results:
        seen.update(each["seen"])
        bad += each["bad"]
    return {
        "seen": dict(sorted(seen.items())),
        "bad": bad,
        "slowest_seconds": max(each["slowest"] for each in results),
        "peak_mib": max(each["peak_mib"] for each in results),
        "seconds": round(seconds, 1),
    }


def table(report: dict[str, Any]) -> str:
    """The report as text."""
    seen: dict[str, int] = report["seen"]
    lines = [f"{count:>8}  {what}" for what, count in seen.items()]
    lines += [f"{sum(seen.values()):>8}  in all, {report['seconds']} s"]
    lines += [
        f"slowest file {report['slowest_seconds']} (seconds, number); peak memory of a worker {report['peak_mib']} MiB"
    ]
    bad: list[str] = report["bad"]
    return "\n".join([*lines, f"failures: {len(bad)}", *bad[:40]])


if __name__ == "__main__":
    sys.exit(main())
