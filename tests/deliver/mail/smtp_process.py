"""A real SMTP server as a process of its own: ``python smtp_process.py FOLDER SECURITY PORT CERTIFICATE KEY``.

Mails are kept in FOLDER as ``*.eml`` with their envelope as ``*.json``. ``FOLDER/behaviour`` says what goes wrong, and how
often: ``{"do": "busy", "times": 1}``. The port is printed once the server listens; it ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import ssl
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiosmtpd.smtp import SMTP, AuthResult

USER = "lab"
ANSWERS = {
    "busy": "451 4.7.1 try again later",
    "full": "552 5.2.2 mailbox full",
    "full-now": "452 4.3.1 out of space",
    "policy": "554 5.7.1 not here",
    "mumbles": "what?",
}


class Office:
    """The handler: keeps mails and misbehaves on request."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def behaviour(self) -> str:
        """What is to go wrong now."""
        path = self.folder / "behaviour"
        if not path.is_file():
            return "ok"
        wanted = json.loads(path.read_text("utf-8"))
        if wanted["times"] <= 0:
            return "ok"
        path.write_text(json.dumps({**wanted, "times": wanted["times"] - 1}), "utf-8")
        return str(wanted["do"])

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, _: Any) -> str:
        """Somebody, unless the name says nobody."""
        if address.startswith("nobody"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Keep it, and answer or not."""
        do = self.behaviour()
        if do in ANSWERS:
            return ANSWERS[do]
        name = uuid4().hex
        envelope_of = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None}
        (self.folder / f"{name}.json").write_text(json.dumps(envelope_of), "utf-8")
        (self.folder / f"{name}.eml").write_bytes(envelope.content)
        if do == "lost":
            server.transport.abort()
        if do == "restart":
            os._exit(9)
        if do == "hang":
            await asyncio.sleep(600)
        return "250 2.0.0 kept"


def authenticator(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    """One account."""
    known = data.login == USER.encode() and data.password == os.environ["SMTP_PASSWORD"].encode()
    return AuthResult(success=known, handled=False)


async def serve(folder: Path, security: str, port: int, certificate: str, key: str) -> None:
    """Until standard input ends."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    limit = int(os.environ.get("SMTP_SIZE", "33554432"))

    def session() -> SMTP:
        return SMTP(
            Office(folder), hostname="mail.test", authenticator=authenticator, auth_required=True, data_size_limit=limit,
            tls_context=tls if security == "starttls" else None, require_starttls=security == "starttls",
            auth_require_tls=security == "starttls", loop=loop,
        )  # fmt: skip

    server = await loop.create_server(session, "127.0.0.1", port, ssl=tls if security == "tls" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    os._exit(0)


if __name__ == "__main__":
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5]))
