"""What a store refuses is one line with exit code 2, and no secret in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.s3_server import BUCKET, MISSING, environment, needs_s3, s3_server

pytestmark = needs_s3


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """The port of a server with a bucket."""
    if MISSING is not None:
        pytest.skip(f"needs {MISSING}")
    with s3_server() as port:
        yield port


@pytest.fixture
def guarded(server: int) -> Iterator[dict[str, str]]:
    """The credentials of somebody who may list and read only; the server asks for credentials while a test runs."""
    import boto3

    settings = environment(server)
    iam = boto3.client(
        "iam", endpoint_url=settings["AWS_ENDPOINT_URL"], aws_access_key_id="test", aws_secret_access_key="test",
        region_name="us-east-1",
    )  # fmt: skip
    iam.create_user(UserName="reader")
    allowed = {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    _ask_for_credentials(server, "0")
    yield {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    _ask_for_credentials(server, "inf")
    iam.delete_access_key(UserName="reader", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="reader", PolicyName="read")
    iam.delete_user(UserName="reader")


def _ask_for_credentials(server: int, after: str) -> None:
    url = f"http://127.0.0.1:{server}/moto-api/reset-auth"
    request = urllib.request.Request(url, after.encode(), {"Content-Type": "text/plain"}, method="POST")
    urllib.request.urlopen(request).close()


def run(tmp_path: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "codescale.cli", *arguments],
        env=os.environ | {"CODESCALE_CACHE": str(tmp_path / "cache")} | settings,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stdout + done.stderr
    line = done.stderr.strip()
    assert "\n" not in line
    assert "Traceback" not in line
    assert "secret" not in line
    return line


def test_a_study_is_made_in_a_store_and_nothing_is_made_twice(server: int, tmp_path: Path) -> None:
    address, settings = f"s3://{BUCKET}/made", environment(server)
    assert run(tmp_path, "init", address, "--preset", "quick", **settings).returncode == 0
    assert "runs" in run(tmp_path, "sweep", address, "--plan", **settings).stdout
    elsewhere = run(tmp_path / "elsewhere", "init", address, **settings)
    assert "exists already" in one_line(elsewhere)


def test_a_study_that_is_not_there(server: int, tmp_path: Path) -> None:
    line = one_line(run(tmp_path, "report", f"s3://{BUCKET}/nothing", **environment(server)))
    assert f"codescale init s3://{BUCKET}/nothing" in line


def test_a_bucket_that_is_not_there(server: int, tmp_path: Path) -> None:
    line = one_line(run(tmp_path, "sweep", "s3://no-such-bucket/study", **environment(server)))
    assert "there is no bucket no-such-bucket" in line


def test_credentials_in_the_address(tmp_path: Path) -> None:
    assert "given with credentials" in one_line(run(tmp_path, "sweep", "s3://me:secret@bucket/study"))


def test_wrong_credentials(server: int, guarded: dict[str, str], tmp_path: Path) -> None:
    settings = environment(server) | {"AWS_ACCESS_KEY_ID": "AKIAWRONG"}
    assert "the credentials are refused" in one_line(run(tmp_path, "sweep", f"s3://{BUCKET}/study", **settings))


def test_no_permission_to_write_is_told_before_any_work(server: int, guarded: dict[str, str], tmp_path: Path) -> None:
    settings = environment(server) | guarded
    line = one_line(run(tmp_path, "init", f"s3://{BUCKET}/study", **settings))
    assert "no permission" in line


def test_a_store_that_nobody_answers_for(tmp_path: Path) -> None:
    settings = environment(9)
    line = one_line(run(tmp_path, "sweep", f"s3://{BUCKET}/study", **settings))
    assert "cannot be reached" in line
