"""S3, Google Cloud Storage and Azure as stores of objects, through obstore.

Credentials are what the machine has: variables of the environment, an instance's or a pod's role, and boto3's profiles
where boto3 is installed. obstore tries again what a store or the network refused; what it leaves, such as an answer
that was lost after a conditional put, is tried again here, where a put that has happened is recognised. Every object
carries its SHA-256, and what is fetched is held to it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_after_delay, wait_exponential

from codescale.errors import UserError
from codescale.files import file_sha256, replacing
from codescale.storage.address import StoreAddress
from codescale.storage.cloud_errors import as_user_error, is_definite
from codescale.storage.object_store import StoredObject

DIGEST = "sha256"
"""The name of the metadata that an object's SHA-256 is kept under."""

PATIENCE = timedelta(minutes=3)
"""How long a call tries again, with growing pauses: longer than a store is usually away."""

FIRST_PATIENCE = timedelta(seconds=10)
"""The same of the first call, behind which a wrong address is likelier than a store that is away."""

LONGEST_PAUSE = timedelta(seconds=5)

_PIECE = 8 * 2**20
"""Bytes that are fetched and hashed at a time."""

Result = TypeVar("Result")


class AlteredError(Exception):
    """What came is not what was put: cut off, or changed on its way."""


class CloudStore:
    """The objects below an address as an :class:`~codescale.storage.object_store.ObjectStore`.

    Raises :class:`UserError` where obstore is not installed.
    """

    def __init__(self, address: StoreAddress) -> None:
        if find_spec("obstore") is None:
            hint = "install it with: pip install 'codescale[storage]'"
            raise UserError(str(address), "needs the package obstore", hint)
        self.address = address
        self._generations: dict[str, str] = {}  # by version: what Google's store wants to know beside it

    @cached_property
    def _store(self) -> Any:
        return _opened(self.address, PATIENCE)

    def check(self) -> None:
        import obstore

        store = _opened(self.address, FIRST_PATIENCE)
        try:
            next(iter(obstore.list(store, chunk_size=1)), None)
        except _errors() as error:
            raise as_user_error(self.address, error) from None

    def list(self, prefix: str = "") -> list[StoredObject]:
        import obstore

        def listed() -> list[StoredObject]:
            chunks = obstore.list(self._store, prefix.rstrip("/") or None, chunk_size=1000)
            return [_stored(one) for chunk in chunks for one in chunk]

        return sorted(self._trying(listed), key=lambda one: one.name)

    def read(self, name: str) -> tuple[bytes, str] | None:
        import obstore

        def got() -> tuple[bytes, str] | None:
            try:
                found = obstore.get(self._store, name)
                content = bytes(found.bytes())
            except FileNotFoundError as error:
                _refuse_without_bucket(error)
                return None
            _verify(found, len(content), hashlib.sha256(content).hexdigest())
            return content, self._remembered(found.meta)

        return self._trying(got)

    def fetch(self, name: str, path: Path) -> str | None:
        import obstore

        def got() -> str | None:
            try:
                found = obstore.get(self._store, name)
            except FileNotFoundError as error:
                _refuse_without_bucket(error)
                return None
            with replacing(path) as temporary, temporary.open("wb") as file:
                digest, size = hashlib.sha256(), 0
                for piece in found.stream(min_chunk_size=_PIECE):
                    view = memoryview(piece)
                    digest.update(view)
                    size += len(view)
                    file.write(view)
                file.flush()
                _verify(found, size, digest.hexdigest())
            return _version(found.meta)

        return self._trying(got)

    def sha256(self, name: str) -> str | None:
        import obstore

        def asked() -> str | None:
            try:
                found = obstore.get(self._store, name, options={"head": True})
            except FileNotFoundError as error:
                _refuse_without_bucket(error)
                return None
            digest = found.attributes.get(DIGEST)
            return None if digest is None else str(digest)

        return self._trying(asked)

    def put(self, name: str, content: bytes | Path) -> str:
        version = self._put(name, content, None)
        assert version is not None
        return version

    def create(self, name: str, content: bytes | Path) -> str | None:
        version = self._put(name, content, "create")
        return self._same(name, content) if version is None else version

    def replace(self, name: str, content: bytes, version: str) -> str | None:
        put = self._put(name, content, {"e_tag": version} | self._generation(version))
        return self._same(name, content) if put is None else put

    def delete(self, name: str) -> None:
        import obstore

        def deleted() -> None:
            try:
                obstore.delete(self._store, name)
            except FileNotFoundError as error:
                _refuse_without_bucket(error)

        self._trying(deleted)

    def _put(self, name: str, content: bytes | Path, mode: Any) -> str | None:
        """Puts whole, finished bytes; None where ``mode`` forbids it."""
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        digest = _digest(content)

        def put() -> str | None:
            try:
                return self._remembered(obstore.put(self._store, name, content, attributes={DIGEST: digest}, mode=mode))
            except (AlreadyExistsError, PreconditionError):
                return None

        return self._trying(put)

    def _remembered(self, meta: Any) -> str:
        """The version in ``meta``."""
        version = str(meta["e_tag"])
        if meta.get("version"):
            self._generations[version] = str(meta["version"])
        return version

    def _generation(self, version: str) -> dict[str, str]:
        return {"version": self._generations[version]} if version in self._generations else {}

    def _same(self, name: str, content: bytes | Path) -> str | None:
        """The version of an object that holds ``content``: ours, put by a try whose answer was lost."""
        found = self.read(name)
        same = found is not None and hashlib.sha256(found[0]).hexdigest() == _digest(content)
        return found[1] if found is not None and same else None

    def _trying(self, call: Callable[[], Result]) -> Result:
        """What ``call`` returns, tried again where that may help. Raises :class:`UserError` where it does not."""
        retrying = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, _errors()) and not is_definite(error)),
            stop=stop_after_attempt(6) | stop_after_delay(PATIENCE),
            wait=wait_exponential(multiplier=0.2, max=LONGEST_PAUSE),
            reraise=True,
        )
        try:
            return retrying(call)
        except _errors() as error:
            raise as_user_error(self.address, error) from None


def _errors() -> tuple[type[BaseException], ...]:
    from obstore.exceptions import BaseError

    return BaseError, FileNotFoundError, AlteredError


def _refuse_without_bucket(error: FileNotFoundError) -> None:
    """Raises ``error`` where an object does not exist because its bucket does not."""
    if is_definite(error):
        raise error


def _opened(address: StoreAddress, patience: timedelta) -> Any:
    """obstore's store at ``address``, of which nothing is asked yet."""
    from obstore.store import from_url

    options: dict[str, Any] = {
        "retry_config": {
            "max_retries": 1000,  # the time is what ends it
            "retry_timeout": patience,
            "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": LONGEST_PAUSE, "base": 2},
        },
        "client_options": {"connect_timeout": timedelta(seconds=5), "timeout": timedelta(minutes=5)},
    }
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "") or os.environ.get("AWS_ENDPOINT", "")
    if address.scheme == "s3" and endpoint.startswith("http://"):
        options["client_options"]["allow_http"] = True  # the endpoint that the environment names says so
    if address.scheme == "s3" and (provider := _boto3_credentials()) is not None:
        options["credential_provider"] = provider
    try:
        return from_url(str(address), **options)
    except _errors() as error:
        raise as_user_error(address, error) from None


def _boto3_credentials() -> Any:
    """boto3's credentials (profiles, single sign-on), where it is installed and the environment itself has none."""
    named = ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if any(name in os.environ for name in named) or find_spec("boto3") is None:
        return None
    from boto3 import Session
    from obstore.auth.boto3 import Boto3CredentialProvider

    session = Session()
    return None if session.available_profiles == [] else Boto3CredentialProvider(session)


def _digest(content: bytes | Path) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    return file_sha256(content)


def _verify(found: Any, size: int, digest: str) -> None:
    """Raises :class:`AlteredError` where length or hash are not those of the object."""
    put = found.attributes.get(DIGEST)
    if size != found.meta["size"] or (put is not None and put != digest):
        raise AlteredError(f"{found.meta['path']} did not come as it was put")


def _version(meta: Any) -> str:
    return str(meta["e_tag"])


def _stored(meta: Any) -> StoredObject:
    return StoredObject(str(meta["path"]), int(meta["size"]), _version(meta))
