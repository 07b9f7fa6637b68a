"""A real S3 server on the loopback address, and a way to it that fails now and then, for tests of stores."""

from __future__ import annotations

import http.client
import logging
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec

import pytest

BUCKET = "bucket"
MISSING = next((name for name in ("obstore", "moto", "flask", "boto3") if find_spec(name) is None), None)
needs_s3 = pytest.mark.skipif(MISSING is not None, reason=f"needs {MISSING}: pip install 'codescale[test]'")
"""Marks what talks to the server."""


def environment(port: int) -> dict[str, str]:
    """What a command has to know of the server at ``port``."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "a secret of the tests",
        "AWS_REGION": "us-east-1",
    }


@contextmanager
def s3_server() -> Iterator[int]:
    """The port of a server with one empty bucket."""
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        client = boto3.client(
            "s3", endpoint_url=f"http://127.0.0.1:{port}", aws_access_key_id="test", aws_secret_access_key="test",
            region_name="us-east-1",
        )  # fmt: skip
        client.create_bucket(Bucket=BUCKET)
        yield port
    finally:
        server.stop()


class FailingWay:
    """A proxy to the server at ``upstream`` that fails a ``share`` of the calls: refused, cut off before the server
    sees them, or after it, so that the answer is lost; and that can be away altogether.
    """

    def __init__(self, upstream: int, share: float = 0.0, seed: int = 0) -> None:
        self.upstream, self.share, self.away = upstream, share, False
        self.calls = self.failed = 0
        self._random, self._lock = random.Random(seed), threading.Lock()
        way = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                way.handle(self)

            do_PUT = do_POST = do_DELETE = do_HEAD = do_GET

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def fate(self) -> str:
        """What happens to the next call."""
        with self._lock:
            self.calls += 1
            fails = self._random.random() < self.share
            self.failed += fails
            return self._random.choice(["refused", "cut off", "answer lost"]) if fails else "answered"

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        fate = "cut off" if self.away else self.fate()
        if fate == "refused":
            _answer(request, 503, {}, b"<Error><Code>SlowDown</Code></Error>")
            return
        if fate != "cut off":
            status, headers, content = self._ask(request, body)
            if fate == "answered":
                _answer(request, status, headers, content)
                return
        request.connection.shutdown(socket.SHUT_RDWR)
        request.close_connection = True

    def _ask(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=60)
        headers = {name: value for name, value in request.headers.items() if name.lower() != "connection"}
        connection.request(request.command, request.path, body, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, dict(response.getheaders()), content

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def _answer(request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], content: bytes) -> None:
    request.send_response_only(status)
    length = headers.get("Content-Length", str(len(content))) if request.command == "HEAD" else str(len(content))
    dropped = ("content-length", "connection", "transfer-encoding")
    for name, value in headers.items():
        if name.lower() not in dropped:
            request.send_header(name, value)
    request.send_header("Content-Length", length)
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(content)
