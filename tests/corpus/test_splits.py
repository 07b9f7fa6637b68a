"""Caps and splits: even, complete, without a leak, the same every time."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.corpus.capping import even_shares, take_evenly
from codescale.corpus.document import Document
from codescale.corpus.splits import MIN_PACKAGES, assign, plan_splits

SHARES = {"test": 0.08, "validation": 0.08}


def document(repository: str, path: str, size: int) -> Document:
    return Document(repository, path, "MIT", "x" * size)


documents = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 3), st.integers(0, 3), st.integers(1, 400)), min_size=3, max_size=60
).map(lambda rows: [document(f"r{r}", f"f{a}/g{b}/d{n}.py", size) for n, (r, a, b, size) in enumerate(rows)])


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(0, 1000), min_size=1), st.integers(0, 5000))
def test_shares_are_even(sizes: dict[str, int], limit: int) -> None:
    shares = even_shares(sizes, limit)
    assert sum(shares.values()) <= limit
    assert all(0 <= shares[name] <= sizes[name] for name in sizes)
    if sum(sizes.values()) <= limit:
        assert shares == sizes
    else:
        assert sum(shares.values()) == limit
        cut = [shares[name] for name in sizes if shares[name] < sizes[name]]
        assert max(cut) - min(cut) <= 1
        assert all(shares[name] <= max(cut) for name in sizes)


@given(documents, st.integers(1, 20_000))
def test_the_cap_holds_and_does_not_depend_on_order(found: list[Document], limit: int) -> None:
    taken = take_evenly(found, limit)
    assert sum(d.size for d in taken) <= limit
    assert taken == take_evenly(found[::-1], limit)
    if sum(d.size for d in found) <= limit:
        assert len(taken) == len(found)


@settings(deadline=None)
@given(documents)
def test_a_unit_lies_in_one_split_and_none_is_empty(found: list[Document]) -> None:
    plan = plan_splits(found, SHARES)
    assert set(plan.split) == {"training", "validation", "test"}
    splits_of = defaultdict(set)
    for one, split in zip(found, plan.split, strict=True):
        inside = [u for u in plan.units[split] if f"{one.repository}/{one.path}/".startswith(u + "/")]
        assert len(inside) == 1
        splits_of[inside[0]].add(split)
    assert all(len(splits) == 1 for splits in splits_of.values())
    assert plan == plan_splits(found, SHARES)


def test_by_package_from_five_on() -> None:
    found = [document(f"r{k}", f"a/{n}.py", 1000) for k in range(10) for n in range(5)]
    plan = plan_splits(found, SHARES)
    assert plan.split_by == "package"
    assert (len(plan.units["training"]), len(plan.units["validation"]), len(plan.units["test"])) == (8, 1, 1)
    five = [one for one in found if int(one.repository[1]) < MIN_PACKAGES]
    plan = plan_splits(five, SHARES)
    assert plan.split_by == "package"
    assert (len(plan.units["training"]), len(plan.units["validation"]), len(plan.units["test"])) == (3, 1, 1)
    few = [one for one in found if int(one.repository[1]) < MIN_PACKAGES - 1]
    plan = plan_splits(few, SHARES)
    assert plan.split_by == "folder"


def test_uneven_packages_are_split_by_folder() -> None:
    found = [document("big", f"f{n % 20}/{n}.py", 1000) for n in range(200)]
    found += [document(f"tiny{k}", "a.py", 10) for k in range(6)]
    plan = plan_splits(found, SHARES)
    assert plan.split_by == "folder"
    size = sum(one.size for one, split in zip(found, plan.split, strict=True) if split == "test")
    assert 0.04 <= size / sum(one.size for one in found) <= 0.16


def test_a_chain_of_folders_is_opened_until_it_branches() -> None:
    found = [document("one", f"src/main/java/p{n % 15}/{n}.java", 1000) for n in range(150)]
    plan = plan_splits(found, SHARES)
    assert plan.units["test"]
    assert all(unit.startswith("one/src/main/java/p") and unit.count("/") == 4 for unit in plan.units["test"])


def test_training_keeps_most() -> None:
    sizes = {f"u{k}": 100 + k for k in range(40)}
    assigned = assign(sizes, SHARES)
    training = sum(size for unit, size in sizes.items() if assigned[unit] == "training")
    assert 0.8 <= training / sum(sizes.values()) <= 0.88
