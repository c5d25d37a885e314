"""Encrypted mails: only the recipients can read them, with other people's programs."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from casepan.api import DeliveryRefused

from .labs import SURNAME, a_case, deliver, with_order_form
from .servers import Authority, Server, parsed

TO = "mill@partner.test"


def decrypted(content: bytes, certificate: Path, key: Path) -> bytes:
    """What the owner of a key reads."""
    secret = serialization.load_pem_private_key(key.read_bytes(), None)
    assert isinstance(secret, rsa.RSAPrivateKey)
    owner = x509.load_pem_x509_certificate(certificate.read_bytes())
    return pkcs7.pkcs7_decrypt_der(content, owner, secret, [])


def table(account: str, *certificates: Path, to: tuple[str, ...] = (TO,)) -> str:
    """Options of ``deliver.email`` with everything in the mail."""
    given = ", ".join(f'"{path}"' for path in certificates)
    told = ", ".join(f'"{address}"' for address in to)
    return f"server = {account}\nto = [{told}]\ncertificates = [{given}]\nprivate = true\nattachments = true"


def test_each_recipient_can_read_all_of_it(account: str, smtp: Server, authority: Authority, tmp_path: Path) -> None:
    """Names may travel then; on the way there is neither a name nor a file name to be seen."""
    two = {address: authority.for_mail(address) for address in (TO, "second@partner.test")}
    certificates = tuple(paths[0] for paths in two.values())
    case = with_order_form(a_case(tmp_path), tmp_path)
    receipt = deliver("deliver.email", table(account, *certificates, to=tuple(two)), case, tmp_path)
    (mail,) = smtp.mails()
    assert receipt.proof["encrypted"] == "S/MIME"
    assert (mail.get_content_type(), mail.get_param("smime-type")) == ("application/pkcs7-mime", "enveloped-data")
    closed = mail.get_content()
    assert SURNAME.encode() not in closed and b"K7Q2-M4.zip" not in closed
    for certificate, key in two.values():
        inside = parsed(decrypted(closed, certificate, key))
        (attached,) = inside.iter_attachments()
        with zipfile.ZipFile(io.BytesIO(attached.get_content())) as archive:
            assert SURNAME in archive.read("manifest.json").decode()


def test_openssl_reads_it_too(account: str, smtp: Server, authority: Authority, tmp_path: Path) -> None:
    """The mail as it travelled, opened by a program that has nothing to do with us."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    certificate, key = authority.for_mail(TO)
    deliver("deliver.email", table(account, certificate), a_case(tmp_path), tmp_path)
    (kept,) = smtp.folder.glob("*.eml")
    command = [openssl, "cms", "-decrypt", "-in", str(kept), "-recip", str(certificate), "-inkey", str(key)]
    done = subprocess.run(command, capture_output=True, check=True)
    (attached,) = parsed(done.stdout).iter_attachments()
    assert attached.get_filename() == "K7Q2-M4.zip"


def test_a_folder_of_certificates_is_searched_by_address(
    account: str, smtp: Server, authority: Authority, tmp_path: Path
) -> None:
    """Whoever has a young certificate gets it used; DER will do."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    certificate, key = authority.for_mail(TO.upper())
    der = x509.load_pem_x509_certificate(certificate.read_bytes()).public_bytes(serialization.Encoding.DER)
    (folder / "mill.cer").write_bytes(der)
    shutil.copy(authority.for_mail("other@partner.test")[0], folder / "other.pem")
    (folder / "notes.txt").write_text("no certificate")
    deliver("deliver.email", table(account, folder), a_case(tmp_path), tmp_path)
    (mail,) = smtp.mails()
    assert b"Content-Type: multipart/mixed" in decrypted(mail.get_content(), certificate, key)


def test_without_a_usable_certificate_nothing_leaves(
    account: str, smtp: Server, authority: Authority, tmp_path: Path
) -> None:
    """Another person's, one that has run out, one without RSA, and a file that is none: each is told apart."""
    junk = tmp_path / "junk.pem"
    junk.write_text("-----BEGIN CERTIFICATE-----\nx")
    cases = {
        "has no certificate": authority.for_mail("other@partner.test")[0],
        "not valid today": authority.for_mail(TO, days=-1)[0],
        "without an RSA key": authority.for_mail(TO, curve=True)[0],
        "cannot be read as a certificate": junk,
    }
    for reason, certificate in cases.items():
        with pytest.raises(DeliveryRefused, match=reason):
            deliver("deliver.email", table(account, certificate), a_case(tmp_path), tmp_path)
    assert not smtp.mails()


def test_without_cryptography_the_remedy_is_named(
    account: str, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing leaves unencrypted because a package is missing."""
    monkeypatch.setitem(__import__("sys").modules, "cryptography", None)
    certificate = tmp_path / "mill.pem"
    with pytest.raises(DeliveryRefused, match="cryptography") as refused:
        deliver("deliver.email", table(account, certificate), a_case(tmp_path), tmp_path)
    assert refused.value.hint == "pip install 'casepan-deliver[smime]'"
