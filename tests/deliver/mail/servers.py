"""Servers for the tests: each a real one in a process of its own, on loopback, with a port of its own."""

from __future__ import annotations

import email
import email.policy
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from attrs import define, field, frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

HERE = Path(__file__).parent
PASSWORD = "hunter2-sentinel"


@frozen
class Authority:
    """A certificate authority of the test's own, and the certificates it gave."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def file(self) -> Path:
        """Its own certificate."""
        path = self.folder / "authority.pem"
        if not path.is_file():
            built = self._builder("Test authority").public_key(self.key.public_key())
            built = built.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            path.write_bytes(built.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return path

    def for_server(self) -> tuple[Path, Path]:
        """Certificate and key of this machine's loopback address."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
        built = self._builder("localhost").public_key(key.public_key()).add_extension(names, critical=False)
        return self._written("server", built.sign(self.key, hashes.SHA256()), key)

    def for_mail(self, address: str, *, days: int = 30, curve: bool = False) -> tuple[Path, Path]:
        """S/MIME certificate and key of an address; with negative days one that has run out, with ``curve`` without RSA."""
        key = ec.generate_private_key(ec.SECP256R1()) if curve else rsa.generate_private_key(65537, 2048)
        names = x509.SubjectAlternativeName([x509.RFC822Name(address)])
        built = self._builder(address, days).public_key(key.public_key()).add_extension(names, critical=False)
        return self._written(f"{address}{days}{curve}", built.sign(self.key, hashes.SHA256()), key)

    def _builder(self, name: str, days: int = 30) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")]))
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
        )

    def _written(
        self, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    ) -> tuple[Path, Path]:
        paths = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        paths[1].write_bytes(secret)
        return paths


@define
class Server:
    """A server process with its folder."""

    program: str
    folder: Path
    arguments: tuple[str, ...]
    port: int = 0
    environment: dict[str, str] = field(factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, again on the same port if it had one."""
        self.folder.mkdir(exist_ok=True)
        before, *after = self.arguments if self.program == "smtp_process.py" else ("", *self.arguments)
        command = [sys.executable, str(HERE / self.program), str(self.folder), *([before] if before else [])]
        self.process = subprocess.Popen(
            [*command, str(self.port), *after],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **self.environment},
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def stop(self) -> None:
        """End it."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()
        self.process = None

    def misbehave(self, do: str, times: int = 1_000_000) -> None:
        """What goes wrong from now on."""
        (self.folder / "behaviour").write_text(json.dumps({"do": do, "times": times}), "utf-8")

    def clear(self) -> None:
        """Forget everything that came."""
        for path in self.folder.iterdir():
            path.unlink()

    def mails(self) -> list[EmailMessage]:
        """What a mail server kept."""
        kept = sorted(self.folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        return [parsed(path.read_bytes()) for path in kept]

    def documents(self) -> list[dict[str, Any]]:
        """What came besides: posts, or envelopes of mails."""
        kept = sorted(self.folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        return [json.loads(path.read_text("utf-8")) for path in kept]


def parsed(content: bytes) -> EmailMessage:
    """A mail as it can be looked at."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def mail_server(folder: Path, authority: Authority, security: str, **environment: str) -> Server:
    """A mail server with one account."""
    certificate, key = authority.for_server()
    settings = {"SMTP_PASSWORD": PASSWORD, **environment}
    return Server("smtp_process.py", folder, (security, str(certificate), str(key)), environment=settings)


def web_server(folder: Path, authority: Authority | None = None) -> Server:
    """A web server, with TLS when there is an authority."""
    tls = tuple(map(str, authority.for_server())) if authority else ()
    return Server("web_process.py", folder, tls)


@define
class Line:
    """A line to a server that is cut: after so many bytes of the client, or before the server's answer comes back.

    Attributes:
        target: port of the server.
        after: bytes of the client that still get through; None for all of them.
        mute: True when nothing of the server gets through.
        cuts: connections that are disturbed so; later ones are not.
        port: where clients connect.
    """

    target: int
    after: int | None = None
    mute: bool = False
    cuts: int = 1_000_000
    port: int = 0
    listening: socket.socket = field(factory=lambda: socket.create_server(("127.0.0.1", 0)))

    def __attrs_post_init__(self) -> None:
        self.port = int(self.listening.getsockname()[1])
        self.listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)  # hold back little of what comes
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """No more connections."""
        with suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                self.cuts -= 1
                threading.Thread(target=self._join, args=(client, self.cuts >= 0), daemon=True).start()

    def _join(self, client: socket.socket, disturbed: bool) -> None:
        with client, socket.create_connection(("127.0.0.1", self.target)) as server:
            mute = self.mute and disturbed
            back = threading.Thread(target=_answer, args=(server, client, mute), daemon=True)
            back.start()
            left = self.after if disturbed else None
            with suppress(OSError):
                for data in _chunks(client):
                    server.sendall(data if left is None else data[:left])
                    left = None if left is None else left - len(data)
                    if left is not None and left <= 0:
                        break
            for end in (server, client):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            back.join(5)


def _answer(server: socket.socket, client: socket.socket, mute: bool) -> None:
    with suppress(OSError):
        for data in _chunks(server):
            if mute:
                client.shutdown(socket.SHUT_RDWR)
                return
            client.sendall(data)


def _chunks(stream: socket.socket) -> Iterator[bytes]:
    while data := stream.recv(65_536):
        yield data
