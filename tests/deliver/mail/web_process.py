"""A real web server as a process of its own: ``python web_process.py FOLDER PORT [CERTIFICATE KEY]``.

Every post is kept in FOLDER as ``*.json``. ``FOLDER/behaviour`` says what goes wrong, as in ``smtp_process``. The port is
printed once the server listens; it ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
from pathlib import Path
from uuid import uuid4

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

TOKEN = "Bearer sesame-sentinel"


def behaviour(folder: Path) -> str:
    """What is to go wrong now."""
    path = folder / "behaviour"
    if not path.is_file():
        return "ok"
    wanted = json.loads(path.read_text("utf-8"))
    if wanted["times"] <= 0:
        return "ok"
    path.write_text(json.dumps({**wanted, "times": wanted["times"] - 1}), "utf-8")
    return str(wanted["do"])


def app(folder: Path) -> Starlette:
    """One address, with or without a token; a key that was seen is answered and not kept again."""

    async def hook(request: Request) -> Response:
        document = await request.json()
        key = request.headers.get("Idempotency-Key", "")
        if request.url.path == "/guarded" and request.headers.get("Authorization") != TOKEN:
            return PlainTextResponse("no", 401)
        do = behaviour(folder)
        if do.isdecimal():
            return PlainTextResponse("not now", int(do), {"Retry-After": "0"})
        if request.url.path == "/once" and any(
            json.loads(path.read_text("utf-8"))["key"] == key for path in folder.glob("*.json")
        ):
            return PlainTextResponse("known")
        kept = {"key": key, "document": document}
        (folder / f"{uuid4().hex}.json").write_text(json.dumps(kept), "utf-8")
        if do == "restart":
            os._exit(9)
        if do == "hang":
            await asyncio.sleep(600)
        return PlainTextResponse("ok")

    return Starlette(routes=[Route(path, hook, methods=["POST"]) for path in ("/hook", "/guarded", "/once")])


def main() -> None:
    """Until standard input ends."""
    folder, port, *tls = sys.argv[1:]
    listening = socket.create_server(("127.0.0.1", int(port)))
    config = uvicorn.Config(
        app(Path(folder)),
        log_level="critical",
        ssl_certfile=tls[0] if tls else None,
        ssl_keyfile=tls[1] if tls else None,
    )
    print(listening.getsockname()[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
