"""A run whose translations are paired, from its first step to its record, alone and in a pack."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.directions import directions_among, is_direction
from codescale.errors import UserError
from codescale.runs.records import RunSpec
from codescale.study.config import StudyConfig
from codescale.study.training import TranslationSection
from tests.training.loop.short_runs import finish, session, spec
from tests.training.packed.short_packs import alone, assert_same, finished, pack
from tests.translated_corpus import TranslatedCorpus


@pytest.fixture
def corpus() -> TranslatedCorpus:
    return TranslatedCorpus(
        {
            "python": [f"p{n}" for n in range(200)] + [None] * 20,
            "java": [f"p{n}" for n in range(0, 200, 2)] + [None] * 50,
            "rust": [f"p{n}" for n in range(100)] + [None] * 50,
        }
    )


def paired(config: StudyConfig, **changes: object) -> RunSpec:
    return spec(config, organisation="paired", **changes)  # type: ignore[arg-type]


def test_a_paired_run_trains_on_other_batches_and_says_so(config: StudyConfig, corpus: TranslatedCorpus) -> None:
    record = alone(config, corpus, paired(config))  # type: ignore[arg-type]
    shuffled = alone(config, corpus, spec(config))  # type: ignore[arg-type]
    assert record.status == "ok"
    assert {row["organisation"] for row in record.rows()} == {"paired"}
    assert record.final_losses() != shuffled.final_losses()
    assert record.final_losses() == alone(config, corpus, paired(config)).final_losses()  # type: ignore[arg-type]
    last = record.evaluations[-1]
    assert sum(last.unique_tokens.values()) == last.n_tokens  # less than an epoch: every token is a new one
    assert last.unique_tokens["python"] / last.n_tokens == pytest.approx(0.5, abs=0.05)
    passes = last.metrics["epochs.java"] * corpus.count_tokens("java", "training")
    assert passes == pytest.approx(0.3 * last.n_tokens, rel=0.2)


def test_a_killed_run_goes_on_with_the_same_numbers(
    config: StudyConfig, corpus: TranslatedCorpus, tmp_path: Path
) -> None:
    whole = finish(session(config, corpus, paired(config)))  # type: ignore[arg-type]
    first = session(config, corpus, paired(config), tmp_path / "c.safetensors")  # type: ignore[arg-type]
    first.advance()
    first._save()
    again = session(config, corpus, paired(config), tmp_path / "c.safetensors")  # type: ignore[arg-type]
    assert len(again.evaluations) == 1
    assert finish(again) == whole


def test_a_checkpoint_of_the_other_organisation_is_not_gone_on_from(
    config: StudyConfig, corpus: TranslatedCorpus, tmp_path: Path
) -> None:
    first = session(config, corpus, paired(config), tmp_path / "c.safetensors")  # type: ignore[arg-type]
    first.advance()
    first._save()
    assert session(config, corpus, spec(config), tmp_path / "c.safetensors").evaluations == []  # type: ignore[arg-type]


def test_a_pack_of_both_organisations_has_the_records_of_lone_runs(
    config: StudyConfig, corpus: TranslatedCorpus
) -> None:
    runs = [
        paired(config, run_id="a"),
        spec(config, run_id="b"),
        paired(config, run_id="c", seed=1, proportions={"python": 0.3, "java": 0.7}),
        paired(config, run_id="d", proportions={"java": 0.5, "rust": 0.5}),
    ]
    for record, run in zip(finished(pack(config, corpus, runs)), runs, strict=True):  # type: ignore[arg-type]
        assert_same(record, alone(config, corpus, run))  # type: ignore[arg-type]


def translating(config: StudyConfig, pairs: int = 16) -> StudyConfig:
    """``config`` whose runs measure losses of translation, with room for a pair in a sequence."""
    changes = {"context": 64, "translation_evaluation": TranslationSection(pairs=pairs)}
    return config.model_copy(update={"training": config.training.model_copy(update=changes)})


@pytest.fixture
def short_programs() -> TranslatedCorpus:
    return TranslatedCorpus(dict.fromkeys(("python", "java", "rust"), tuple(f"p{n}" for n in range(200))), longest=30)


def test_translations_are_measured_beside_languages_in_every_evaluation(
    config: StudyConfig, short_programs: TranslatedCorpus
) -> None:
    runs = paired(config, points=(1280,)), spec(config, points=(1280,))
    for run in runs:
        record = alone(translating(config), short_programs, run)  # type: ignore[arg-type]
        plain = alone(translating_not(config), short_programs, run)  # type: ignore[arg-type]
        for one, other in zip(record.evaluations, plain.evaluations, strict=True):
            directions = {name: loss for name, loss in one.losses.items() if is_direction(name)}
            assert set(directions) == set(directions_among(config.languages))
            assert other == one.model_copy(
                update={"losses": {k: v for k, v in one.losses.items() if k not in directions}}
            )
        row = record.rows()[-1]
        assert row["loss.java->rust"] == record.final_losses()["java->rust"]
        assert not any("->" in name for name in row if not name.startswith("loss."))
        assert record == alone(translating(config), short_programs, run).model_copy(  # type: ignore[arg-type]
            update={name: getattr(record, name) for name in ("seconds", "finished", "metrics")}
        )


def translating_not(config: StudyConfig) -> StudyConfig:
    training = translating(config).training.model_copy(update={"translation_evaluation": None})
    return config.model_copy(update={"training": training})


def test_a_pack_measures_the_translations_of_lone_runs(config: StudyConfig, short_programs: TranslatedCorpus) -> None:
    config = translating(config)
    runs = [paired(config, run_id="a"), spec(config, run_id="b", seed=1)]
    for record, run in zip(finished(pack(config, short_programs, runs)), runs, strict=True):  # type: ignore[arg-type]
        assert_same(record, alone(config, short_programs, run))  # type: ignore[arg-type]
        assert len(record.final_losses()) == 9


def test_the_test_split_is_read_only_when_it_is_asked_for(
    config: StudyConfig, short_programs: TranslatedCorpus
) -> None:
    opened = session(translating(config), short_programs, paired(config))  # type: ignore[arg-type]
    finish(opened)
    found = opened.test_translations()
    assert set(found) == set(directions_among(config.languages))
    assert found != {name: opened.evaluations[-1].losses[name] for name in found}
    assert session(translating_not(config), short_programs, paired(config)).test_translations() == {}  # type: ignore[arg-type]


def test_the_pivot_is_the_studys(config: StudyConfig, corpus: TranslatedCorpus) -> None:
    for pivot, known in (("java", True), ("cobol", False)):
        section = config.training.model_copy(update={"pivot": pivot})
        changed = config.model_copy(update={"training": section})
        if known:
            assert alone(changed, corpus, paired(config)).status == "ok"  # type: ignore[arg-type]
        else:
            with pytest.raises(UserError, match="the pivot, cobol"):
                session(changed, corpus, paired(config))  # type: ignore[arg-type]
