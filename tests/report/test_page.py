"""The page: all sections, from whole and from partial folders, self-contained and escaped."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from codescale.errors import UserError
from codescale.files import write_json
from codescale.laws.law import load_law
from codescale.report.page import render, write_report
from codescale.report.predictions import claims_on_hold_outs
from codescale.report.quantities import count, percent
from codescale.study.config import StudyConfig, parse_study
from codescale.study.folder import StudyFolder
from codescale.study.trainer import TrainerSection
from tests.report.synthetic_study import LANGUAGES, study_text, with_baselines

Study = tuple[StudyConfig, StudyFolder]
SECTIONS = (
    "result",
    "scaling",
    "difficulty",
    "synergy",
    "mixtures",
    "scales",
    "search",
    "law",
    "held-out",
    "claims",
    "corpus",
    "cost",
)
VOID = {"meta", "link", "img", "br", "hr", "input"}


class _Page(HTMLParser):
    """Tags, attributes and texts of a page, with a complaint where tags do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[str] = []
        self.feed(text)
        assert self.stack == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag


@pytest.fixture(scope="module")
def page(whole_study: Study) -> str:
    return render(*whole_study)


def copy_of(study: Study, root: Path) -> StudyFolder:
    shutil.copytree(study[1].root, root)
    return StudyFolder(root)


def test_every_section_is_there_with_its_figures(page: str) -> None:
    ids = [attributes["id"] for tag, attributes in _Page(page).tags if tag == "section"]
    assert ids == list(SECTIONS)
    for title in (
        "Loss against model size",
        "Loss against training tokens",
        "Difficulty in bits per byte",
        "Who helps whom",
        "The token split under each mixture",
        "What each language gains or loses against uniform",
        "Time per stage",
        "The search&#39;s progress",
        "The trials&#39; loss curves",
        "Predicted against measured, every run",
        "The predicted best mixture, language by language",
        "Held-out error of the laws",
    ):
        assert f"<h3>{title}</h3>" in page, title
    assert page.count("<svg") == 10 + 2 * len(LANGUAGES)
    assert page.count('class="reading"') == page.count("<figure>") == 12


def test_nothing_is_missing_in_a_whole_study(page: str) -> None:
    assert 'class="missing"' not in page


def test_page_is_self_contained(page: str) -> None:
    assert "http" not in page
    for tag, attributes in _Page(page).tags:
        assert tag not in {"script", "link", "iframe", "img", "object", "embed", "image"}
        for name in ("src", "href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith("#")
    assert "@import" not in page
    assert set(re.findall(r"url\((.)", page)) <= {"#"}


def test_identifiers_are_unique(page: str) -> None:
    ids = [attributes["id"] for _tag, attributes in _Page(page).tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_references_inside_drawings_resolve(page: str) -> None:
    tags = _Page(page).tags
    ids = {attributes["id"] for _tag, attributes in tags if "id" in attributes}
    used = {str(attributes["xlink:href"])[1:] for tag, attributes in tags if tag == "use"}
    clips = set(re.findall(r"url\(#([^)]*)\)", page))
    assert used
    assert used | clips <= ids


def test_same_study_gives_the_same_page(whole_study: Study, page: str) -> None:
    assert render(*whole_study) == page


def test_headline_numbers_stand_on_the_page(whole_study: Study, page: str) -> None:
    comparison = json.loads(whole_study[1].comparison.read_text())
    objective = comparison["mixtures"]["measured_best"]["measured"]["objective"]
    assert f"{objective['mean']:.3f} ± {objective['standard_error']:.3f}" in page
    assert comparison["verdict"]["statement"] in page


def test_the_objective_in_words_is_the_one_that_was_judged(whole_study: Study, tmp_path: Path) -> None:
    """A search space may weigh otherwise than study.yaml, whose weights are equal."""
    config = whole_study[0]
    copied = copy_of(whole_study, tmp_path / "own")
    own = {"typescript": 0.75, "go": 0.25, "rust": 0.0}
    for path, changed in ((copied.comparison, own), (copied.search, own)):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"weights": changed}))
    page = render(config, copied)
    assert "The objective is the weighted mean of the losses of TypeScript (0.75), Go (0.25)." in page
    assert "It minimised the weighted mean of the losses of TypeScript (0.75), Go (0.25)." in page
    copied.comparison.unlink()
    assert "The objective is the mean of the losses of Python, Java" in render(config, copied)


def test_the_tokens_available_are_those_that_the_target_will_have(whole_study: Study) -> None:
    config, folder = whole_study
    target = config.target.model_copy(update={"available": {"rust": 123_000}})
    assert count(123_000) in render(config.model_copy(update={"target": target}), folder)


def test_what_weighs_nothing_by_default_is_said_beside_the_objective(whole_study: Study, tmp_path: Path) -> None:
    config, folder = whole_study
    line = "weighs nothing by default (natural language): target.weights in study.yaml gives it weight."
    assert line in render(config, folder)
    content = yaml.safe_load(study_text())
    content["target"]["weights"] = {"python": 1.0}
    assert line not in render(parse_study(content, tmp_path / "study.yaml"), folder)


def test_a_law_and_runs_in_bits_per_byte_are_shown_in_it(whole_study: Study, tmp_path: Path) -> None:
    config, folder = whole_study
    copy = StudyFolder(Path(shutil.copytree(folder.root, tmp_path / "study")))
    for path in (copy.law, copy.scaling, copy.synergy):
        write_json(path, json.loads(path.read_text()) | {"loss_unit": "bits per byte"})
    text = render(config, copy)
    for shown in ("fit error, bits per byte", "(validation loss, bits per byte)", "loss, bits per byte"):
        assert shown in text
    assert "could not be asked for predictions" in text  # of runs in nats per token


def test_what_the_law_foretold_of_its_hold_outs_stands_beside_its_error(whole_study: Study, page: str) -> None:
    claims = claims_on_hold_outs(load_law(whole_study[1].law))
    assert claims
    section = page[page.index("What effective-data foretold of runs held out") :]
    for claim in claims:
        for share, digits in ((claim.error, 2), (claim.foretold, 2), (claim.inside, 0)):
            assert percent(share, digits) in section
        assert f"{claim.trunks} trunks" in section


def test_both_scales_of_the_proof_stand_side_by_side(page: str) -> None:
    section = page[page.index('id="scales"') : page.index('id="search"')]
    for n_params, seeds in ((151_000, 3), (640_000, 4)):
        assert f"N = {count(n_params)}, D = {count(400_000)}, {seeds} seeds" in section
    assert "At 4.2 times &lt;the&gt; N: synthetic." in section
    assert section.count("Measured best minus predicted best") == 1


@pytest.mark.parametrize(
    "missing",
    [
        [("manifest", "corpus", "corpus"), ("search", "search", "search"), ("comparison", "mixtures", "compare")],
        [("scaling", "scaling", "fit"), ("law", "law", "fit"), ("timings", "cost", "demo"), ("runs_table", "", "")],
        [("synergy", "synergy", "fit"), ("comparison", "law", "compare"), ("mixture", "", "")],
    ],
)
def test_missing_artifacts_name_their_commands(
    whole_study: Study, tmp_path: Path, missing: list[tuple[str, str, str]]
) -> None:
    folder = copy_of(whole_study, tmp_path / "study")
    for artifact, _section, _command in missing:
        getattr(folder, artifact).unlink()
    text = render(whole_study[0], folder)
    _Page(text)
    for _artifact, section, command in missing:
        if section:
            part = text[text.index(f'<section id="{section}">') :].split("</section>")[0]
            assert f"<code>codescale {command} {folder.root}</code>" in part


def test_empty_folder_still_gives_a_page(whole_study: Study, tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path)
    path = write_report(whole_study[0], folder)
    text = path.read_text(encoding="utf-8")
    _Page(text)
    assert path == folder.report
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]
    assert "Nothing has been proved yet" in text
    assert text.count('class="missing"') == 10


def test_broken_artifact_names_file_and_field(whole_study: Study, tmp_path: Path) -> None:
    folder = copy_of(whole_study, tmp_path / "study")
    content = json.loads(folder.comparison.read_text())
    content["mixtures"]["uniform"]["measured"]["objective"]["mean"] = "low"
    folder.comparison.write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"comparison\.json, mixtures\.uniform\.measured\.objective\.mean"):
        render(whole_study[0], folder)


def test_texts_from_files_are_escaped(whole_study: Study, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>$\\frac{x}$&\"'"
    folder = copy_of(whole_study, tmp_path / "study")
    languages_file = tmp_path / "languages.yaml"
    languages_file.write_text(yaml.safe_dump({"python": {"label": evil, "endings": [".py"]}}))
    content = yaml.safe_load(study_text()) | {"languages_file": str(languages_file), "name": evil}
    config = parse_study(content, "study.yaml")
    for path, edit in (
        (folder.comparison, lambda c: c["verdict"].update(statement=evil)),
        (folder.scaling, lambda c: c["skipped"].update({evil: evil})),
        (folder.timings, lambda c: (c["machine"].update(cpu=evil), c["stages"].update({evil: {"seconds": 3.0}}))),
        (folder.search, lambda c: c["trials"][0].update(source=evil)),
        (folder.manifest, lambda c: c["sources"].append({"name": evil, "version": evil, "licence": evil})),
        (folder.manifest, lambda c: c["languages"].update({evil: c["languages"]["python"]})),
        (folder.synergy, lambda c: c.update(languages=[*c["languages"], evil])),
        (folder.synergy, lambda c: c["gain"].update({evil: {"python": {"value": 0.01, "low": None, "high": None}}})),
        (folder.comparison, lambda c: c["mixtures"]["uniform"]["proportions"].update({evil: 0.0})),
        (folder.law, lambda c: c.update(formula=evil)),
    ):
        artifact = json.loads(path.read_text())
        edit(artifact)
        path.write_text(json.dumps(artifact))
    asked = {"name": evil, "searched": True, "weights": {}, "mixture": {"python": 1.0}, "resolves": 0.1}
    asked |= {"against": evil, "outlook": "unknown", "statement": evil, "baselines": {evil: {}}}
    noise = {"deviation": 0.1, "degrees_of_freedom": 2, "between_seeds": 0.1, "measured": True, "source": evil}
    power = {
        "n_params": 1,
        "n_tokens": 1,
        "seeds": 3,
        "level": 0.05,
        "power": 0.8,
        "noise": noise,
        "questions": [asked],
    }
    write_json(folder.power, power | {"advice": evil})
    text = render(config, folder)
    assert "What the proof was expected to tell" in text
    tags = _Page(text).tags
    assert not [tag for tag, _attributes in tags if tag == "script"]
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(1)") > 20
    assert "$\\frac{x}$" in text, "mathematics in a label is shown as it is written"
    for _tag, attributes in tags:
        assert not [name for name in attributes if name.startswith("on")]


def test_one_colour_per_language_everywhere(page: str) -> None:
    swatches = re.findall(r'class="swatch" style="background:(#\w+)"></i>(?:<span>)?(\w+)', page)
    colours = {name: {colour for colour, other in swatches if other == name} for name in ("Python", "Java", "Rust")}
    assert all(len(found) == 1 for found in colours.values())
    assert len(set.union(*colours.values())) == 3


def test_sparse_artifacts_are_shown_as_far_as_they_go(whole_study: Study, tmp_path: Path) -> None:
    """One size, no intervals, no predictions, unknown stages and splits: everything optional left out or unknown."""
    folder = copy_of(whole_study, tmp_path / "study")

    def edit(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
        content = json.loads(path.read_text())
        change(content)
        path.write_text(json.dumps(content))

    def without_predictions(content: dict[str, Any]) -> None:
        for mixture in content["mixtures"].values():
            mixture["predicted"] = None
            del mixture["validation"]
        del content["mixtures"]["predicted_best"], content["verdict"]
        content["differences"] = {"measured_best": content["differences"]["measured_best"]}
        content["differences"]["measured_best"]["objective"].update(low=None, high=None)

    def one_size(content: dict[str, Any]) -> None:
        for fit in content["languages"].values():
            fit["points"] = [point for point in fit["points"] if point["n_params"] == 27_000][:1]
            fit["parameters"].pop("alpha")

    edit(folder.comparison, without_predictions)
    edit(folder.scaling, one_size)
    edit(folder.synergy, lambda c: c.update(gain={}, alone={}, reason="no pairs", degrees_of_freedom=0))
    reason = "too little <to gain>"
    edit(folder.search, lambda c: c.update(trials=[], incumbent=None, incumbent_history=[], ended=reason))
    edit(folder.law, lambda c: c.update(held_out={}))
    edit(folder.timings, lambda c: c.update(stages={"fit": {"seconds": 0.0}}, machine={}))
    edit(folder.manifest, lambda c: c["languages"].update(python={}))
    runs = [{"run_id": f"trial-{k}", "proportions": {"python": 0.5 + k / 8, "rust": 0.5 - k / 8}} for k in range(2)]
    front = [run | {"objectives": {"web": 2.5 + k, "<systems>": 1.25 - k}} for k, run in enumerate(runs)]
    edit(folder.search, lambda c: c.update(front=front))
    text = render(whole_study[0], folder)
    _Page(text)
    for shown in ("The Pareto front", "trial-1", "&lt;systems&gt;", "3.5000", "62.5"):
        assert shown in text
    assert "Nothing to show: no pairs." in text
    assert "holds no held-out errors" in text
    assert "cannot be told at this scale" in text
    assert "It ended before its budget: too little &lt;to gain&gt;." in text


def test_the_page_shows_every_baseline_and_harm_by_the_rule(whole_study: Study, tmp_path: Path) -> None:
    folder = copy_of(whole_study, tmp_path / "study")
    with_baselines(folder)
    page = render(whole_study[0], folder)
    assert [attributes["id"] for tag, attributes in _Page(page).tags if tag == "section"] == [
        "result",
        "baselines",
        *SECTIONS[1:],
    ]
    section = page[page.index('<section id="baselines">') : page.index('<section id="scaling">')]
    for words in ("&lt;natural&gt;", "the yardstick", "uniform", "by a margin of 2 %", "p, adjusted", "not harmed"):
        assert words in section
    assert "Measured best minus &lt;natural&gt;, the yardstick" in page
    spaced = page.replace("\N{NO-BREAK SPACE}", " ")
    assert "<dd>23 % fewer<small>9 % to 35 % fewer</small></dd>" in spaced
    assert "<dd>5 % more<small>20 % more to 12 % fewer</small></dd>" in spaced
    content = json.loads(folder.comparison.read_text())
    untold = content["baselines"]["<natural>"]["beats"] is None
    assert ('<p class="verdict null">' in page) == untold


def test_a_study_with_a_trainer_is_sent_to_no_corpus(whole_study: Study, tmp_path: Path) -> None:
    config, folder = whole_study[0], copy_of(whole_study, tmp_path / "study")
    folder.manifest.unlink()
    trainer = TrainerSection(command=("train",), version="7")
    page = render(config.model_copy(update={"trainer": trainer}), folder)
    assert "codescale corpus" in render(config, folder)
    assert "codescale corpus" not in page
    assert "only it knows its data. Version 7." in page
