"""Encrypting mails with the recipients' certificates (S/MIME, RFC 8551); needs ``casepan-deliver[smime]``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from casepan.api import AdapterError, DeliveryRefused

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_PEM = b"-----BEGIN CERTIFICATE-----"
_SUFFIXES = (".pem", ".crt", ".cer", ".der")


def certificates_for(to: Sequence[str], paths: Iterable[Path], now: datetime) -> tuple[Certificate, ...]:
    """One certificate for each recipient.

    Args:
        to: addresses.
        paths: files with certificates (PEM or DER), or folders of such files.
        now: aware UTC; certificates that are not valid then are not used.

    Raises:
        DeliveryRefused: a recipient has no valid certificate that can be encrypted for, or a file is no certificate.
        AdapterError: ``cryptography`` is not installed.
    """
    _need_cryptography()
    known = [certificate for path in _files(paths) for certificate in _read(path)]
    return tuple(_certificate_of(address, known, now) for address in to)


def encrypted(content: bytes, certificates: Iterable[Certificate]) -> bytes:
    """The content as enveloped data (DER), AES-256 under each recipient's RSA key.

    Args:
        content: a whole MIME entity with its headers, lines ended by CRLF.
    """
    from cryptography.hazmat.primitives.ciphers import algorithms
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(content).set_content_encryption_algorithm(algorithms.AES256)
    for certificate in certificates:
        builder = builder.add_recipient(certificate)
    return builder.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])


def _need_cryptography() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError as error:
        raise AdapterError(
            "encrypting mails needs the package cryptography", hint="pip install 'casepan-deliver[smime]'"
        ) from error


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (one for one in sorted(path.iterdir()) if one.suffix.lower() in _SUFFIXES)
        else:
            yield path


def _read(path: Path) -> list[Certificate]:
    from cryptography import x509

    try:
        data = path.read_bytes()
        return x509.load_pem_x509_certificates(data) if _PEM in data else [x509.load_der_x509_certificate(data)]
    except (OSError, ValueError) as error:
        raise DeliveryRefused(
            "a file of `certificates` cannot be read as a certificate",
            place=str(path),
            hint="Give the recipient's public S/MIME certificate, PEM or DER; never a private key.",
        ) from error


def _certificate_of(address: str, known: Iterable[Certificate], now: datetime) -> Certificate:
    """The youngest valid one."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    fitting = [one for one in known if address.casefold() in _addresses(one)]
    valid = [one for one in fitting if one.not_valid_before_utc <= now <= one.not_valid_after_utc]
    usable = [one for one in valid if isinstance(one.public_key(), RSAPublicKey)]
    if usable:
        return max(usable, key=lambda one: one.not_valid_before_utc)
    why = "has no certificate" if not fitting else "has a certificate that is not valid today"
    why = "has a certificate without an RSA key" if valid else why
    raise DeliveryRefused(
        f"a recipient {why}, and without one the mail cannot be encrypted",
        place=address,
        hint="Ask for the S/MIME certificate that belongs to this address, and add it to `certificates`.",
    )


def _addresses(certificate: Certificate) -> set[str]:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    named = {str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)}
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        named |= set(extension.value.get_values_for_type(x509.RFC822Name))
    except x509.ExtensionNotFound:
        pass
    return {address.casefold() for address in named}
