"""A TCP proxy on loopback on which everything can go wrong between a sender and its destination."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress

PATIENCE = 10.0
"""Seconds for which a new connection waits for a server that is just starting again."""


class FaultProxy:
    """Forwards to one port. Faults are set while it runs; each connection sees those of its own time.

    Attributes:
        port: where it listens; kept while it is down.
        cut_after: upstream bytes after which a connection is cut, None for never.
        stall_after: upstream bytes after which nothing goes on, None for never.
        committed: asked before each answer is passed on; once it says True, ``then`` is called and the connection is cut.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.cut_after: int | None = None
        self.stall_after: int | None = None
        self.committed: Callable[[], bool] | None = None
        self.then: Callable[[], object] = lambda: None
        self._ended = threading.Event()
        self._listener: socket.socket | None = None
        self.port = 0
        self.up()

    def up(self) -> None:
        """Listen."""
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def down(self) -> None:
        """Refuse new connections."""
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def heal(self) -> None:
        """From now on nothing goes wrong."""
        self.cut_after = self.stall_after = self.committed = None
        if self._listener is None:
            self.up()

    def close(self) -> None:
        """End; stalled connections are let go."""
        self.down()
        self._ended.set()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = self._connected()
        if server is None:
            _cut(client)
            return
        back = threading.Thread(target=self._answers, args=(server, client), daemon=True)
        back.start()
        self._requests(client, server)
        back.join()
        client.close()
        server.close()

    def _connected(self) -> socket.socket | None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                return socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                time.sleep(0.02)
        return None

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        passed = 0
        with suppress(OSError):
            while content := client.recv(65_536):
                passed += len(content)
                if self.cut_after is not None and passed > self.cut_after:
                    _cut(client, server)
                    return
                if self.stall_after is not None and passed > self.stall_after:
                    self._ended.wait(60.0)
                    return
                server.sendall(content)
            server.shutdown(socket.SHUT_WR)

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while content := server.recv(65_536):
                if self.committed is not None and self.committed():
                    self.committed = None
                    _cut(client, server)
                    self.then()
                    return
                client.sendall(content)
            client.shutdown(socket.SHUT_WR)


def _cut(*sockets: socket.socket) -> None:
    """Reset, so that both sides notice at once."""
    for one in sockets:
        with suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.shutdown(socket.SHUT_RDWR)
        one.close()
