"""study.yaml: every wrong key or value is named with its file, field and hint."""

from pathlib import Path

import pytest
import yaml

from codescale.errors import UserError
from codescale.mixtures.no_harm import NoHarmRule
from codescale.study.comparison import ON_VALIDATION
from codescale.study.config import parse_study
from codescale.study.folder import StudyFolder
from codescale.study.languages import default_weights, load_registry
from codescale.study.presets import preset_names, preset_text


@pytest.fixture
def content() -> dict:
    return yaml.safe_load(preset_text("quick"))


def test_the_demos_comment_turns_on_the_proof_at_four_times_the_size() -> None:
    text = preset_text("demo")
    size, larger = (line.removeprefix("#   ") for line in text.splitlines() if line.startswith("#   "))
    content = yaml.safe_load(text)
    content["sizes"] |= yaml.safe_load(size)
    content["comparison"] |= yaml.safe_load(larger)
    config = parse_study(content, "demo")
    assert config.comparison.larger is not None
    assert config.comparison.larger.size == "large"


@pytest.mark.parametrize("name", ["demo", "quick"])
def test_the_demos_search_with_our_sampler_and_check_what_was_stopped(name: str) -> None:
    search = parse_study(yaml.safe_load(preset_text(name)), name).search
    assert search.sampler == "law"
    assert search.check_pruned > 0
    assert search.trials * search.tokens <= (search.most_tokens or 0)


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_valid(name: str) -> None:
    parse_study(yaml.safe_load(preset_text(name)), name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": 1}, "study.yaml, colour: unknown key; remove it or correct its spelling"),
        ({"languages": ["python", "klingon"]}, "study.yaml, languages: 'klingon' is not in the registry; use one of"),
        ({"languages": ["python", "python"]}, "study.yaml: languages: a language is named twice"),
        (
            {"sizes": {"tiny": {"hidden": 33, "layers": 1, "heads": 2, "intermediate": 8}}},
            "study.yaml, sizes.tiny: hidden must be an even multiple of heads",
        ),
        (
            {"comparison": {"size": "small", "tokens": 10, "seeds": 2}},
            "study.yaml, comparison.seeds: is 2, where a number of 3 or more is wanted",
        ),
        (
            {"comparison": {"size": "small", "tokens": 9999, "seeds": "some"}},
            "study.yaml, comparison.seeds: is 'some', where a whole number or auto is wanted",
        ),
        (
            {"comparison": {"size": "small", "tokens": 9999, "seeds": "auto"}},
            "study.yaml, comparison: budget_tokens: seeds: auto needs a limit, in tokens of all runs",
        ),
        (
            {"comparison": {"size": "small", "tokens": 10_000, "seeds": "auto", "budget_tokens": 89_999}},
            "budget_tokens: 89,999 tokens are less than the 90,000 of 3 seeds of 3 mixtures at 10,000",
        ),
        (
            {"comparison": {"size": "small", "tokens": 10_000, "seeds": 5, "budget_tokens": 149_999}},
            "budget_tokens: 149,999 tokens are less than the 150,000 of 5 seeds of 3 mixtures at 10,000",
        ),
        (
            {"comparison": {"size": "small", "tokens": 9999, "larger": {"size": "s", "tokens": 9, "seeds": "auto"}}},
            "study.yaml, comparison: larger.seeds: auto is of comparison.seeds alone; write a number",
        ),
        ({"questions": {"a\nb": {}}}, "holds a line break"),
        ({"questions": {"a" * 81: {}}}, "where text of 80 characters or less is wanted"),
        ({"questions": {"target": {}}}, "questions.target: target is what the study's own question is called"),
        ({"questions": {"web": {"weigths": {}}}}, "study.yaml, questions.web.weigths: unknown key"),
        ({"questions": {"web": {"weights": {"cobol": 1}}}}, "questions.web.weights.cobol: not a language"),
        ({"questions": {"web": {"weights": {"java": 0}}}}, "questions.web.weights: all are 0"),
        ({"questions": {"web": {"bounds": {"java": [0.5, 0.2]}}}}, "questions.web.bounds.java: not a"),
        ({"questions": {"web": {"bounds": {"java": 0.7, "python": 0.7}}}}, "questions.web.bounds: the lower bounds"),
        ({"questions": {"web": 3}}, "study.yaml, questions.web: is 3, where a mapping is wanted"),
        (
            {"comparison": {"size": "small", "tokens": 9999, "baselines": ["uniform", "naturel"]}},
            "study.yaml, comparison.baselines.1: 'naturel' is no baseline: write uniform, natural",
        ),
        (
            {"comparison": {"size": "small", "tokens": 9999, "baselines": [{"temperature": 5}]}},
            "study.yaml, comparison.baselines.0: temperature is '5', where an exponent from 0 to 1",
        ),
        (
            {"comparison": {"size": "small", "tokens": 9999, "baselines": ["unimax:4", {"unimax": 4}]}},
            "study.yaml, comparison: baselines: one is named twice",
        ),
        (
            {"comparison": {"size": "small", "tokens": 9999, "yardstick": "natural"}},
            "study.yaml, comparison: yardstick: 'natural' is none of baselines (uniform); add it to them",
        ),
        (
            {"comparison": {"size": "small", "tokens": 9999, "no_harm": {"margin": 0.01}}},
            "study.yaml, comparison.no_harm: has a margin without a reference: name one",
        ),
        (
            {"comparison": {"size": "small", "tokens": 9999, "no_harm": {"reference": "natural", "margin": 0.01}}},
            "study.yaml, comparison: no_harm.reference: 'natural' is none of baselines (uniform); add it",
        ),
        (
            {"search": {"size": "tiny", "tokens": "1e3.5"}},
            "study.yaml, search.tokens: is '1e3.5', where a whole number is wanted; correct it; docs/study.md explains",
        ),
        (
            {"sizes": {"Tiny One": {"hidden": 32, "layers": 1, "heads": 2, "intermediate": 8}}},
            "study.yaml, sizes.Tiny One: 'Tiny One' is no name: write up to 60 lower-case letters, digits, _ and -",
        ),
        ({"search": {"size": "huge", "tokens": 10}}, "search.size: 'huge' is not among sizes (tiny, small)"),
        (
            {"search": {"size": "tiny", "tokens": 4096, "prune": "none", "check_pruned": 2}},
            "study.yaml, search: check_pruned: prune: none stops no trial that could be checked",
        ),
        (
            {"search": {"size": "tiny", "tokens": 4096, "trials": 8, "check_pruned": 9}},
            "study.yaml, search: check_pruned: 9 are more than the 8 trials",
        ),
        (
            {"search": {"size": "tiny", "tokens": 4096, "workers_per_trial": 3}, "ray": {"workers": 2}},
            "study.yaml: search.workers_per_trial: 3 are more than the 2 of ray.workers",
        ),
        ({"search": {"size": "tiny", "tokens": 100}}, "search.tokens: 100 tokens are less than one batch of 1,024"),
        ({"target": {"size": "tiny", "n_tokens": 9, "weights": {"cobol": 1}}}, "target.weights.cobol: not a language"),
        ({"target": {"size": "tiny", "n_tokens": 9, "weights": {"java": 0}}}, "target.weights: all are 0"),
        ({"target": {"size": "tiny", "n_tokens": 9, "bounds": {"java": [0.5, 0.2]}}}, "target.bounds.java: not a"),
        ({"target": {"size": "tiny", "n_tokens": 9, "max_epochs": float("inf")}}, "study.yaml, target.max_epochs"),
        (
            {"target": {"size": "tiny", "n_tokens": 9, "bounds": {"java": [0.7, 1], "python": 0.4}}},
            "study.yaml: target.bounds: the lower bounds sum to 1.1, so no shares sum to 1",
        ),
        (
            {"target": {"size": "tiny", "n_tokens": 9, "weights": {"java": True}}},
            "study.yaml, target.weights.java: is true, where a number is wanted",
        ),
        (
            {"search": {"size": "tiny", "tokens": 4096, "callbacks": ["tensorboard"]}},
            "study.yaml, search.callbacks.tensorboard: unknown key",
        ),
        ({"ray": {"workers": 10**15}}, "study.yaml, ray.workers: is 1000000000000000, where a number of 100,000"),
        ({"name": "a\x1b[31m"}, r"study.yaml, name: a\x1b[31m holds a line break or another character that cannot"),
        ({"sweep": {"grid": {"sizes": [], "tokens": [2048]}}}, "study.yaml, sweep.grid.sizes"),
        ({"sweep": {"grid": {"sizes": ["tiny"], "tokens": [2048, 2048]}}}, "study.yaml, sweep.grid.tokens: names one"),
        ({"sweep": {"grid": {"sizes": ["tiny"], "tokens": [2048], "seeds": 10**6}}}, "study.yaml, sweep.grid.seeds"),
        ({"training": {"evaluations": 10**9}}, "study.yaml, training.evaluations"),
        ({"corpus": {"sources": [{"kind": "folder"}]}}, "study.yaml, corpus.sources.0.path: is missing"),
    ],
)
def test_mistakes_are_named(content: dict, change: dict, message: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_study(content | change, "study.yaml")
    assert message in str(caught.value)


def test_numbers_are_understood_as_people_write_them_and_names_stay_names(tmp_path: Path, content: dict) -> None:
    search = {"size": "small", "tokens": 3001, "budget": {"tokens": 2001, "flops": 9001}}
    text = yaml.safe_dump(content | {"name": "TITLE", "search": search})
    for old, new in (("TITLE", "1e6"), (" 3001", " 3e5"), (" 2001", " 1e6"), (" 9001", " 2e12")):
        text = text.replace(old, new)
    (tmp_path / "study.yaml").write_text(text)
    study = StudyFolder(tmp_path).config()
    assert (study.name, study.search.tokens, study.search.budget.tokens) == ("1e6", 300_000, 1_000_000)


def test_a_broken_yaml_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("name: a\nsizes: [")
    with pytest.raises(UserError, match=r"study\.yaml, line 2: is not YAML"):
        StudyFolder(tmp_path).config()


def test_a_study_is_never_overwritten(tmp_path: Path) -> None:
    StudyFolder(tmp_path).create(preset_text("quick"))
    with pytest.raises(UserError, match="exists already"):
        StudyFolder(tmp_path).create(preset_text("demo"))


def test_a_language_is_added_by_a_file(tmp_path: Path, content: dict) -> None:
    registry = tmp_path / "languages.yaml"
    registry.write_text("cobol: {label: COBOL, endings: [.cob]}\n")
    config = parse_study(content | {"languages": ["python", "cobol"], "languages_file": str(registry)}, "study.yaml")
    assert config.weights() == {"python": 1.0, "cobol": 1.0}
    registry.write_text("cobol: {label: COBOL, endings: [cob]}\n")
    with pytest.raises(UserError, match=r"languages\.yaml, cobol\.endings: .*starts with a dot"):
        config.registry()


def test_a_languages_file_is_seen_from_the_studys_folder(tmp_path: Path, content: dict) -> None:
    (tmp_path / "mine.yaml").write_text("cobol: {label: COBOL, endings: [.cob]}\n")
    changed = content | {"languages": ["python", "cobol"], "languages_file": "mine.yaml"}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(changed))
    assert "cobol" in StudyFolder(tmp_path).config().registry()


def test_text_weighs_nothing_by_default(content: dict) -> None:
    config = parse_study(content | {"languages": ["python", "text"]}, "study.yaml")
    assert config.weights() == {"python": 1.0, "text": 0.0}


def test_text_alone_is_the_objective() -> None:
    assert default_weights(["text"], load_registry()) == {"text": 1.0}


def test_baselines_of_the_proof_are_kept_as_words_and_uniform_is_always_one(content: dict) -> None:
    earlier = parse_study(content, "study.yaml").comparison
    assert (earlier.compared, earlier.yardstick, earlier.no_harm) == (("uniform",), ON_VALIDATION, None)
    content["comparison"] |= {
        "baselines": ["natural", {"temperature": 0.3}, {"file": "ours.yaml"}],
        "yardstick": {"temperature": 0.3},
        "no_harm": {"reference": "natural", "margin": "2 %"},
    }
    config = parse_study(content, "study.yaml")
    assert config.comparison.compared == ("uniform", "natural", "temperature:0.3", "file:ours.yaml")
    assert config.comparison.yardstick == "temperature:0.3"
    assert config.comparison.no_harm == NoHarmRule("natural", 0.02, relative=True)
    assert parse_study(config.model_dump(), "study.yaml") == config


def test_a_question_without_weights_weighs_every_programming_language_alike(content: dict) -> None:
    content["target"]["weights"] = {"java": 3}
    content["questions"] = {"all alike": None, "python alone": {"weights": {"python": 2}}}
    config = parse_study(content, "study.yaml")
    assert config.weights() == {"python": 0.0, "java": 3.0, "csharp": 0.0}
    assert config.weights("all alike") == {"python": 1.0, "java": 1.0, "csharp": 1.0}
    assert config.weights("python alone") == {"python": 2.0, "java": 0.0, "csharp": 0.0}


def test_a_proof_is_held_at_one_scale_more_where_its_budget_allows_it(content: dict) -> None:
    """Three mixtures with three seeds of 10,000 tokens each, twice."""
    content["sizes"] |= {"huge": {"hidden": 160, "layers": 4, "heads": 4, "intermediate": 400}}
    content["sizes"] |= {"large": {"hidden": 112, "layers": 4, "heads": 4, "intermediate": 304}}
    content["comparison"] |= {"seeds": 3, "tokens": 10_000, "budget_tokens": 180_000}
    larger = parse_study(content, "study.yaml").comparison.larger
    assert larger is not None
    assert (larger.size, larger.tokens, larger.seeds) == ("large", 10_000, 3)
    auto = parse_study(content | {"comparison": content["comparison"] | {"seeds": "auto"}}, "study.yaml").comparison
    assert (auto.larger, auto.most_seeds) == (larger, 3)
    content["comparison"]["budget_tokens"] = 179_999
    assert parse_study(content, "study.yaml").comparison.larger is None
    del content["comparison"]["budget_tokens"]
    assert parse_study(content, "study.yaml").comparison.larger is None


def test_seeds_that_the_study_chooses_have_a_limit(content: dict) -> None:
    content["comparison"] |= {"seeds": "auto", "budget_tokens": "1e6", "tokens": 10_000}
    section = parse_study(content | {"comparison": content["comparison"] | {"baselines": ["natural"]}}, "s").comparison
    assert (section.seed_count, section.mixtures, section.most_seeds) == (3, 4, 25)
    content["comparison"] |= {"seeds": 7, "budget_tokens": None}
    section = parse_study(content, "study.yaml").comparison
    assert (section.seed_count, section.most_seeds) == (7, 7)


def test_directions_may_be_weighed_where_they_are_measured(content: dict) -> None:
    content["languages"] = ["python", "java", "go", "rust"]
    content["training"]["translation_evaluation"] = {}
    content["target"]["weights"] = {"python": 1, "java->rust": 2, "go->rust": 0}
    config = parse_study(content, "study.yaml")
    assert len(config.directions) == len(config.languages) * (len(config.languages) - 1)
    assert {name: weight for name, weight in config.weights().items() if weight} == {"python": 1, "java->rust": 2}
    assert set(config.weights()) == {*config.languages, "java->rust"}
    content["target"].pop("weights")
    assert set(parse_study(content, "study.yaml").weights()) == set(config.languages)
    content["training"]["translation_evaluation"] = {"pairs": 3, "directions": ["java->rust"]}
    assert parse_study(content, "study.yaml").directions == ("java->rust",)


@pytest.mark.parametrize(
    ("translation", "weights", "message"),
    [
        (None, {"java->rust": 1}, "target.weights.java->rust: training.translation_evaluation does not measure it"),
        ({"directions": ["go->rust"]}, {"java->rust": 1}, "does not measure it"),
        ({}, {"java->klingon": 1}, "does not measure it"),
        ({}, {"java->rust": -1}, "negative weight"),
        ({"directions": ["java"]}, None, "'java' is no direction: write two languages, such as python->java"),
        ({"directions": ["java->klingon"]}, None, "'java->klingon' is not between languages of the study"),
        ({"directions": ["java->go", "java->go"]}, None, "java->go is named twice"),
        ({"pairs": 0}, None, "training.translation_evaluation.pairs"),
    ],
)
def test_wrong_directions_are_named(
    content: dict, translation: dict | None, weights: dict | None, message: str
) -> None:
    content["languages"] = ["python", "java", "go", "rust"]
    content["training"] |= {} if translation is None else {"translation_evaluation": translation}
    content["target"] |= {} if weights is None else {"weights": weights}
    with pytest.raises(UserError) as refused:
        parse_study(content, "study.yaml")
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sizes": ["huge"]}, "sweep.organisation.sizes[0]: 'huge' is not among sizes"),
        ({"tokens": [16]}, "sweep.organisation.tokens: 16 tokens are less than one batch"),
        ({"seeds": 1}, "one seed tells no difference from noise"),
        ({"paired_shares": [0.5, 0.5]}, "names one twice"),
        ({"paired_shares": [0]}, "sweep.organisation.paired_shares"),
        ({"proportions": {"python": 0.5, "java": 0.4}}, "sweep.organisation.proportions: sum to 0.9, not to 1"),
        ({"proportions": {"python": 1}}, "pair nothing: give the pivot, python, and another language a share"),
        ({"proportions": {"csharp": 0.5, "java": 0.5}}, "pair nothing"),
        ({"proportions": {"klingon": 1}}, "sweep.organisation.proportions.klingon"),
    ],
)
def test_a_wrong_plan_of_arms_is_named(content: dict, changes: dict, message: str) -> None:
    sizes, tokens = list(content["sizes"])[:1], [content["search"]["tokens"]]
    content["sweep"]["organisation"] = {"sizes": sizes, "tokens": tokens}
    assert parse_study(content, "study.yaml").sweep.organisation is not None
    content["sweep"]["organisation"] |= changes
    with pytest.raises(UserError) as refused:
        parse_study(content, "study.yaml")
    assert message in str(refused.value)


def test_arms_need_the_pivot(content: dict) -> None:
    sizes, tokens = list(content["sizes"])[:1], [content["search"]["tokens"]]
    content["sweep"]["organisation"] = {"sizes": sizes, "tokens": tokens}
    content["training"]["pivot"] = "cobol"
    with pytest.raises(UserError, match="needs the pivot, cobol, and another language"):
        parse_study(content, "study.yaml")
