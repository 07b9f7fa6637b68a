"""What the corpus tests generate: repositories of made-up code, archives, and a package index on loopback."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from codescale.corpus.catalogue import Package
from codescale.corpus.index_settings import IndexSettings

ENDINGS = {"python": ".py", "java": ".java", "rust": ".rs"}
_WORDS = [f"{a}_{b}" for a in ("load", "store", "sum", "map", "walk", "parse") for b in ("row", "node", "key", "file")]
_LINES = {
    "python": "    {a} = {b}({c}, {n})\n",
    "java": "        int {a} = {b}({c}, {n});\n",
    "rust": "    let {a} = {b}(&{c}, {n});\n",
}


def code(language: str, seed: int, lines: int = 40) -> str:
    """A made-up source file; another seed gives another file."""
    generator = np.random.default_rng([seed, len(language)])
    rows = []
    for _ in range(lines):
        a, b, c = generator.choice(_WORDS, 3)
        rows.append(_LINES[language].format(a=a, b=b, c=c, n=generator.integers(10_000)))
    return f"begin_{seed}\n" + "".join(rows)


def write_repositories(folder: Path, language: str, repositories: int, files: int, start: int = 0) -> None:
    """Repositories with files in two folders each."""
    for repository in range(repositories):
        for number in range(files):
            path = folder / f"repo{repository}" / f"part{number % 2}" / f"file{number}{ENDINGS[language]}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(code(language, start + 1000 * repository + number), encoding="utf-8")


def make_sdist(folder: Path, name: str, files: Mapping[str, str], version: str = "1.0") -> Path:
    """A source distribution of ``files``."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for inner, text in files.items():
            member = tarfile.TarInfo(f"{name}-{version}/{inner}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def pinned(path: Path, languages: tuple[str, ...] = ("python",)) -> Package:
    """The catalogue's entry for an sdist."""
    name, version = path.name.removesuffix(".tar.gz").rsplit("-", 1)
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return Package(name=name, version=version, sha256=digest, size=len(content), licence="MIT", languages=languages)


class Index:
    """A simple package index on loopback, counting requests; ``failures`` answers come with status 503 first."""

    def __init__(self, folder: Path, stated: str | None = "") -> None:
        self.folder, self.stated = folder, stated
        self.failures = 0
        self.served: list[str] = []
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/simple/"

    def _page(self, name: str) -> bytes:
        links = []
        for path in sorted(self.folder.glob(f"{name}-*.tar.gz")):
            stated = hashlib.sha256(path.read_bytes()).hexdigest() if self.stated == "" else self.stated
            fragment = f"#sha256={stated}" if stated else ""
            links.append(f'<a href="/files/{path.name}{fragment}">{path.name}</a>')
        return "".join(links).encode()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Serves /simple/NAME/ and /files/NAME."""
        self.served.append(request.path)
        parts = request.path.strip("/").split("/")
        file = self.folder / parts[-1]
        status, kind, content = 404, "text/html", b""
        if parts[0] == "simple":
            status, content = 200, self._page(parts[-1])
        elif self.failures:
            self.failures -= 1
            status = 503
        elif file.is_file():
            status, kind, content = 200, "application/octet-stream", file.read_bytes()
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def settings(self) -> IndexSettings:
        """pip's settings for this index alone."""
        return IndexSettings(index_urls=(self.url,), find_links=(), timeout=5)


@contextmanager
def running(index: Index) -> Iterator[Index]:
    """Serves ``index`` in a thread."""
    thread = threading.Thread(target=index.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield index
    finally:
        index.server.shutdown()
        index.server.server_close()
        thread.join()
