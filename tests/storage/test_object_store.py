"""Every kind of store does the same: objects are whole, conditional puts hold, whatever the order."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codescale.storage.object_store import ObjectStore

NAMES = ["a", "runs/a.json", "runs/b.json", "runs-of-others/a"]
CONTENTS = [b"", b"1", b"two", bytes(range(256)) * 9]
steps = st.lists(
    st.tuples(
        st.sampled_from(["put", "create", "replace", "replace stale", "delete"]),
        st.sampled_from(NAMES),
        st.sampled_from(CONTENTS),
    ),
    max_size=12,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_a_store_is_a_dictionary_whose_puts_may_be_conditional(
    store: ObjectStore, done: list[tuple[str, str, bytes]]
) -> None:
    model: dict[str, bytes] = {}
    for name in NAMES:
        store.delete(name)
    for step, name, content in done:
        found = store.read(name)
        assert (None if found is None else found[0]) == model.get(name)
        if step == "put":
            store.put(name, content)
        elif step == "create" and name in model:
            assert (store.create(name, content) is None) == (model[name] != content)
            continue
        elif step == "create":
            assert store.create(name, content) is not None
        elif step == "replace" and found is not None:
            assert store.replace(name, content, found[1]) is not None
        elif step == "replace stale" and found is not None:
            newer = model[name] + b"newer"
            store.put(name, newer)
            model[name] = newer
            assert store.replace(name, content, found[1]) is None
            continue
        elif step == "delete":
            store.delete(name)
            model.pop(name, None)
            continue
        else:
            continue
        model[name] = content
    assert {one.name: one.size for one in store.list()} == {name: len(content) for name, content in model.items()}
    assert [one.name for one in store.list("runs/")] == sorted(name for name in model if name.startswith("runs/"))


def test_a_list_names_the_version_that_a_put_returned(store: ObjectStore, tmp_path: Path) -> None:
    put = store.put("a", b"1")
    assert [one.version for one in store.list()] == [put] == [store.fetch("a", tmp_path / "a")]
    assert store.put("a", b"2") != put


def test_a_file_comes_back_as_it_went(store: ObjectStore, tmp_path: Path) -> None:
    """Twelve million bytes, which go to S3 in parts."""
    content = os.urandom(12_000_000)
    (tmp_path / "large").write_bytes(content)
    store.put("corpus/large.arrow", tmp_path / "large")
    assert store.fetch("corpus/large.arrow", tmp_path / "new" / "copy") is not None
    assert (tmp_path / "new" / "copy").read_bytes() == content
    assert store.sha256("corpus/large.arrow") is not None
    assert [one.name for one in (tmp_path / "new").iterdir()] == ["copy"]


def test_what_is_not_there_is_none(store: ObjectStore, tmp_path: Path) -> None:
    store.check()
    assert store.list() == []
    assert store.read("a") is None
    assert store.sha256("a") is None
    assert store.fetch("a", tmp_path / "a") is None
    assert not (tmp_path / "a").exists()


def test_of_many_that_create_one_does(store: ObjectStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda k: store.create("lease", b"%d" % k), range(24)))
    assert sum(one is not None for one in made) == 1
    found = store.read("lease")
    assert found is not None
    assert found[0] == b"%d" % next(k for k, one in enumerate(made) if one is not None)


def test_of_many_that_replace_one_version_one_does(store: ObjectStore) -> None:
    version = store.put("lease", b"dead")
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda k: store.replace("lease", b"%d" % k, version), range(24)))
    assert sum(one is not None for one in made) == 1


@pytest.mark.parametrize("altered", [b"truncat", b"altered!"])
def test_what_did_not_come_as_it_was_put_is_no_file(
    s3: object, tmp_path: Path, altered: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    import obstore

    from codescale.errors import UserError
    from codescale.storage import cloud_store
    from codescale.storage.address import parse_address

    monkeypatch.setattr(cloud_store, "PATIENCE", timedelta(seconds=0.2))
    store = cloud_store.CloudStore(parse_address(s3()))  # type: ignore[operator]
    digest = "0" * 64
    obstore.put(store._store, "a", altered, attributes={cloud_store.DIGEST: digest})
    with pytest.raises(UserError, match="did not come as it was put"):
        store.fetch("a", tmp_path / "a")
    with pytest.raises(UserError, match="did not come as it was put"):
        store.read("a")
    assert list(tmp_path.iterdir()) == []
