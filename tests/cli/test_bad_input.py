"""Bad input at the command line: one line that names the file and the hint, exit code 2, no traceback."""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from codescale.cli import main
from codescale.errors import UserError
from codescale.stages.timings import Timings
from codescale.study.presets import preset_text

HEADER = "run_id,n_params,n_tokens,proportion.a,proportion.b,loss.a,loss.b\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Twelve runs of a simple law over two domains."""
    path = tmp_path / "runs.csv"
    rows = []
    for k in range(12):
        share = 0.05 + 0.9 * k / 11
        losses = (2 + 300 * (1e6 * share) ** -0.4, 2.5 + 300 * (1e6 * (1 - share)) ** -0.4)
        rows.append(f"r{k},1e6,1e6,{share},{1 - share},{losses[0]},{losses[1]}")
    path.write_text(HEADER + "\n".join(rows) + "\n")
    return path


def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: object) -> tuple[int, str]:
    """Exit code and standard error of the command line."""
    monkeypatch.setattr(sys, "argv", ["codescale", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0), capsys.readouterr().err


@pytest.fixture
def codescale(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    return lambda *arguments: command(capsys, monkeypatch, *arguments)


def refused(result: tuple[int, str], *words: str) -> None:
    code, text = result
    assert code == 2, text
    assert "Traceback" not in text
    errors = [line for line in text.splitlines() if not line.startswith("warning:")]
    assert len(errors) == 1, text
    for word in words:
        assert word in errors[0]


def test_fit_names_rows_that_repeat_their_tokens_unless_they_are_counted(codescale, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    runs, law = tmp_path / "runs.csv", tmp_path / "law.json"
    rows = ["run_id,n_params,n_tokens,proportion.a,loss.a,unique_tokens.a"]
    for k, tokens in enumerate((1e5, 2e5, 4e5, 8e5, 16e5, 32e5)):
        rows.append(f"r{k},1e6,{tokens},1,{2 + 300 * min(tokens, 5e5) ** -0.4},4e5")
    runs.write_text("\n".join(rows) + "\n")
    arguments = ("fit", runs, "--output", law, "--law", "chinchilla", "--bootstrap", 2)
    code, text = codescale(*arguments)
    assert code == 0, text
    assert " ".join(text.split()).count("3 of 6 rows see tokens again, up to 8.0 epochs") == 1
    code, text = codescale(*arguments, "--repetition")
    assert code == 0, text
    assert "see tokens again" not in text


def write_study(folder: Path, **changes: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "study.yaml").write_text(yaml.safe_dump(yaml.safe_load(preset_text("quick")) | changes))
    return folder


def test_fit_predict_and_optimize_go_through(codescale, table: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    law, predictions, mixture = tmp_path / "law.json", tmp_path / "predictions.csv", tmp_path / "mixture.yaml"
    assert codescale("fit", table, "--output", law, "--bootstrap", 20)[0] == 0
    assert codescale("predict", law, table, "--output", predictions)[0] == 0
    header = predictions.read_text().splitlines()[0].replace('"', "")
    assert {"predicted.a", "predicted.a.low", "predicted.a.high", "extrapolated"} <= set(header.split(","))
    assert codescale("optimize", law, "--params", "1e6", "--tokens", "1e6", "--output", mixture)[0] == 0
    content = yaml.safe_load(mixture.read_text())
    assert sum(content["proportions"].values()) == pytest.approx(1)
    usual = {"proportions", "objective", "interval", "law", "n_params", "n_tokens"}
    assert set(content) == usual | {"share_intervals", "gain_over_uniform"}


def test_strict_refuses_what_lies_outside_the_fitted_range(codescale, table: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    law, larger, output = tmp_path / "law.json", tmp_path / "larger.csv", tmp_path / "p.csv"
    codescale("fit", table, "--output", law, "--bootstrap", 2)
    header = table.read_text().splitlines()[0]
    larger.write_text(header + "\nlarge,1e12,1e9,0.5,0.5,3,3\n")
    refused(
        codescale("predict", law, larger, "--output", output, "--strict"), "larger.csv, row 1", "N = 1e+12", "--strict"
    )
    assert not output.exists()
    assert codescale("predict", law, larger, "--output", output)[0] == 0
    assert output.read_text().splitlines()[1].endswith("true")
    assert codescale("predict", law, table, "--output", output, "--strict")[0] == 0


def test_predictions_go_to_a_file_whose_ending_says_what_it_is(codescale, table: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    law = tmp_path / "law.json"
    codescale("fit", table, "--output", law, "--bootstrap", 2)
    refused(codescale("predict", law, table, "--output", tmp_path / "p.txt"), "p.txt", "end it in .csv or .parquet")
    assert codescale("predict", law, table, "--output", tmp_path / "P.CSV")[0] == 0
    assert (tmp_path / "P.CSV").read_text().startswith('"run_id"')


@pytest.mark.parametrize(
    "words", [["fit", "--law", "additive"], ["fit", "-o", "l.json"], ["fit", "--repetition"], ["optimize", "--kl", "0"]]
)
def test_an_option_that_a_study_would_ignore_is_refused(codescale, words: list[str], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    study = write_study(tmp_path / "s")
    refused(codescale(words[0], study, *words[1:]), "beside a study's folder, which has a study.yaml")


def test_a_plan_is_of_a_study_or_of_a_preset(codescale, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    study = write_study(tmp_path / "s")
    refused(codescale("sweep", study, "--plan", "--preset", "demo"), "--preset", "beside the study")


def test_an_unknown_law_lists_the_known_ones(codescale, table: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    refused(codescale("fit", table, "--output", tmp_path / "l.json", "--law", "magic"), "magic", "effective-data")


def test_proportions_off_the_simplex_name_their_row(codescale, table: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    table.write_text(table.read_text() + "bad,1e6,1e6,0.9,0.9,3,3\n")
    refused(codescale("fit", table, "--output", tmp_path / "l.json"), "runs.csv, row 13", "sum to 1.8")


def test_a_missing_output_is_named(codescale, table: Path) -> None:  # type: ignore[no-untyped-def]
    refused(codescale("fit", table), "--output")


def test_unknown_names_in_small_files_name_file_and_key(codescale, table: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    law, weights = tmp_path / "law.json", tmp_path / "weights.yaml"
    codescale("fit", table, "--output", law, "--bootstrap", 2)
    weights.write_text("cobol: 1\n")
    arguments = ("optimize", law, "--params", 1e6, "--tokens", 1e6, "--output", tmp_path / "m.yaml")
    refused(codescale(*arguments, "--weights", weights), "weights.yaml", "cobol")
    bounds = tmp_path / "bounds.yaml"
    bounds.write_text("a: [0.7, 0.9]\nb: [0.6, 0.9]\n")
    refused(codescale(*arguments, "--bounds", bounds), "a", "b", "sum")


@pytest.mark.parametrize("value", ["nan", "inf", "1e400", "0", "-1", "0.3"])
def test_a_target_that_is_no_count(codescale, table: Path, tmp_path: Path, value: str) -> None:  # type: ignore[no-untyped-def]
    law = tmp_path / "law.json"
    codescale("fit", table, "--output", law, "--bootstrap", 2)
    arguments = ("optimize", law, "--params", value, "--tokens", 1e6, "--output", tmp_path / "m.yaml")
    refused(codescale(*arguments), "--params", "is not a count")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--nonsense"], "No such option"),
        (["fit"], "RUNS"),
        (["fit", "x", "--bootstrap", "0"], "--bootstrap is '0', where a number of 2 or more is wanted"),
        (["fit", "x", "--bootstrap", "many"], "--bootstrap is 'many', where a whole number is wanted"),
        (["predict", "x", "y", "--output"], "--output"),
        (["forecast", "x", "--params", "1e9x"], "--params is '1e9x', where a number is wanted"),
    ],
)
def test_options_that_cannot_be_taken_are_one_line(codescale, arguments: list[str], words: str) -> None:  # type: ignore[no-untyped-def]
    refused(codescale(*arguments), words, "--help")


def test_a_law_edited_by_hand_is_checked(codescale, table: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    law = tmp_path / "law.json"
    codescale("fit", table, "--output", law, "--bootstrap", 2)
    content = json.loads(law.read_text())
    for path, value in ((("noise", "a"), -1.0), (("fitted_range", "proportions"), {}), (("noise", "a"), math.nan)):
        broken = json.loads(json.dumps(content))
        inner = broken
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        law.write_text(json.dumps(broken))
        refused(codescale("predict", law, table, "--output", tmp_path / "p.csv"), "law.json", path[0])


def test_ctrl_c_says_that_the_same_command_goes_on(tmp_path: Path) -> None:
    study = write_study(tmp_path / "s")
    code = (
        "import sys; from codescale import cli; from codescale.stages import study\n"
        "def interrupt(self): raise KeyboardInterrupt\n"
        "study.Study.corpus = interrupt\n"
        f"sys.argv = ['codescale', 'corpus', {str(study)!r}]; cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr.strip() == "error: interrupted; the same command goes on from here"


def test_broken_timings_and_an_empty_sweep_are_one_line(codescale, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    study = write_study(tmp_path / "s", sweep={})
    assert codescale("sweep", study, "--plan")[0] == 0
    (study / "timings.json").write_text("[]")
    with pytest.raises(UserError, match=r"timings\.json: is not what codescale wrote; delete it"):
        Timings(study / "timings.json").add("fit", seconds=1.0)


def test_a_law_that_is_no_law_is_named(codescale, table: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    broken = tmp_path / "law.json"
    broken.write_text('{"name": "effective-data"')
    refused(codescale("predict", broken, table, "--output", tmp_path / "p.csv"), "law.json, line 1")


def test_a_study_with_an_unknown_key(codescale, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    refused(codescale("corpus", write_study(tmp_path / "s", colour=1)), "study.yaml, colour", "unknown key")


def test_a_folder_without_a_study(codescale, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    refused(codescale("sweep", tmp_path), "study.yaml", "codescale init")


def test_stages_before_their_artifacts_say_which_to_run(codescale, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    study = write_study(tmp_path / "s")
    refused(codescale("sweep", study), "manifest.json", "codescale corpus")
    refused(codescale("fit", study), "runs.parquet", "codescale sweep")
    refused(codescale("optimize", study), "codescale")


def test_a_plan_refuses_what_the_search_would(codescale, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    search = yaml.safe_load(preset_text("quick"))["search"]
    study = write_study(tmp_path / "s", search=search | {"workers_per_trial": 10_000})
    refused(codescale("plan", study), "study.yaml, search.workers_per_trial", "10000 workers, and there are")
    for budget in ({"tokens": 10}, {"flops": 1e9}):
        write_study(study, search=search | {"budget_tokens": None, "budget": budget})
        refused(
            codescale("plan", study), f"study.yaml, search.budget.{next(iter(budget))}: does not suffice for one trial"
        )
    huge = {"tiny": {"hidden": 10**9, "layers": 2, "heads": 2, "intermediate": 64}}
    huge["small"] = huge["tiny"] | {"layers": 3}
    write_study(study, sizes=huge)
    refused(codescale("plan", study), "study.yaml: ", "of memory")


def test_an_empty_corpus_folder(codescale, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "code").mkdir()
    study = write_study(tmp_path / "s", corpus={"sources": [{"kind": "folder", "path": str(tmp_path / "code")}]})
    refused(codescale("corpus", study), str(tmp_path / "code"))


def test_a_language_without_text(codescale, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for k in range(6):
        folder = tmp_path / "code" / f"r{k}"
        folder.mkdir(parents=True)
        for n in range(4):
            (folder / f"{n}.py").write_text("\n".join(f"value_{k}_{n}_{i} = {i * k + n}" for i in range(80)))
    study = write_study(tmp_path / "s", corpus={"sources": [{"kind": "folder", "path": str(tmp_path / "code")}]})
    refused(codescale("corpus", study), "java")


@pytest.fixture
def small_disk(tmp_path: Path):  # type: ignore[no-untyped-def]
    """A file system of 64 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("this user may not mount a small file system")
    yield place
    subprocess.run(["umount", str(place)], check=False)


def test_a_full_disk_is_one_line_and_keeps_what_was_there(codescale, table: Path, small_disk: Path) -> None:  # type: ignore[no-untyped-def]
    law = small_disk / "law.json"
    assert codescale("fit", table, "--output", law, "--bootstrap", 2)[0] == 0
    before = law.read_bytes()
    (small_disk / "filler").write_bytes(b"x" * (64 * 1024 - len(before) - 8192))
    refused(codescale("fit", table, "--output", law, "--bootstrap", 200), "law.json", "the disk is full")
    assert law.read_bytes() == before


def test_a_read_only_disk_is_one_line(codescale, table: Path, small_disk: Path) -> None:  # type: ignore[no-untyped-def]
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    refused(codescale("fit", table, "--output", small_disk / "law.json", "--bootstrap", 2), "law.json", "read-only")
    refused(codescale("init", small_disk / "study"), "study", "read-only")


def test_an_archive_whose_path_climbs_out(codescale, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    archive = tmp_path / "evil-1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as opened:
        info = tarfile.TarInfo("evil-1.0/../../escaped.py")
        content = b"print('out')\n" * 50
        info.size = len(content)
        opened.addfile(info, io.BytesIO(content))
    from codescale.corpus.archive import read_members

    with pytest.raises(UserError, match=r"evil-1\.0\.tar\.gz.*escaped\.py"):
        list(read_members(archive, lambda name: True))
    assert not (tmp_path.parent / "escaped.py").exists()


@pytest.mark.parametrize("words", [[], ["laws"], ["search"]])
def test_a_group_alone_shows_its_help_and_no_empty_error(codescale, words: list[str]) -> None:  # type: ignore[no-untyped-def]
    code, text = codescale(*words)
    assert code == 2
    assert "error" not in text


@pytest.mark.parametrize(
    "name", ["init", "corpus", "sweep", "fit", "predict", "optimize", "search", "compare", "train", "report", "demo"]
)
def test_every_command_has_a_page_of_help(name: str, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(sys, "argv", ["codescale", name, "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert f"codescale {name}" in capsys.readouterr().out
