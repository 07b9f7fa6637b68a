"""``codescale evaluate``: models in, what they write and translate in each language out."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from codescale.comparison.kept_model import kept_model
from codescale.comparison.plan import MEASURED, comparison_runs
from codescale.errors import UserError
from codescale.evaluation.benchmarks.files import read_problems
from codescale.evaluation.generation.code_model import CodeModel
from codescale.evaluation.generation.opening import open_checkpoint, open_model
from codescale.evaluation.programs.forms.registry import FORMS
from codescale.evaluation.programs.library import load_programs
from codescale.evaluation.results.combine import EvaluatedModel, combined
from codescale.evaluation.results.result import EvaluationResult
from codescale.evaluation.sandbox.isolation import open_sandbox
from codescale.evaluation.scoring.language_score import score_language
from codescale.evaluation.scoring.part import LanguagePart, read_part
from codescale.evaluation.scoring.task import EvaluationTask
from codescale.evaluation.toolchains.discovery import find_toolchains
from codescale.files import file_sha256
from codescale.runs.records import RunSpec
from codescale.search.objective.problem import study_problem
from codescale.stages.compare import compared_mixtures
from codescale.stages.inputs import StageContext, needed, target_availability, unique_tokens
from codescale.stages.power import with_seeds
from codescale.study.evaluation import EvaluationSection
from codescale.training.loop.run_progress import read_progress
from codescale.training.model.hf_weights import weight_files

_FIELD = "study.yaml, evaluation"


def evaluate(
    context: StageContext, models: Sequence[Path] = (), *, run_generated_code_without_isolation: bool = False
) -> EvaluationResult:
    """Has each model write and translate the held-out programs, and holds them beside each other.

    What a model did in a language is kept as soon as it is known, so that the same call after a kill goes on there.

    Parameters
    ----------
    context
        The study; its section ``evaluation`` says how.
    models
        Folders as transformers writes them, or checkpoints of the study's runs, of which the first is the reference;
        none: the comparison's models, the found mixture's beside those of each baseline.
    run_generated_code_without_isolation
        Where nothing isolates, runs programs with this user's rights.

    Raises
    ------
    UserError
        Where the comparison has not kept its models, a model cannot be opened, or nothing isolates programs.
    """
    started = time.monotonic()
    section = context.config.evaluation or EvaluationSection()
    if models:
        evaluated = _named_models(models)
        contrasts = [(one.role, evaluated[0].role) for one in evaluated[1:]]
    else:
        evaluated, contrasts = _comparison_models(context)
    task = _task(context, section, run_generated_code_without_isolation)
    for line in task.toolchains.missing.values():
        context.progress.say(f"Not run: {line}")
    parts = _parts(context, task, evaluated)
    result = combined(task, evaluated, parts, contrasts)
    result.write(context.folder.evaluation)
    context.timings.add("evaluate", seconds=time.monotonic() - started)
    return result


def _task(context: StageContext, section: EvaluationSection, without_isolation: bool) -> EvaluationTask:
    config = context.config
    languages = [name for name in section.languages or config.languages if name in FORMS]
    if not languages:
        raise UserError(_FIELD, "no language has held-out programs", f"there are some in {', '.join(FORMS)}")
    problems = {name: read_problems(context.folder.root / Path(name).expanduser()) for name in section.problems}
    sandbox = open_sandbox(run_generated_code_without_isolation=without_isolation)
    return EvaluationTask(
        section=section,
        seed=config.seed,
        programs=load_programs()[: section.programs],
        problems=problems,
        languages=languages,
        pivot=config.training.pivot,
        sandbox=sandbox,
        toolchains=find_toolchains(sandbox, languages),
    )


def _named_models(models: Sequence[Path]) -> list[EvaluatedModel]:
    found = []
    for path in models:
        if not path.exists():
            raise UserError("--model", f"{path} does not exist", "name a model's folder, or a checkpoint")
        digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:6]
        name = f"{path.stem[:60]}-{digest}"
        found.append(EvaluatedModel(name, name, None, path))
    if len({one.name for one in found}) != len(found):
        raise UserError("--model", "names one model twice", "leave it out once")
    return found


def _comparison_models(context: StageContext) -> tuple[list[EvaluatedModel], list[tuple[str, str]]]:
    """Every model of the comparison's first scale, and the roles that are held beside each other."""
    config, folder = context.config, context.folder
    if config.trainer is not None:
        raise UserError(f"{folder.config_file}, trainer", "keeps its own models", "name them with --model")
    needed(folder, folder.comparison, "codescale compare")
    runs = _comparison_specs(context)
    # Roles that are one mixture share their runs: the first of them names them.
    first = {role: next(other for other in runs if runs[other] == specs) for role, specs in runs.items()}
    models = [
        EvaluatedModel(spec.run_id, role, spec.seed, kept_model(spec.run_id, folder))
        for role in dict.fromkeys(first.values())
        for spec in runs[role]
    ]
    found = first[MEASURED]
    return models, [(found, role) for role in dict.fromkeys(first.values()) if role != found]


def _comparison_specs(context: StageContext) -> Mapping[str, Sequence[RunSpec]]:
    problem = study_problem(context.config, context.folder).with_reference(target_availability(context).tokens)
    problem = with_seeds(context, problem)
    mixtures, best = compared_mixtures(context, problem)
    scale = problem.config.comparison.scales[0]
    return comparison_runs(
        problem.config, scale, mixtures, unique_tokens(context, scale.tokens), best.hyper, best.organisation
    )


def _parts(
    context: StageContext, task: EvaluationTask, models: Sequence[EvaluatedModel]
) -> dict[str, dict[str, LanguagePart]]:
    """What each model did in each language: read where it is known, else found out."""
    parts: dict[str, dict[str, LanguagePart]] = {}
    total = float(len(models) * len(task.languages))
    with context.progress.bar("Evaluate", total) as advance:
        for one in models:
            parts[one.name] = {}
            for language, part in _model_parts(context, task, one):
                parts[one.name][language] = part
                advance(1)
    return parts


def _model_parts(
    context: StageContext, task: EvaluationTask, evaluated: EvaluatedModel
) -> Iterator[tuple[str, LanguagePart]]:
    folder, opened = context.folder.evaluation_parts / evaluated.name, None
    weights = _checksum(evaluated.path)
    for language in task.languages:
        key, path = task.key(weights, language), folder / f"{language}.json"
        part = read_part(path, key)
        if part is None:
            opened = opened or _opened(context, evaluated.path)
            begun = time.monotonic()
            part = score_language(opened, task, language, key)
            part.write(path)
            context.progress.say(f"{evaluated.name}, {language}: {time.monotonic() - begun:.0f} s")
        yield language, part


def _checksum(path: Path) -> str:
    files = [path] if path.is_file() else [*weight_files(path), path / "config.json", path / "tokenizer.json"]
    return hashlib.sha256(" ".join(file_sha256(one) for one in files if one.is_file()).encode()).hexdigest()


def _opened(context: StageContext, path: Path) -> CodeModel:
    if path.is_dir():
        return open_model(path)
    from codescale.corpus.tokenizer import load_tokenizer

    config, corpus, progress = context.config, context.corpus(), read_progress(path)
    named = corpus.manifest.tokenizer
    if progress is None or named is None:
        raise UserError(path, "is no checkpoint of a run", "name one in the study's checkpoints, or a model's folder")
    size = str(progress.get("spec", {}).get("size"))
    if size not in config.sizes or progress.get("corpus_id") != corpus.corpus_id:
        raise UserError(path, "is of another study", f"name a checkpoint of {context.folder.name}")
    tokenizer = load_tokenizer(corpus.folder / named.file)
    shape, context_length = config.shape(size), config.training.context
    return open_checkpoint(path, shape, corpus.vocabulary, context_length, tokenizer, corpus.end_of_document)
