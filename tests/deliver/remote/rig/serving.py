"""One real server in a process of its own: ``python serving.py webdav|s3|portal FOLDER PORT``. SIGHUP starts it anew.

A request below a path part that ends with ``-full`` gets 507 while the file ``full`` lies in the folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

USER, PASSWORD, TOKEN = "mill", "webdav-Sentinella-password", "portal-Sentinella-token"
ACCESS_KEY, SECRET_KEY = "AKIASENTINELLA", "s3-Sentinella-secret"
SIGNING = b"what the portal signs addresses with"


def is_full(folder: Path, method: str, path: str) -> bool:
    """True when this request would need space that is not there."""
    parts = path.split("/")
    writes = method in ("PUT", "POST", "PATCH")
    return writes and (folder / "full").exists() and any(part.endswith("-full") for part in parts)


def webdav(folder: Path, port: int) -> Any:
    """WsgiDAV behind cheroot, with one account."""
    from cheroot import wsgi
    from wsgidav.wsgidav_app import WsgiDAVApp

    content = folder / "content"
    content.mkdir(exist_ok=True)
    app = WsgiDAVApp(
        {
            "provider_mapping": {"/": str(content)},
            "simple_dc": {"user_mapping": {"*": {USER: {"password": PASSWORD}}}},
            "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
            "verbose": 0,
            "logging": {"enable": False},
        }
    )
    return wsgi.Server(("127.0.0.1", port), _quota(app, folder), numthreads=6, timeout=5, shutdown_timeout=1)


def s3(folder: Path, port: int) -> Any:
    """Moto's S3 behind werkzeug; any other access key than ours is refused."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Handler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, type: str, message: str, *args: Any) -> None:
            """Say nothing."""

    app = _keys(DomainDispatcherApplication(create_backend_app))
    return make_server("127.0.0.1", port, _quota(app, folder), threaded=True, request_handler=Handler)


def _quota(app: Any, folder: Path) -> Any:
    def guarded(environ: dict[str, Any], start: Any) -> Any:
        if is_full(folder, environ["REQUEST_METHOD"], environ["PATH_INFO"]):
            return _refuse(start, "507 Insufficient Storage", "XMinioStorageFull")
        return app(environ, start)

    return guarded


def _keys(app: Any) -> Any:
    def guarded(environ: dict[str, Any], start: Any) -> Any:
        if f"Credential={ACCESS_KEY}/" not in environ.get("HTTP_AUTHORIZATION", ""):
            return _refuse(start, "403 Forbidden", "InvalidAccessKeyId")
        return app(environ, start)

    return guarded


def _refuse(start: Any, status: str, code: str) -> list[bytes]:
    body = f"<Error><Code>{code}</Code></Error>".encode()
    start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body))), ("Connection", "close")])
    return [body]


def portal(folder: Path, port: int) -> Any:
    """A portal of a laboratory: a form, a PUT, signed addresses, tus, and a question for deliveries; TLS with ``tls.pem``."""
    import uvicorn

    config = uvicorn.Config(
        Portal(folder).app(),
        host="127.0.0.1",
        port=port,
        log_level="critical",
        timeout_graceful_shutdown=1,
        lifespan="off",
        ssl_certfile=folder / "tls.pem" if (folder / "tls.pem").exists() else None,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment,method-assign]
    return Uvicorn(server)


class Uvicorn:
    """Uvicorn with the two calls that the other servers have."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def serve_forever(self) -> None:
        """Serve."""
        asyncio.run(self._server.serve())

    def shutdown(self) -> None:
        """Stop serving."""
        self._server.should_exit = self._server.force_exit = True


class Portal:
    """Keeps what it took below ``content/BOX/``, one folder per taken delivery, so that doubles can be counted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.content = folder / "content"

    def app(self) -> Any:
        """The Starlette application."""
        from starlette.applications import Starlette
        from starlette.middleware.base import BaseHTTPMiddleware
        from starlette.routing import Route

        app = Starlette(
            routes=[
                Route("/{box}/cases", self.form, methods=["POST"]),
                Route("/{box}/cases", self.known, methods=["GET"]),
                Route("/{box}/files/{name}", self.put, methods=["PUT"]),
                Route("/{box}/sign", self.sign, methods=["POST"]),
                Route("/{box}/signed/{name}", self.put_signed, methods=["PUT"]),
                Route("/{box}/uploads", self.create, methods=["POST"]),
                Route("/{box}/uploads/{id}", self.resume, methods=["HEAD", "PATCH"]),
                Route("/{box}/busy", self.busy, methods=["POST"]),
                Route("/{box}/astray/{port}", self.astray, methods=["GET", "POST", "HEAD", "PATCH"]),
                Route("/{box}/broken", self.broken, methods=["POST"]),
            ]
        )
        app.add_middleware(BaseHTTPMiddleware, dispatch=self.guard)
        return app

    async def guard(self, request: Any, call_next: Callable[..., Any]) -> Any:
        """Who are you, and is there space?"""
        from starlette.responses import Response

        signed = "/signed/" in request.url.path
        if not signed and request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Response(status_code=401)
        if signed and "Authorization" in request.headers:
            return Response("a signed address gets no token", status_code=400)
        if is_full(self.folder, request.method, request.url.path):
            return Response(status_code=507)
        return await call_next(request)

    async def form(self, request: Any) -> Any:
        """A form with a file."""
        from starlette.responses import JSONResponse

        boundary = request.headers["Content-Type"].partition("boundary=")[2].encode()
        fields = dict(_parts(await request.body(), boundary))
        return JSONResponse(self.take(request, fields["name"].decode(), fields["file"], fields), status_code=201)

    async def put(self, request: Any) -> Any:
        """A file under its own name; a second one is refused."""
        from starlette.responses import JSONResponse, Response

        name = request.path_params["name"]
        if request.headers.get("If-None-Match") == "*" and list(self.box(request).glob(f"*/{name}")):
            return Response(status_code=412)
        return JSONResponse(self.take(request, name, await request.body(), {}), status_code=201)

    async def sign(self, request: Any) -> Any:
        """An address for the PUT that anybody may use who has it."""
        from starlette.responses import JSONResponse

        name = (await request.json())["name"]
        url = str(request.url).rpartition("/")[0] + f"/signed/{name}?signature={_signature(name)}"
        return JSONResponse({"url": url, "headers": {"X-Box": "1"}})

    async def put_signed(self, request: Any) -> Any:
        """The PUT to it."""
        from starlette.responses import Response

        name = request.path_params["name"]
        if request.query_params.get("signature") != _signature(name) or request.headers.get("X-Box") != "1":
            return Response(status_code=403)
        self.take(request, name, await request.body(), {})
        return Response(status_code=200)

    async def known(self, request: Any) -> Any:
        """The deliveries with this key."""
        from starlette.responses import JSONResponse

        found = [json.loads(path.read_text()) for path in self.box(request).glob("*/about.json")]
        return JSONResponse([about for about in found if about["key"] == request.query_params.get("key")])

    async def create(self, request: Any) -> Any:
        """A new tus upload."""
        from starlette.responses import Response

        id = uuid.uuid4().hex
        folder = self.folder / "uploads" / str(request.path_params["box"])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / id).touch()
        (folder / f"{id}.length").write_text(request.headers["Upload-Length"])
        return Response(status_code=201, headers={"Location": f"/{request.path_params['box']}/uploads/{id}"})

    async def resume(self, request: Any) -> Any:
        """Where a tus upload stands, and its next piece."""
        from starlette.responses import Response

        path = self.folder / "uploads" / request.path_params["box"] / request.path_params["id"]
        if not path.exists():
            return Response(status_code=404)
        length = int(path.with_suffix(".length").read_text())
        if request.method == "PATCH":
            if int(request.headers["Upload-Offset"]) != path.stat().st_size:
                return Response(status_code=409)
            with path.open("ab") as target:
                async for piece in request.stream():
                    target.write(piece)
                    target.flush()
            if path.stat().st_size == length:
                self.take(request, "case.zip", path.read_bytes(), {})
        headers = {"Upload-Offset": str(path.stat().st_size), "Upload-Length": str(length), "Cache-Control": "no-store"}
        return Response(status_code=204 if request.method == "PATCH" else 200, headers=headers)

    async def busy(self, request: Any) -> Any:
        """Not now."""
        from starlette.responses import Response

        return Response(status_code=503, headers={"Retry-After": "77"})

    async def astray(self, request: Any) -> Any:
        """An answer of JSON that helps nobody; with a port, one that leads there."""
        from starlette.responses import JSONResponse

        port = request.path_params["port"]
        told = {"url": f"http://{port}/x"} if port != "0" else {}
        return JSONResponse(told, status_code=201, headers={"Location": f"http://{port}/x"})

    async def broken(self, request: Any) -> Any:
        """A bug of the portal, after it took everything."""
        from starlette.responses import Response

        return Response(status_code=500)

    def take(self, request: Any, name: str, body: bytes, fields: dict[str, bytes]) -> dict[str, str]:
        """Keep a delivery, whatever came before."""
        id = uuid.uuid4().hex
        hidden = self.folder / f"taking-{id}"
        hidden.mkdir()
        (hidden / name).write_bytes(body)
        key = request.headers.get("Idempotency-Key") or fields.get("key", b"").decode()
        about = {"id": id, "key": key, "sha256": hashlib.sha256(body).hexdigest()}
        (hidden / "about.json").write_text(json.dumps(about))
        self.box(request).mkdir(parents=True, exist_ok=True)
        hidden.rename(self.box(request) / id)
        return about

    def box(self, request: Any) -> Path:
        """Where a box keeps its deliveries."""
        return self.content / str(request.path_params["box"])


def _signature(name: str) -> str:
    return hmac.new(SIGNING, name.encode(), "sha256").hexdigest()


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[str, bytes]]:
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        yield head.partition(b'name="')[2].partition(b'"')[0].decode(), content.removesuffix(b"\r\n")


class Process:
    """Serve until SIGTERM; SIGHUP ends all connections and listens anew."""

    def __init__(self, make: Callable[[Path, int], Any], folder: Path, port: int) -> None:
        self.make = partial(make, folder, port)
        self.again = threading.Event()
        self.ended = False
        self.server = self.make()

    def run(self) -> None:
        """Serve."""
        signal.signal(signal.SIGHUP, lambda *_: self.again.set())
        signal.signal(signal.SIGTERM, lambda *_: self._end())
        while not self.ended:
            self.again.clear()
            thread = threading.Thread(target=self._serve, daemon=True)
            thread.start()
            self.again.wait()
            self._call("shutdown", "stop")
            thread.join(3.0)
            if hasattr(self.server, "server_close"):
                self.server.server_close()
            if not self.ended:
                self.server = self.make()

    def _serve(self) -> None:
        self._call("serve_forever", "safe_start")

    def _call(self, *names: str) -> None:
        """The first of these methods that the server has."""
        method: Any = next(getattr(self.server, name) for name in names if hasattr(self.server, name))
        method()

    def _end(self) -> None:
        self.ended = True
        self.again.set()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    Process({"webdav": webdav, "s3": s3, "portal": portal}[sys.argv[1]], Path(sys.argv[2]), int(sys.argv[3])).run()
