"""An HTTP destination that refuses some, takes some without saying so, and answers when asked. It removes no doubles."""

from __future__ import annotations

import random
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REFUSES, SILENT = 0.2, 0.15


class Flaky:
    def __init__(self, seed: int = 0, *, refuses: float = REFUSES, silent: float = SILENT) -> None:
        self.taken: Counter[str] = Counter()
        self.asked = 0
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        flaky = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with flaky._lock:
                    draw = flaky._chance.random()
                    if draw >= refuses:
                        flaky.taken[self.path] += 1
                if draw < refuses:
                    self.send_error(503)
                elif draw < refuses + silent:
                    self.close_connection = True  # taken, and the line breaks
                else:
                    self.send_response(200)
                    self.end_headers()

            def do_GET(self) -> None:
                with flaky._lock:
                    flaky.asked += 1
                    there = self.path in flaky.taken
                if not there:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"
