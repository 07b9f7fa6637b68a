"""A study in a store and its copies on machines: nothing is lost, the store's word counts, first results stay."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codescale.errors import UserError
from codescale.files import file_sha256, write_text
from codescale.progress import Silent
from codescale.storage import working_copy as module
from codescale.storage.address import StoreAddress, parse_address
from codescale.storage.agreement import FILE
from codescale.storage.synced_names import CHECKPOINTS, LEASE, MANIFEST, is_synced
from codescale.storage.working_copy import WorkingCopy
from codescale.study.folder import StudyFolder


@pytest.fixture(params=["folder", "s3"])
def address(request: pytest.FixtureRequest, tmp_path: Path, cache: Path) -> StoreAddress:
    """Of an empty study in each kind of store."""
    if request.param == "folder":
        return parse_address(f"file://{tmp_path}/store/study")
    return parse_address(request.getfixturevalue("s3")())


Machine = Callable[[str], WorkingCopy]


@pytest.fixture
def machine(address: StoreAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Opens the study on a machine of that name, each with a disk of its own."""

    def opened(name: str) -> WorkingCopy:
        monkeypatch.setenv("CODESCALE_CACHE", str(tmp_path / name))
        return WorkingCopy(address)

    return opened


def files_of(copy: WorkingCopy) -> dict[str, str]:
    return {name: (copy.root / name).read_text() for name in copy._files()}


def stored(copy: WorkingCopy) -> dict[str, str]:
    found = {one.name: copy.store.read(one.name) for one in copy.store.list()}
    return {name: one[0].decode() for name, one in found.items() if one is not None}


def test_what_one_machine_finishes_another_has(machine: Machine) -> None:
    here, there = machine("a"), machine("b")
    here.open(Silent())
    content = {"study.yaml": "1", "runs/a.json": "2", "models/m/run.json": "3"}
    for name, text in content.items():
        write_text(here.root / name, text)
    assert here.push() == 3
    assert here.push() == 0
    there.open(Silent())
    assert files_of(there) == content
    assert there.push() == 0
    write_text(there.root / "study.yaml", "changed")
    assert there.push() == 1
    assert here.pull() == 1
    assert files_of(here)["study.yaml"] == "changed"


def test_where_nothing_is_new_nothing_is_written(machine: Machine) -> None:
    here = machine("a")
    here.open(Silent())
    for name in ("study.yaml", "runs/a.json", "models/m/run.json"):
        write_text(here.root / name, "1")
    assert here.push() == 3
    before = (here.root / FILE).stat()
    assert here.push() == 0
    after = (here.root / FILE).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    (here.root / "models/m/run.json").unlink()
    assert here.push() == 0
    assert "models/m/run.json" not in (here.root / FILE).read_text()
    write_text(here.root / "runs/b.json", "2")
    (here.root / "runs/c.json").symlink_to("b.json")
    (here.root / "linked").symlink_to(here.root / "runs")
    assert here.push() == 2
    assert set(files_of(here)) == {"study.yaml", "runs/a.json", "runs/b.json", "runs/c.json"}


def test_what_is_derived_or_half_written_stays_here(machine: Machine) -> None:
    here = machine("a")
    for name in (
        ".ray/x", "tensorboard/a/events", "optuna.journal", "downloads/a.tgz", "runs/.a.json.tmp", "corpus/documents/a",
        "corpus/parts/cleaned/000000.texts", "corpus/parts/tokens/java.test.000000-0.arrow",
        f"{CHECKPOINTS}a.safetensors", LEASE, "wandb/a", "mlflow.db",
    ):  # fmt: skip
        write_text(here.root / name, "1")
    write_text(here.root / "law.json", "1")
    here.push()
    assert stored(here) == {"law.json": "1"}


def test_a_manifest_is_there_when_all_others_are(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    here, order = machine("a"), []
    for name in ("corpus/manifest.json", "corpus/zz.arrow", "corpus/tokenizer.json", "models/m/run.json", "models/m/x"):
        write_text(here.root / name, name)
    put = here.store.put

    def watched(name: str, content: bytes | Path) -> str:
        version = put(name, content)
        order.append(name)
        return version

    monkeypatch.setattr(here.store, "put", watched)
    here.push()
    assert set(order[-2:]) == {"corpus/manifest.json", "models/m/run.json"}


def test_the_first_results_of_a_run_are_its_results(machine: Machine) -> None:
    here, there = machine("a"), machine("b")
    for copy, text in ((here, "first"), (there, "second, longer")):
        copy.open(Silent())
        write_text(copy.root / "runs" / "a.json", text)
    here.upload(here.root / "runs" / "a.json")
    there.push()
    assert stored(here)["runs/a.json"] == "first"
    assert files_of(there)["runs/a.json"] == "first"
    assert there.push() == 0


def test_a_result_is_fetched_by_its_name(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where many machines are lost at once nobody lists all runs for each of them."""
    here, there = machine("a"), machine("b")
    here.open(Silent())
    there.open(Silent())
    for name in ("a", "b"):
        write_text(here.root / "runs" / f"{name}.json", name)
    here.push()
    monkeypatch.setattr(there.store, "list", lambda prefix="": pytest.fail("lists all"))
    folder = StudyFolder(there.root, there)
    for name in ("a", "c"):
        folder.fetch_result(folder.runs / f"{name}.json")
    assert {path.name: path.read_text() for path in folder.runs.iterdir()} == {"a.json": "a"}
    write_text(folder.runs / "b.json", "its own")
    folder.fetch_result(folder.runs / "b.json")
    assert (folder.runs / "b.json").read_text() == "its own"


def test_a_cache_may_be_deleted(machine: Machine) -> None:
    """The whole of it, a part of it, or what it remembers; nothing is deleted from the store for that."""
    here = machine("a")
    names = ["law.json", "runs/a.json", "corpus/manifest.json", "corpus/a.arrow"]
    for name in names:
        write_text(here.root / name, name)
    here.push()
    for deleted in (here.root / "runs", here.root / "corpus", here.root, here.root / FILE):
        if deleted.is_dir():
            shutil.rmtree(deleted)
        else:
            deleted.unlink()
        here.open(Silent())
        here.push()
        assert sorted(stored(here)) == sorted(names), deleted
        assert (here.root / "runs" / "a.json").read_text() == "runs/a.json"


def test_what_is_lost_here_while_a_command_runs_stays_in_the_store(machine: Machine) -> None:
    here, names = machine("a"), ["law.json", "runs/a.json", "corpus/a.arrow"]
    for name in names:
        write_text(here.root / name, name)
    here.push()
    with here.working(Silent()):
        for name in names:
            (here.root / name).unlink()
    assert sorted(stored(here)) == sorted(names)
    here.pull()
    assert files_of(here)["runs/a.json"] == "runs/a.json"


def test_a_manifest_that_is_taken_back_goes_from_the_store_and_from_other_copies(machine: Machine) -> None:
    here, there = machine("a"), machine("b")
    for name in ("corpus/manifest.json", "law.json"):
        write_text(here.root / name, name)
    here.push()
    there.pull()
    (here.root / "corpus" / "manifest.json").unlink()
    here.push()
    assert sorted(stored(here)) == ["law.json"]
    there.pull()
    assert sorted(files_of(there)) == ["law.json"]


def test_what_a_killed_command_left_here_goes_to_the_store(machine: Machine) -> None:
    here = machine("a")
    write_text(here.root / "law.json", "1")
    here.push()
    write_text(here.root / "law.json", "2")
    write_text(here.root / "runs" / "a.json", "3")
    again = machine("a")
    again.open(Silent())
    again.push()
    assert stored(again) == {"law.json": "2", "runs/a.json": "3"}


def test_of_two_changes_the_stores_counts(machine: Machine) -> None:
    here, there = machine("a"), machine("b")
    write_text(here.root / "law.json", "1")
    here.push()
    there.pull()
    write_text(there.root / "law.json", "2")
    there.push()
    write_text(here.root / "law.json", "unfinished")
    here.pull()
    assert files_of(here) == {"law.json": "2"}


def test_no_command_of_the_machine_fetches_over_the_files_of_one_at_work(machine: Machine) -> None:
    here, there = machine("a"), machine("b")
    write_text(here.root / "search.json", "1 trial")
    here.push()
    there.open(Silent())
    beside = machine("a")
    with here.working(Silent()):
        write_text(there.root / "search.json", "another's")
        there.push()
        write_text(here.root / "search.json", "2 trials")
        beside.open(Silent())
        assert (here.root / "search.json").read_text() == "2 trials"


def test_marks_of_folders_are_no_files(machine: Machine, address: StoreAddress) -> None:
    """Consoles leave them, and pyarrow where Ray Train keeps its checkpoints."""
    if address.scheme != "s3":
        pytest.skip("a folder needs no marks")
    import boto3

    here = machine("a")
    here.store.put("code/__init__.py", b"")
    for name in ("", "runs/", "checkpoints/", "code/"):
        boto3.client("s3").put_object(Bucket=address.bucket, Key=f"{address.path}/{name}", Body=b"")
    here.open(Silent())
    assert files_of(here) == {"code/__init__.py": ""}


@pytest.mark.parametrize("name", ["../outside", "/outside", "runs/../../outside", ".hidden/a"])
def test_no_name_leads_out_of_the_study(name: str) -> None:
    assert not is_synced(name)


def test_content_is_fetched_once_a_machine_and_verified(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there, fetched = machine("a"), machine("b"), []
    shard = here.root / "corpus" / "a.arrow"
    write_text(shard, "tokens")
    digest = file_sha256(shard)
    here.push()
    monkeypatch.setattr(there.store, "fetch", _counted(there.store.fetch, fetched))
    wanted = there.root / "corpus" / "a.arrow"
    for _ in range(2):
        there.fetch_content(wanted, digest)
        wanted.unlink()
    there.fetch_content(wanted, digest)
    assert fetched == ["corpus/a.arrow"]
    wanted.write_text("broken")  # the cache's too: they are one file
    there.fetch_content(wanted.with_name("b.arrow"), digest)
    assert wanted.with_name("b.arrow").exists() is False, "the store has no such name"
    wanted.unlink()
    there.fetch_content(wanted, digest)
    assert wanted.read_text() == "tokens"


def test_shards_that_were_fetched_are_not_put_again_and_those_built_anew_are(machine: Machine) -> None:
    here, there, builder = (machine(name) for name in ("a", "b", "c"))
    write_text(here.root / "corpus" / "a.arrow", "tokens")
    digest = file_sha256(here.root / "corpus" / "a.arrow")
    here.push()
    there.pull()
    there.fetch_content(there.root / "corpus" / "a.arrow", digest)
    assert there.push() == 0
    shard = builder.root / "corpus" / "a.arrow"
    write_text(shard, "other tokens")
    builder.pull()
    builder.fetch_content(shard, file_sha256(shard))
    assert builder.push() == 1
    assert stored(there)["corpus/a.arrow"] == "other tokens"


def test_content_of_another_hash_is_not_there(machine: Machine) -> None:
    here, there = machine("a"), machine("b")
    write_text(here.root / "corpus" / "a.arrow", "other tokens")
    here.push()
    there.fetch_content(there.root / "corpus" / "a.arrow", "0" * 64)
    assert not (there.root / "corpus" / "a.arrow").exists()


def test_it_travels_as_its_address_and_opens_where_it_arrives(machine: Machine) -> None:
    sent = pickle.dumps(machine("a"))
    assert b"/a/" not in sent
    there = machine("b")
    assert pickle.loads(sent).root == there.root


def test_a_lost_lease_ends_the_stage_and_puts_nothing(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    here = machine("a")
    here.open(Silent())

    def work() -> None:
        with here.working(Silent()):
            write_text(here.root / "law.json", "1")
            assert here._lease is not None
            here.store.put(LEASE, b"{}")
            here._lease.renew()

    with pytest.raises(UserError, match="has taken over"):
        work()
    assert sorted(stored(here)) == [LEASE]


def test_a_stage_that_fails_has_put_what_it_finished(machine: Machine) -> None:
    here = machine("a")
    here.open(Silent())

    def fail() -> None:
        with here.working(Silent()), here.working(Silent()):
            write_text(here.root / "runs" / "a.json", "1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert stored(here) == {"runs/a.json": "1"}


names = st.sampled_from(["study.yaml", "law.json", "runs/a.json", "corpus/manifest.json"])
steps = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["write", "remove", "forget"]), names), max_size=9
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=steps)
def test_two_machines_by_turns_have_one_study(
    done: list[tuple[str, str, str]], tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn pulls, changes, and pushes, as a stage does; a cache may be lost between any two."""
    monkeypatch.setattr(module, "AT_ONCE", 2)
    place = tmp_path / str(hash(tuple(done)))
    model: dict[str, str] = {}
    for number, (name, step, file) in enumerate(done):
        monkeypatch.setenv("CODESCALE_CACHE", str(place / name))
        copy = WorkingCopy(parse_address(f"file://{place}/store"))
        if step == "forget":
            shutil.rmtree(copy.root, ignore_errors=True)
        copy.pull()
        assert files_of(copy) == model
        if step == "write" and not (file in model and file.startswith("runs/")):
            model[file] = f"{number} by {name}"
            write_text(copy.root / file, model[file])
        elif step == "remove" and file in model:
            (copy.root / file).unlink()
            if file == MANIFEST:
                del model[file]
        copy.push()
        assert stored(copy) == model


def _counted(call: Callable[[str, Path], str | None], seen: list[str]) -> Callable[[str, Path], str | None]:
    def counted(name: str, path: Path) -> str | None:
        seen.append(name)
        return call(name, path)

    return counted
