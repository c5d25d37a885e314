"""Real servers on loopback, one of each kind for all tests of a worker, and a bench with a small case."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from casepan.arrivals.listing import FolderListing
from casepan.config.lab import Lab, LabTable
from casepan.config.secrets import fetch_secret
from casepan.contract.options import FolderPath, Secret
from casepan.model.case import Case, CaseKey, Origin, Scan
from casepan.running.context import Bench, Errand, SendingContext

from .rig.destination import KINDS, Destination, WriteSecret, s3_options, sftp_options, webdav_options
from .rig.proxy import FaultProxy
from .rig.servers import SSHD, Server, python_server, sshd

MakeContext = Callable[..., SendingContext]


@pytest.fixture(scope="session")
def sftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """OpenSSH."""
    if SSHD is None or shutil.which("ssh-keygen") is None:
        pytest.skip("OpenSSH's sshd and ssh-keygen are not installed")
    with sshd(tmp_path_factory.mktemp("sftp")) as server:
        yield server


@pytest.fixture(scope="session")
def webdav_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """WsgiDAV."""
    pytest.importorskip("wsgidav", reason="wsgidav is not installed")
    with python_server("webdav", tmp_path_factory.mktemp("webdav")) as server:
        yield server


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Moto."""
    pytest.importorskip("moto", reason="moto is not installed")
    with python_server("s3", tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The laboratory's own portal."""
    pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    with python_server("portal", tmp_path_factory.mktemp("portal")) as server:
        yield server


@pytest.fixture
def proxy_to() -> Iterator[Callable[[Server], FaultProxy]]:
    """A line to a server that can be harmed."""
    made: list[FaultProxy] = []

    def make(server: Server) -> FaultProxy:
        made.append(FaultProxy(server.port))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """An arrival with two files, the larger one of 300 kB that do not repeat."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "upper.stl").write_bytes(b"".join(number.to_bytes(3, "big") for number in range(100_000)))
    (source / "lower.stl").write_bytes(b"lower" * 100)
    table = LabTable(name="Test", state=FolderPath("state"))
    lab = Lab(version=1, lab=table, path=tmp_path / "lab.toml")
    memory = tmp_path / "memory"
    memory.mkdir()

    def secret(reference: Secret) -> str:
        return fetch_secret(reference, lab)

    with Bench.on(FolderListing.of(source), base=tmp_path, secrets=secret, memory=memory) as made:
        yield made


@pytest.fixture
def case(bench: Bench) -> Case:
    """A case with both files."""
    scans = tuple(
        Scan(arch, "arch", arch, file=bench.reference(f"{arch}.stl"), format="stl") for arch in ("upper", "lower")
    )
    return Case("K7Q2-M4", CaseKey("core", "x"), Origin("core.generic"), scans=scans)


@pytest.fixture
def context(bench: Bench) -> MakeContext:
    """What an exporter is told; each call is a new try."""

    def make(key: str = "key-1", place: str = "K7Q2-M4", **more: Any) -> SendingContext:
        return bench.sending("deliver.test", "test", Errand(key, place, **more))

    return make


@pytest.fixture
def write_secret(tmp_path: Path) -> Callable[[str, str], Secret]:
    """A secret in a file, as labs keep them."""

    def write(name: str, text: str) -> Secret:
        (tmp_path / name).write_text(text)
        return Secret(file=name)

    return write


@pytest.fixture(params=KINDS)
def there(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    proxy_to: Callable[[Server], FaultProxy],
    write_secret: WriteSecret,
) -> Destination:
    """Each kind of server in turn."""
    server: Server = request.getfixturevalue(f"{request.param}_server")
    proxy, box = proxy_to(server), tmp_path.name
    make = {"sftp": sftp_options, "webdav": webdav_options, "s3": s3_options}[request.param]
    return Destination(request.param, box, server, proxy, make(server, proxy.port, box, write_secret))
