"""A whole study folder made of invented numbers, in the shapes that the stages write.

Losses come from a made-up law with made-up noise: nothing in here was measured, and nothing of it may be quoted.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from codescale.artifact import Interval
from codescale.comparison.baselines import against_baselines
from codescale.comparison.harm import harm_of
from codescale.comparison.result import ComparisonResult, Worth
from codescale.files import read_json, write_json, write_yaml
from codescale.laws.fitting.fit import fit_law
from codescale.laws.law import save_law
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import NoHarmRule
from codescale.runs.records import Evaluation, RunRecord, RunSpec
from codescale.runs.table import compact
from codescale.runs.table_reader import read_runs
from codescale.study.config import StudyConfig, parse_study
from codescale.study.folder import StudyFolder
from codescale.study.presets import preset_text

LANGUAGES = ("python", "java", "javascript", "typescript", "csharp", "go", "rust", "text")
SIZES = {"tiny": 27_000, "small": 83_000, "medium": 151_000}
TOKENS = (100_000, 200_000, 400_000)
NOISE = 0.012
PACKING = dict(zip(LANGUAGES, (3.1, 3.6, 2.9, 3.0, 3.7, 2.6, 2.8, 2.7), strict=True))
_FLOOR = dict(zip(LANGUAGES, (1.9, 1.5, 2.0, 1.8, 1.3, 1.6, 1.9, 2.2), strict=True))
_SLOPE = dict(zip(LANGUAGES, (0.36, 0.30, 0.31, 0.30, 0.28, 0.29, 0.22, 0.33), strict=True))
_KIN = {("java", "csharp"): 0.45, ("javascript", "typescript"): 0.5, ("python", "text"): 0.1}


def _transfer(target: str, source: str) -> float:
    if target == source:
        return 1.0
    return max(_KIN.get((target, source), 0.0), _KIN.get((source, target), 0.0), 0.12 if source == "python" else 0.06)


def true_loss(target: str, n_params: float, n_tokens: float, shares: dict[str, float]) -> float:
    """The invented law, nats per token."""
    effective = n_tokens * sum(_transfer(target, source) * share for source, share in shares.items()) + 2_000
    slope = _SLOPE[target]
    return _FLOOR[target] + 22 * n_params**-0.33 + 2.2 * (effective / 60_000) ** -slope


def _record(spec: RunSpec, generator: np.random.Generator, status: str = "ok") -> RunRecord:
    def losses(tokens: float, extra: float) -> dict[str, float]:
        return {
            name: true_loss(name, spec.n_params, tokens, spec.proportions) + extra + generator.normal(0, NOISE)
            for name in LANGUAGES
        }

    evaluations, last = [], spec.token_points[-1]
    reach = 1.0 if status == "ok" else 0.4
    for k in range(1, 6):
        tokens = int(last * k / 5)
        if tokens > last * reach:
            break
        evaluations.append(
            Evaluation(
                n_tokens=tokens, losses=losses(tokens, 0.25), annealed=False, branch=None, flops=6.0 * tokens * 3e5
            )
        )
    if status == "ok":
        for point in spec.token_points:
            evaluations.append(
                Evaluation(
                    n_tokens=point, losses=losses(point, 0.0), annealed=True, branch=point, flops=6.0 * point * 3e5
                )
            )
    return RunRecord(
        spec=spec,
        status=status,
        evaluations=tuple(evaluations),
        corpus_id="synthetic",
        tokens_trained=int(last * reach),
        flops=6.0 * last * reach * 3e5,
        seconds=last * reach / 30_000,
        finished=0.0,
    )


def _spec(run_id: str, stage: str, size: str, points: tuple[int, ...], shares: dict[str, float], seed: int) -> RunSpec:
    return RunSpec(
        run_id=run_id, stage=stage, size=size, n_params=SIZES[size], token_points=points, proportions=shares, seed=seed
    )


def _objective(losses: dict[str, float]) -> float:
    return float(np.mean([losses[name] for name in LANGUAGES if name != "text"]))


def _draw(generator: np.random.Generator, around: np.ndarray, strength: float) -> dict[str, float]:
    return dict(Mixture.from_array(LANGUAGES, generator.dirichlet(around * strength + 0.05)))


BEST = dict(zip(LANGUAGES, (0.2, 0.11, 0.13, 0.12, 0.1, 0.15, 0.16, 0.03), strict=True))


def study_text() -> str:
    """The demo's study file with the text domain added, every programming language alike and no token scarce."""
    import yaml

    content = yaml.safe_load(preset_text("demo"))
    del content["sweep"]["repetition"], content["sweep"]["mixtures"]["spread"]
    del content["target"]["weights"], content["target"]["available"]
    content |= {
        "name": "synthetic study",
        "languages": [*content["languages"], "text"],
        "search": content["search"] | {"space": "seven_languages"},
        "comparison": {"size": "medium", "tokens": 400_000, "seeds": 5},
    }
    return yaml.safe_dump(content, sort_keys=False)


def make_config(folder: Path) -> StudyConfig:
    """The synthetic study's configuration."""
    import yaml

    return parse_study(yaml.safe_load(study_text()), folder / "study.yaml")


def make_study(root: Path, seed: int = 0) -> tuple[StudyConfig, StudyFolder]:
    """Writes every artifact of a finished study into ``root``."""
    generator = np.random.default_rng(seed)
    folder = StudyFolder(root)
    config = folder.create(study_text())
    write_json(folder.manifest, manifest())
    grid = {
        language: [
            _record(_spec(f"grid-{language}-{size}", "grid", size, TOKENS, {language: 1.0}, 0), generator)
            for size in SIZES
        ]
        for language in LANGUAGES
    }
    mixtures = [
        _record(
            _spec(f"mixture-{k}", "mixture", "medium", (200_000, 400_000), _draw(generator, np.full(8, 1 / 8), 8.0), k),
            generator,
        )
        for k in range(20)
    ]
    trials, search_json = search(generator, mixtures)
    records = [record for runs in grid.values() for record in runs] + mixtures
    compact(records, folder.runs_table)
    law = fit_law(read_runs(folder.runs_table), "effective-data", bootstrap=10, workers=1)
    save_law(law, folder.law)
    compact(records + trials, folder.runs_table)
    write_json(folder.scaling, scaling(grid))
    write_json(folder.synergy, synergy(generator))
    write_yaml(
        folder.mixture,
        {
            "proportions": BEST,
            "objective": 4.02,
            "interval": [3.97, 4.07],
            "law": "law.json",
            "n_params": 151_000,
            "n_tokens": 400_000,
        },
    )
    write_json(folder.search, search_json)
    write_json(folder.comparison, comparison(generator, search_json["incumbent"]["proportions"]))
    write_json(folder.timings, timings())
    return config, folder


def manifest() -> dict[str, Any]:
    """corpus/manifest.json."""
    languages = {}
    for k, name in enumerate(LANGUAGES):
        size = int(4e6 / (1 + 0.35 * k))
        shares = {"training": 0.84, "validation": 0.08, "test": 0.08}
        languages[name] = {
            "documents": {split: int(size * share / 6_000) for split, share in shares.items()},
            "bytes": {split: int(size * share) for split, share in shares.items()},
            "tokens": {split: int(size * share / PACKING[name]) for split, share in shares.items()},
            "bytes_per_token": dict.fromkeys(shares, PACKING[name]),
            "licences": {"Apache-2.0": 320 - 20 * k, "MIT": 40 + 9 * k},
            "dropped": {"minified": 12 * k, "near_duplicate": 31 + k, "long_line": 4},
            "split_by": "package" if k < 3 else "folder",
        }
    return {
        "corpus_id": "synthetic-" + "0" * 20,
        "vocabulary": 1024,
        "languages": languages,
        "sources": [
            {"name": "invented-package", "version": "1.2.3", "sha256": "ab" * 32, "licence": "Apache-2.0"},
            {"name": "another-package", "version": "0.9", "sha256": "cd" * 32, "licence": "MIT"},
        ],
    }


def scaling(grid: dict[str, list[RunRecord]]) -> dict[str, Any]:
    """scaling.json, its fit being the invented law itself."""
    languages = {}
    for name, records in grid.items():
        a, b, beta = 22.0, 2.2 * 60_000 ** _SLOPE[name], _SLOPE[name]
        values = {"E": _FLOOR[name], "A": a, "alpha": 0.33, "B": b, "beta": beta}
        points = [
            {
                "n_params": record.spec.n_params,
                "n_tokens": tokens,
                "loss": record.final_losses(tokens)[name],
                "fitted": values["E"] + a * record.spec.n_params**-0.33 + b * tokens**-beta,
            }
            for record in records
            for tokens in TOKENS
        ]
        residuals = [point["loss"] - point["fitted"] for point in points]
        languages[name] = {
            "parameters": {
                key: {"value": value, "low": value * 0.8, "high": value * 1.25} for key, value in values.items()
            },
            "unidentified": ["A", "alpha"] if name == "go" else [],
            "points": points,
            "rmse": float(np.sqrt(np.mean(np.square(residuals)))),
            "n_runs": len(points),
        }
    return {"level": 0.9, "languages": languages, "skipped": {"cobol": "no runs of this language alone"}}


def synergy(generator: np.random.Generator) -> dict[str, Any]:
    """synergy.json, one gain without an interval among it."""
    gain: dict[str, dict[str, Any]] = {}
    for target in LANGUAGES:
        gain[target] = {}
        for source in LANGUAGES:
            if source == target:
                continue
            value = 0.06 * (_transfer(target, source) - 0.2) + generator.normal(0, 0.003)
            low, high = value - 0.008, value + 0.008
            entry = {"value": value, "low": low, "high": high, "differs_from_zero": low > 0 or high < 0}
            gain[target][source] = entry
    gain["go"]["rust"] |= {"low": None, "high": None, "differs_from_zero": False}
    alone = {name: {"half": 4.9, "twice": 4.7, "fresh": 4.5 if name != "rust" else None} for name in LANGUAGES}
    return {
        "level": 0.9,
        "n_params": 83_000,
        "n_tokens": 300_000,
        "languages": list(LANGUAGES),
        "gain": gain,
        "alone": alone,
        "noise": dict.fromkeys(LANGUAGES, NOISE),
        "seeds": 1,
    }


def search(generator: np.random.Generator, mixtures: list[RunRecord]) -> tuple[list[RunRecord], dict[str, Any]]:
    """The trials' records and search.json."""
    centre = np.array(list(BEST.values()))
    entries, records, history, spent = [], [], [], 0
    best: dict[str, Any] = {}

    def curve(record: RunRecord) -> list[list[Any]]:
        rows = [row for row in record.evaluations if row.branch in (None, 400_000)]
        return [[row.n_tokens, _objective(row.losses), row.annealed] for row in rows]

    def add(record: RunRecord, number: int | None, source: str) -> None:
        nonlocal spent, best
        complete = record.status == "ok"
        value = _objective(record.final_losses()) if complete else None
        trained = record.tokens_trained if number is not None else 0
        spent += trained
        entries.append(
            {
                "number": number,
                "run_id": record.spec.run_id,
                "source": source,
                "proportions": record.spec.proportions,
                "hyper": {},
                "state": "COMPLETE" if complete else "PRUNED",
                "objective": value,
                "curve": curve(record),
                "tokens_trained": trained,
                "flops": record.flops,
                "seconds": record.seconds,
            }
        )
        if value is not None and (not best or value < best["objective"]):
            best = entries[-1]
            history.append([spent, value])

    for record in mixtures[:6]:
        add(record, None, "sweep")
    for k in range(16):
        source = "law" if k == 0 else "thompson" if k < 4 else "sampler"
        shares = BEST if k == 0 else _draw(generator, centre, 60.0 if k < 4 else 25.0)
        status = "pruned" if k in (5, 8, 9, 13) else "ok"
        record = _record(_spec(f"trial-{k}", "trial", "medium", (400_000,), shares, 0), generator, status)
        records.append(record)
        add(record, k, source)
    entries.append(
        entries[-1] | {"number": 16, "state": "RUNNING", "objective": None, "curve": [], "tokens_trained": 0}
    )
    return records, {
        "space": "seven_languages",
        "sampler": "tpe",
        "weights": {},
        "n_params": 151_000,
        "n_tokens": 400_000,
        "trials": entries,
        "incumbent": best,
        "incumbent_history": history,
        "tokens_trained": spent,
        "tokens_saved_by_pruning": 960_000,
        "pruned": 4,
        "seconds": 310.0,
        "overhead_seconds": 21.0,
    }


def _summary(values: list[float]) -> dict[str, Any]:
    error = float(np.std(values, ddof=1) / math.sqrt(len(values)))
    return {"mean": float(np.mean(values)), "standard_error": error, "values": values}


def _difference(values: list[float]) -> dict[str, float]:
    error = float(np.std(values, ddof=1) / math.sqrt(len(values)))
    mean = float(np.mean(values))
    return {"mean": mean, "standard_error": error, "low": mean - 2.92 * error, "high": mean + 2.92 * error}


def with_baselines(folder: StudyFolder) -> None:
    """Adds to the folder's comparison two baselines and a no-harm rule against one of them."""
    content = read_json(folder.comparison)
    content["mixtures"]["<natural>"] = content["mixtures"]["predicted_best"]
    found = ComparisonResult.of(content, folder.comparison, "")
    measured = {name: mixture.measured for name, mixture in found.mixtures.items()}
    judged = {name: measured[name] for name in ("uniform", "<natural>")}
    rule = NoHarmRule("<natural>", 0.02, relative=True)
    verdicts = against_baselines(measured["measured_best"], judged)
    saved = Interval(value=0.23, low=0.09, high=0.35)
    worth = Worth(objective=saved, languages={"go": saved}, forecast=Interval(value=-0.05, low=-0.2, high=0.12))
    verdicts = {word: one.model_copy(update={"worth": worth}) for word, one in verdicts.items()}
    content["baselines"] = {name: one.content() for name, one in verdicts.items()}
    content["harm"] = harm_of(measured["measured_best"], measured["<natural>"], rule).content()
    write_json(folder.comparison, content | {"yardstick": "<natural>"})


def comparison(generator: np.random.Generator, measured_best: dict[str, float]) -> dict[str, Any]:
    """comparison.json."""
    shares = {"uniform": dict.fromkeys(LANGUAGES, 1 / 8), "predicted_best": BEST, "measured_best": measured_best}
    losses = {
        name: [
            {lang: true_loss(lang, 151_000, 400_000, mixture) + generator.normal(0, NOISE) for lang in LANGUAGES}
            for _seed in range(3)
        ]
        for name, mixture in shares.items()
    }
    mixtures: dict[str, Any] = {}
    differences: dict[str, Any] = {}
    for name, runs in losses.items():
        measured = {
            "objective": _summary([_objective(run) for run in runs]),
            "losses": {lang: _summary([run[lang] for run in runs]) for lang in LANGUAGES},
        }
        truth = {
            lang: true_loss(lang, 151_000, 400_000, shares[name]) + generator.normal(0, 0.03) for lang in LANGUAGES
        }
        mixtures[name] = {
            "proportions": shares[name],
            "hyper": {"learning_rate_factor": 1.2} if name == "measured_best" else {},
            "predicted": {
                "objective": {"value": 4.02, "low": 3.97, "high": 4.07},
                "losses": {lang: {"value": v, "low": v - 0.06, "high": v + 0.06} for lang, v in truth.items()},
            },
            "validation": measured,
            "measured": measured
            | {
                "bits_per_byte": {
                    lang: {
                        "mean": loss["mean"] / math.log(2) / PACKING[lang],
                        "standard_error": loss["standard_error"] / math.log(2) / PACKING[lang],
                    }
                    for lang, loss in measured["losses"].items()
                }
            },
            "cost": {"tokens": 1_200_000, "flops": 3e12, "seconds": 60.0},
        }
        if name != "uniform":
            pairs = list(zip(runs, losses["uniform"], strict=True))
            differences[name] = {
                "objective": _difference([_objective(run) - _objective(base) for run, base in pairs]),
                "losses": {lang: _difference([run[lang] - base[lang] for run, base in pairs]) for lang in LANGUAGES},
            }
    objective = differences["measured_best"]["objective"]
    foretold = {
        name: {
            "predicted": {"value": -0.05, "low": -0.07, "high": -0.03},
            "measured": difference["objective"],
            "inside": {"predicted_best": True, "measured_best": None}[name],
        }
        for name, difference in differences.items()
    }
    larger = {
        "n_params": 640_000,
        "n_tokens": 400_000,
        "seeds": [1, 2, 3, 4],
        "mixtures": mixtures,
        "differences": differences,
        "measured_minus_predicted": differences["predicted_best"],
        "verdict": {"statement": "At 4.2 times <the> N: synthetic.", "times_the_search": 4.2, "rank_correlation": 0.5},
    }
    return {
        "measured_minus_predicted": differences["predicted_best"],
        "larger": larger,
        "n_params": 151_000,
        "n_tokens": 400_000,
        "seeds": [1, 2, 3],
        "foretold": foretold,
        "split": "test",
        "level": 0.9,
        "weights": {lang: float(lang != "text") for lang in LANGUAGES},
        "corpus_id": "synthetic",
        "mixtures": mixtures,
        "differences": differences,
        "verdict": {
            "statement": "Synthetic numbers: the measured best mixture changes the objective by "
            f"{objective['mean']:+.4f} nats per token. Nothing here was measured.",
            "beats_uniform": objective["high"] < 0,
            "harmed": ["text"],
        },
    }


def timings() -> dict[str, Any]:
    """timings.json."""
    seconds = {"corpus": 74.0, "start Ray": 9.0, "sweep": 610.0, "fit": 18.0, "search": 310.0, "compare": 122.0}
    return {
        "stages": {
            name: {
                "seconds": value,
                "orchestration_seconds": 9.0 if name == "start Ray" else 0.06 * value,
                "tokens": value * 3e4,
                "flops": value * 2e10,
                "runs": int(value / 8),
            }
            for name, value in seconds.items()
        },
        "machine": {"cpu": "an invented processor", "cores": 2, "memory_gb": 8.0, "python": "3.11", "ray": "2.50"},
    }
