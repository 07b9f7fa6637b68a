"""Tables of a dataset on the hub, which is a server on loopback here with the layout that StarCoderData has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from codescale.corpus.left_out import LeftOut
from codescale.corpus.sources.tables.places import table_place
from codescale.errors import UserError
from tests.corpus.corpus_material import code

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "a token of the tests"


class Hub:
    """``files`` of the gated dataset team/code, for whoever has the token; ``asked``: for which paths."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.asked: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_HEAD(self) -> None:
                hub.answer(self, body=False)

            def do_GET(self) -> None:
                hub.answer(self, body=True)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, request: BaseHTTPRequestHandler, body: bool) -> None:
        self.asked.append(request.path)
        status, content, headers = 404, b"", {"X-Error-Code": "RepoNotFound"}
        resolved = f"/datasets/team/code/resolve/{COMMIT}/"
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            status, headers = 401, {"X-Error-Code": "GatedRepo"}
        elif request.path.startswith("/api/datasets/team/code"):
            siblings = [{"rfilename": name} for name in self.files]
            content = json.dumps({"id": "team/code", "sha": COMMIT, "siblings": siblings}).encode()
            status, headers = 200, {"Content-Type": "application/json"}
        elif (name := request.path.removeprefix(resolved)) in self.files:
            status, content = 200, self.files[name]
            headers = {"ETag": f'"{name.replace("/", "-")}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        request.send_response(status)
        for key, value in (headers | {"Content-Length": str(len(content))}).items():
            request.send_header(key, value)
        request.end_headers()
        if body:
            request.wfile.write(content)


def parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue().to_pybytes()


@pytest.fixture
def hub() -> Iterator[Hub]:
    def rows(language: str, numbers: range) -> bytes:
        return parquet([
            {"max_stars_repo_name": f"o/r{n % 3}", "max_stars_repo_path": f"src/{n}.x", "content": code(language, n)}
            for n in numbers
        ])  # fmt: skip

    made = Hub({
        ".gitattributes": b"", "README.md": b"# code", "java/train-00000.parquet": rows("java", range(3)),
        "python/train-00000.parquet": rows("python", range(4)),
        "python/train-00001.parquet": rows("python", range(4, 6)),
        "python/broken/x.parquet": b"PAR1",
    })  # fmt: skip
    yield made
    made.server.shutdown()
    made.server.server_close()


_READ = """
import json, sys
from pathlib import Path
from codescale.corpus.record import Reading, endings
from codescale.corpus.sources.table import TableReader
from codescale.errors import UserError
from codescale.progress import Silent
from codescale.study.corpus import TableSource
from codescale.study.languages import load_registry
registry, base = load_registry(), Path(sys.argv[2])
section = TableSource(kind="table", path=sys.argv[1], text_column="content", language="python",
                      repository_column="max_stars_repo_name", path_column="max_stars_repo_path")
reader = TableReader(section, Reading(endings(registry, ("python",)), registry, base, base / "downloads"))
try:
    found = [[r.repository, r.path, r.content.decode()] for r in reader.records(Silent())]
except UserError as error:
    sys.exit(str(error))
print(json.dumps([found, reader.left_out.others()]))
"""


def read(hub: Hub, address: str, folder: Path, token: str | None = TOKEN) -> subprocess.CompletedProcess[str]:
    """In a process of its own: huggingface_hub reads where the hub is as it is imported."""
    settings = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(folder / "hf"), "HF_HUB_DISABLE_XET": "1"}
    settings |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    settings |= {"HF_TOKEN": token} if token else {}
    command = [sys.executable, "-c", _READ, address, str(folder)]
    environment = {name: value for name, value in os.environ.items() if name != "HF_TOKEN"} | settings
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_folder_of_a_dataset_is_read_table_by_table_with_the_users_token(hub: Hub, tmp_path: Path) -> None:
    del hub.files["python/broken/x.parquet"]
    done = read(hub, "hf://datasets/team/code/python", tmp_path)
    assert done.returncode == 0, done.stderr
    found, left_out = json.loads(done.stdout)
    assert found == [[f"o/r{n % 3}", f"src/{n}.x", code("python", n)] for n in range(6)]
    assert left_out == {}
    assert not any("java" in path for path in hub.asked)
    assert not list((tmp_path / "downloads").iterdir())
    found, left_out = json.loads(read(hub, "hf://datasets/team/code@v2", tmp_path).stdout)
    assert len(found) == 9
    assert left_out == {"hidden": {".gitattributes": 1}, "other_ending": {".md": 1}}
    assert any("/revision/v2" in path for path in hub.asked)
    assert len(json.loads(read(hub, "hf://datasets/team/code/java/train-00000.parquet", tmp_path).stdout)[0]) == 3


def test_what_the_hub_does_not_give_is_one_line(hub: Hub, tmp_path: Path) -> None:
    for address, token, said in (
        ("hf://datasets/team/code/python", None, "hf://datasets/team/code/python: cannot be read"),
        ("hf://datasets/team/none", TOKEN, "hf://datasets/team/none: cannot be read"),
        ("hf://datasets/team/code/rust", TOKEN, "hf://datasets/team/code/rust: holds no table"),
        (
            "hf://datasets/team/code/python",
            TOKEN,
            "code/python, python/broken/x.parquet: is not a readable",
        ),
    ):
        refused = read(hub, address, tmp_path, token)
        assert refused.returncode == 1
        assert said in refused.stderr
        assert len(refused.stderr.splitlines()) == 1, refused.stderr
        assert TOKEN not in refused.stderr


@pytest.mark.parametrize("address", ["hf://team/code", "hf://datasets/code", "hf://datasets/a/b@", "hf://models/a/b"])
def test_what_names_no_dataset_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no address of a dataset on the hub"):
        list(table_place(address, tmp_path, tmp_path).files(LeftOut()))
