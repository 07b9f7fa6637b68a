"""One model in one language, from prompts to the part that is kept."""

from __future__ import annotations

from collections.abc import Sequence

from codescale.evaluation.benchmarks.checking import Completed, check_problems
from codescale.evaluation.benchmarks.problem import Problem
from codescale.evaluation.generation.code_model import CodeModel
from codescale.evaluation.generation.completion import Request, complete
from codescale.evaluation.generation.likelihood import Continued, continuation_nats
from codescale.evaluation.metrics.translation import corpus_bleu, exact_match
from codescale.evaluation.programs.checking import Solution, Verdict, check
from codescale.evaluation.programs.endings import ENDINGS, closed
from codescale.evaluation.programs.forms.registry import FORMS
from codescale.evaluation.programs.library import HeldOutProgram
from codescale.evaluation.programs.mutation import mutants
from codescale.evaluation.programs.prompts import completion, prompt
from codescale.evaluation.scoring.part import DirectionScore, LanguagePart, ProblemScore, ProgramScore, Translation
from codescale.evaluation.scoring.task import EvaluationTask
from codescale.study.languages import load_registry


def score_language(model: CodeModel, task: EvaluationTask, language: str, key: str) -> LanguagePart:
    """All that ``model`` is asked in ``language``, as a part with that ``key``."""
    graded = _likelihoods(model, task, language)
    runs = language in task.toolchains.found
    problems = {
        name: [one for one in listed if one.language == language] for name, listed in task.problems.items() if runs
    }
    return LanguagePart(
        key=key,
        language=language,
        programs=_programs(model, task, language, graded),
        translations={source: _direction(model, task, source, language) for source in task.sources(language)},
        problems={name: _problems(model, task, language, own) for name, own in problems.items() if own},
    )


def _problems(
    model: CodeModel, task: EvaluationTask, language: str, problems: Sequence[Problem]
) -> dict[str, ProblemScore]:
    """The problems of a file that are in ``language``, whose toolchain is there."""
    samples, toolchain = task.section.samples, task.toolchains.found[language]
    requests = [Request(one.prompt, one.stops, samples) for one in problems]
    texts = complete(model, requests, task.decoding, seed=task.seed)
    completed = [Completed(one, text) for one, written in zip(problems, texts, strict=True) for text in written]
    found = check_problems(task.sandbox, toolchain, completed, task.section.workers, task.limits(toolchain))
    verdicts = [found[k : k + samples] for k in range(0, len(found), samples)]
    return {
        one.name: ProblemScore(samples=samples, correct=_correct(part), compiled=_compiled(part))
        for one, part in zip(problems, verdicts, strict=True)
    }


def _programs(
    model: CodeModel, task: EvaluationTask, language: str, graded: dict[str, ProgramScore]
) -> dict[str, ProgramScore]:
    if language not in task.toolchains.found:
        return graded
    form, ending, samples = FORMS[language], ENDINGS[language], task.section.samples
    prompts = [prompt(one.references[language], form, one.specification) for one in task.programs]
    requests = [Request(text, ending.stops, samples) for text in prompts]
    written = complete(model, requests, task.decoding, seed=task.seed)
    finished = [[closed(text, language) for text in texts] for texts in written]
    verdicts = judge(
        task,
        language,
        task.programs,
        [[shown + text for text in texts] for shown, texts in zip(prompts, finished, strict=True)],
    )
    return {
        one.name: graded[one.name].model_copy(
            update={"samples": samples, "correct": _correct(part), "compiled": _compiled(part)}
        )
        for one, part in zip(task.programs, verdicts, strict=True)
    }


def judge(
    task: EvaluationTask, language: str, programs: Sequence[HeldOutProgram], texts: Sequence[Sequence[str]]
) -> list[list[Verdict]]:
    """The verdicts on whole ``texts`` of each of ``programs`` in ``language``; those that are the same are run once."""
    toolchain = task.toolchains.found[language]
    distinct = dict.fromkeys((number, text) for number, written in enumerate(texts) for text in written)
    solutions = [Solution(programs[number].specification, text) for number, text in distinct]
    found = check(task.sandbox, toolchain, solutions, task.section.workers, task.limits(toolchain))
    verdicts = dict(zip(distinct, found, strict=True))
    return [[verdicts[number, text] for text in written] for number, written in enumerate(texts)]


def _likelihoods(model: CodeModel, task: EvaluationTask, language: str) -> dict[str, ProgramScore]:
    form, comment = FORMS[language], load_registry()[language].comments.line or "//"
    continued: list[Continued] = []
    counts = []
    for one in task.programs:
        source = one.references[language]
        shown, reference = prompt(source, form, one.specification), completion(source, form, one.specification)
        start = len(source) - len(reference)
        changed = [mutant.source[start:] for mutant in mutants(source, start, task.section.mutants, comment)]
        continued += [Continued(shown, text) for text in (reference, *changed)]
        counts.append(1 + len(changed))
    nats = iter(continuation_nats(model, continued))
    scores, texts = {}, iter(continued)
    for one, count in zip(task.programs, counts, strict=True):
        cost, *others = (next(nats) for _ in range(count))
        first, *_ = [next(texts) for _ in range(count)]
        preferred = [1.0 if cost < other else 0.5 if cost == other else 0.0 for other in others]
        scores[one.name] = ProgramScore(
            samples=0,
            reference_nats=cost,
            reference_bytes=len(first.text.encode()),
            preferred=sum(preferred) / len(preferred) if preferred else None,
        )
    return scores


def _direction(model: CodeModel, task: EvaluationTask, source: str, target: str) -> DirectionScore:
    """The programs of ``source`` translated. A prompt is the reference in ``source`` and, right behind it as in a pair
    that is trained on, the head and the signature of the program in ``target``.
    """
    form, ending = FORMS[target], ENDINGS[target]
    signatures = [form.signature(one.specification) for one in task.programs]
    heads = [
        one.references[target].partition(signature)[0] + signature
        for one, signature in zip(task.programs, signatures, strict=True)
    ]
    requests = [
        Request(one.references[source] + head, ending.stops) for one, head in zip(task.programs, heads, strict=True)
    ]
    bodies = [closed(text, target) for (text,) in complete(model, requests, task.translating, seed=task.seed)]
    wanted = [completion(one.references[target], form, one.specification) for one in task.programs]
    bleu = corpus_bleu(bodies, wanted)
    verdicts: list[Verdict | None] = [None] * len(bodies)
    if target in task.toolchains.found:
        whole = [[head + body] for head, body in zip(heads, bodies, strict=True)]
        verdicts = [found for (found,) in judge(task, target, task.programs, whole)]
    return DirectionScore(
        bleu=bleu.score,
        signature=bleu.signature,
        programs={
            one.name: Translation(
                exact=exact_match(body, reference),
                compiled=None if verdict is None else verdict.stage != "compile",
                correct=None if verdict is None else verdict.passed,
            )
            for one, body, reference, verdict in zip(task.programs, bodies, wanted, verdicts, strict=True)
        },
    )


def _correct(verdicts: Sequence[Verdict]) -> int:
    return sum(verdict.passed for verdict in verdicts)


def _compiled(verdicts: Sequence[Verdict]) -> int:
    return sum(verdict.stage != "compile" for verdict in verdicts)
