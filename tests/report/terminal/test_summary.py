"""The terminal's tables, and that page and terminal show the same numbers."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from codescale.errors import UserError
from codescale.files import read_json, write_json
from codescale.laws.fitting.calibration import Calibration
from codescale.laws.fitting.compare import LawComparison
from codescale.laws.law import HeldOut, load_law
from codescale.laws.repetition import ExcessParameters
from codescale.laws.scaling import fit_scaling
from codescale.laws.synergy.measured import measure_synergy
from codescale.report.artifacts import read_artifacts
from codescale.report.headline import headline, language_labels, shares, study_cost
from codescale.report.predictions import claims_on_hold_outs, held_out_errors, pairings
from codescale.report.quantities import count, duration, interval, number, signed_percent, with_error
from codescale.report.terminal.laws import law_table, laws_table
from codescale.report.terminal.summary import corpus_table, summary_table
from codescale.runs.table_reader import read_runs
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from tests.report.synthetic_study import LANGUAGES, with_baselines

Study = tuple[StudyConfig, StudyFolder]


def printed(renderable: RenderableType, width: int = 200) -> str:
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().replace("\N{NO-BREAK SPACE}", " ")


def test_summary_has_the_columns_and_lines_of_a_result(whole_study: Study) -> None:
    text = printed(summary_table(*whole_study))
    for column in (
        "language",
        "tokens available",
        "uniform share",
        "predicted best share",
        "measured best share",
        "loss, uniform",
        "loss, predicted best",
        "loss, measured best",
    ):
        assert column in text
    assert "The law predicted an objective of 4.020 [3.970, 4.070]" in text
    assert "Predicted best minus uniform, validation split: the law said −0.050 [−0.070, −0.030]; measured: " in text
    assert ", inside what the law foretold." in text
    assert "Measured best minus uniform, validation split" in text
    assert "whether the law held cannot be told." in text
    assert "runs" in text
    assert "FLOP" in text
    assert "orchestration" in text
    assert "TypeScript" in text


def test_page_and_terminal_show_the_same_numbers(whole_study: Study) -> None:
    config, folder = whole_study
    artifacts = read_artifacts(folder)
    result = headline(config, artifacts, language_labels(config, artifacts))
    text = printed(summary_table(config, folder))
    assert [row.language for row in result.rows] == list(LANGUAGES)
    for row in result.rows:
        for loss in row.losses.values():
            assert with_error(loss.mean, loss.standard_error) in text


def test_summary_of_an_empty_folder_holds_dashes(whole_study: Study, tmp_path: Path) -> None:
    text = printed(summary_table(whole_study[0], StudyFolder(tmp_path)))
    assert "12.5 %" in text
    assert "–" in text


def test_known_mixtures_before_the_comparison(whole_study: Study, tmp_path: Path) -> None:
    config, folder = whole_study
    artifacts = read_artifacts(folder)
    assert set(shares(config, artifacts)) == {"uniform", "predicted_best", "measured_best"}
    assert set(shares(config, read_artifacts(StudyFolder(tmp_path)))) == {"uniform"}


def test_cost_adds_up_over_stages(whole_study: Study) -> None:
    artifacts = read_artifacts(whole_study[1])
    assert artifacts.timings is not None
    cost = study_cost(artifacts)
    stages = artifacts.timings.stages.values()
    assert cost.seconds == pytest.approx(sum(stage.seconds for stage in stages))
    orchestration = sum(stage.orchestration_seconds or 0 for stage in stages)
    assert cost.orchestration_share == pytest.approx(orchestration / cost.seconds)


def test_stage_tables(whole_study: Study, tmp_path: Path) -> None:
    config, folder = whole_study
    assert "bytes per token" in printed(corpus_table(config, folder))
    assert "effective-data (taken)" in printed(law_table(load_law(folder.law)))
    with pytest.raises(UserError, match="codescale corpus"):
        corpus_table(config, StudyFolder(tmp_path))


def test_below_the_corpus_stands_what_was_left_out(whole_study: Study, tmp_path: Path) -> None:
    config, folder = whole_study[0], StudyFolder(tmp_path)
    content = read_json(whole_study[1].manifest)
    content["sources"][1]["left_out"] = {"unknown_label": {"Cobol": 1_200, "[red]": 1}}
    write_json(folder.manifest, content)
    text = printed(corpus_table(config, folder))
    assert "Python: dropped near duplicate (31), long line (4)." in text
    assert "another-package: left out rows whose label means no language: Cobol (1,200), [red] (1)." in text


def test_pairings_hold_every_finished_mixture_and_trial(whole_study: Study) -> None:
    config, folder = whole_study
    law, runs = load_law(folder.law), read_runs(folder.runs_table)
    found = pairings(law, runs, config.weights())
    assert found is not None
    assert sum(pairing.stage == "mixture" for pairing in found) == 40
    assert sum(pairing.stage == "trial" for pairing in found) == 12
    assert max(abs(pairing.predicted - pairing.measured) for pairing in found) < 0.1
    assert pairings(law, runs, {"cobol": 1.0}) is None


def test_held_out_errors_name_the_law_in_use(whole_study: Study) -> None:
    errors = held_out_errors(load_law(whole_study[1].law))
    assert [error.name for error in errors if error.is_chosen] == ["effective-data"]
    assert {error.name for error in errors if error.is_baseline} == {"mean", "linear"}
    assert [error.error for error in errors] == sorted(error.error for error in errors)


def test_what_the_law_foretold_stands_beside_its_error_and_older_laws_have_none(whole_study: Study) -> None:
    law = load_law(whole_study[1].law)
    own = law.held_out[law.name]
    claims = claims_on_hold_outs(law)
    assert [claim.kind for claim in claims] == list(own.splits)
    text = printed(law_table(law))
    assert "What effective-data foretold of runs held out" in text
    for claim in claims:
        assert claim.low <= claim.inside <= claim.high
        assert f"{100 * own.foretold[claim.kind]:.2f}" in text
        assert f"{100 * claim.inside:.0f} % [{100 * claim.low:.0f}, {100 * claim.high:.0f}]" in text
    older = own.model_copy(update={"inside": {}, "foretold": {}, "trunks": {}})
    before = law.model_copy(update={"held_out": {law.name: older}})
    assert claims_on_hold_outs(before) == []
    assert "foretold" not in printed(law_table(before))


def test_what_a_law_makes_of_repeated_tokens_is_printed(whole_study: Study) -> None:
    law = load_law(whole_study[1].law)
    assert "Repeated tokens" not in printed(law_table(law))
    one = law.model_copy(update={"half_life": 15.42})
    assert "Repeated tokens: R* = 15.4 repetitions; parameters all count." in printed(law_table(one))
    excess = ExcessParameters(half_life=5.31, tokens_per_parameter=19.5)
    text = printed(law_table(one.model_copy(update={"excess_parameters": excess})))
    assert "R* = 15.4 repetitions; R_N* = 5.31 for parameters beyond one for 19.5 distinct tokens" in text


def test_compared_laws_show_what_they_foretold_inside_the_range_and_beyond() -> None:
    held_out = HeldOut(error=0.02, splits={"runs": 0.02}, targets={"a": 0.02})
    sure = Calibration(0.3, 0.2, 0.4, 31, 0.0217, 0.0051)
    table = laws_table([LawComparison("additive", held_out, 1.0, None, None, inside=sure)])
    text = " ".join(printed(table).split())  # titles wrap
    assert "inside the range of N and D" in text
    assert "longer and larger" not in text
    for figure in ("2.17 %", "0.51 %", "30 % [20, 40]", "31"):
        assert figure in text
    assert "regret" not in text


def test_the_laws_own_artifacts_are_understood(whole_study: Study) -> None:
    """What the fitting stage really writes, not only what the synthetic study invents."""
    runs = read_runs(whole_study[1].runs_table)
    runs = runs.select(runs.n_params > 0)
    scaling = fit_scaling(runs, LANGUAGES[:2], bootstrap=2)
    assert set(scaling.languages) == set(LANGUAGES[:2])
    assert {point.scale[1] for point in scaling.languages["java"].points} == {100_000, 200_000, 400_000}
    synergy = measure_synergy(runs, LANGUAGES)
    assert synergy.gain == {}
    assert synergy.reason


def test_quantities_read_well() -> None:
    plain = {
        count(1_234_567): "1.23 M",
        count(999_600): "1 M",
        count(400_000): "400 k",
        count(12): "12",
        count(None): "–",
        count(2.5e12, "FLOP"): "2.5 TFLOP",
        duration(43.2): "43 s",
        duration(725): "12 min 05 s",
        duration(0.25): "0.2 s",
        duration(7620): "2 h 07 min",
        number(-0.5): "−0.500",
        interval(1, 2): "[1.000, 2.000]",
        interval(None, 2): "",
        interval(float("nan"), 2): "",
        signed_percent(-0.012): "−1.2 %",
        with_error(1.0, None): "1.000",
    }
    for text, expected in plain.items():
        assert text.replace("\N{NO-BREAK SPACE}", " ") == expected


def test_the_summary_shows_every_baseline_and_harm_by_the_rule(whole_study: Study, tmp_path: Path) -> None:
    assert "p (Holm)" not in printed(summary_table(*whole_study)), "uniform alone stands in the lines"
    folder = StudyFolder(Path(shutil.copytree(whole_study[1].root, tmp_path / "study")))
    with_baselines(folder)
    text = printed(summary_table(whole_study[0], folder), width=80)
    assert "Measured best minus each baseline" in text
    assert "<natural> (yardstick)" in text
    assert "Harm against <natural> beyond 2 %" in text
    lines = printed(summary_table(whole_study[0], folder), width=400)
    assert (
        "Measured best reaches <natural>'s objective with 23 % fewer (90 % interval 9 % to 35 % fewer) tokens; at the "
        "target the law expects 5 % more (90 % interval 20 % more to 12 % fewer)." in lines
    )
    assert text.count("p (Holm)") == 2
