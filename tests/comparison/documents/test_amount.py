"""How much of the test split is read: all where that is cheap, what the study asks, and one amount in a comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codescale.comparison.documents.amount import CHEAP, tokens_by_run, tokens_read, tokens_tested, tokens_to_test
from codescale.comparison.power.changes import EvaluatedText
from codescale.errors import UserError
from codescale.files import write_json
from codescale.runs.records import RunSpec
from codescale.study.config import StudyConfig, parse_study
from codescale.training.flops import training_flops
from tests.memory_corpus import MemoryCorpus
from tests.tiny_study import tiny_study

CORPUS = MemoryCorpus(tokens=20_000)
USUAL = 4 * 256


def study(tokens: int = 640, **comparison: Any) -> StudyConfig:
    content = tiny_study().model_dump()
    content["comparison"] |= {"tokens": tokens} | comparison
    return parse_study(content, "study.yaml")


def runs(config: StudyConfig, *names: str) -> dict[Any, list[RunSpec]]:
    shared: dict[str, Any] = {"stage": "comparison", "size": "tiny", "n_params": 1, "token_points": (640,)}
    return {config.comparison: [RunSpec(run_id=name, proportions={"python": 1.0}, seed=0, **shared) for name in names]}


def judged(folder: Path, run_id: str, tokens: int | None) -> None:
    content = {"run_id": run_id, "losses": {}} | ({} if tokens is None else {"tokens": tokens})
    write_json(folder / f"{run_id}.json", content)


def test_all_is_read_where_it_costs_a_twentieth_of_the_training_flops_or_less() -> None:
    edge = round(3 * 20_000 / 3 / CHEAP)  # three languages, a third of a trained token each
    for tokens, expected in ((edge, 20_000), (edge - 100, USUAL)):
        config = study(tokens)
        shape, context = config.sizes["tiny"], config.training.context
        trained = training_flops(shape, CORPUS.vocabulary, context, tokens)
        evaluated = training_flops(shape, CORPUS.vocabulary, context, 3 * 20_000) / 3
        assert (evaluated <= CHEAP * trained) == (expected == 20_000)
        assert tokens_read(config, config.comparison, CORPUS) == expected


def test_what_the_study_asks_is_read_and_no_more_than_there_is() -> None:
    for asked, expected in (("all", 20_000), (5_000, 5_000), (10**9, 20_000)):
        config = study(test_tokens=asked)
        assert tokens_read(config, config.comparison, CORPUS) == expected
    available = {name: CORPUS.count_tokens(name, "test") for name in study().languages}
    assert EvaluatedText.reading(30_000, available).read == dict.fromkeys(("python", "java", "rust"), 20_000)


@pytest.mark.parametrize("asked", [0, -1, "most", 1.5])
def test_another_amount_is_refused(asked: object) -> None:
    with pytest.raises(UserError, match=r"comparison\.test_tokens"):
        study(test_tokens=asked)


def test_runs_to_come_read_what_those_that_are_done_read(tmp_path: Path) -> None:
    config = study()
    assert tokens_by_run(config, runs(config, "a", "b"), CORPUS, tmp_path, []) == {"a": USUAL, "b": USUAL}
    judged(tmp_path, "a", 20_000)
    assert tokens_by_run(config, runs(config, "a", "b"), CORPUS, tmp_path, ["a"]) == {"a": 20_000, "b": 20_000}
    cheap = study(10**9)
    judged(tmp_path, "a", None)  # as files of before are: four times a final evaluation's
    assert tokens_by_run(cheap, runs(cheap, "a", "b"), CORPUS, tmp_path, ["a"]) == {"a": USUAL, "b": USUAL}


def test_two_amounts_in_one_comparison_are_refused(tmp_path: Path) -> None:
    judged(tmp_path, "a", 20_000)
    judged(tmp_path, "b", 512)
    config = study()
    with pytest.raises(UserError, match=r"b\.json: was judged on 512 tokens.*the proof's others on 20,000"):
        tokens_by_run(config, runs(config, "a", "b"), CORPUS, tmp_path, ["a", "b"])
    config = study(test_tokens=4_000)
    with pytest.raises(UserError, match=r"a\.json.*others on 4,000.*set comparison.test_tokens to 20000"):
        tokens_by_run(config, runs(config, "a"), CORPUS, tmp_path, ["a"])
    judged(tmp_path, "a", 10**9)
    config = study(test_tokens="all")
    assert tokens_by_run(config, runs(config, "a"), CORPUS, tmp_path, ["a"]) == {"a": 20_000}, "both are all there is"


class Uneven(MemoryCorpus):
    """Java's test split is short."""

    def count_tokens(self, language: str, split: str) -> int:
        return 300 if (language, split) == ("java", "test") else self.tokens


def test_what_a_run_reads_of_all_languages_is_what_the_study_asks_and_a_short_split_whole() -> None:
    for asked, each in ((500, 500), ("all", 20_000), (None, USUAL)):
        config = study(640, test_tokens=asked)
        (run,) = next(iter(runs(config, "run").values()))
        assert tokens_to_test(config, run, Uneven(tokens=20_000)) == each + 300 + each
        assert tokens_to_test(config, run.model_copy(update={"stage": "mixture"}), CORPUS) == 0
        assert tokens_to_test(config, run, None) == 3 * (500 if asked == 500 else USUAL)


def test_what_runs_have_read_is_what_their_files_say(tmp_path: Path) -> None:
    judged(tmp_path, "new", 700)
    judged(tmp_path, "old", None)
    found = tokens_tested(study(), Uneven(tokens=20_000), tmp_path, ["new", "old", "elsewhere"])
    assert found == {"new": 700 + 300 + 700, "old": 2 * USUAL + 300}
    assert tokens_tested(study(), None, tmp_path, ["new"]) == {}
