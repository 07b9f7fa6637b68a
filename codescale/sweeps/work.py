"""What a run costs in time: the FLOPs of its training and of the evaluations on the way.

What a study calls cost are training FLOPs alone (:mod:`codescale.training.flops`). Of a proxy's seconds the evaluations
are up to a third, and how large a part depends on the run: only both together go by at one speed.
"""

from __future__ import annotations

from codescale.runs.records import RunSpec
from codescale.study.config import StudyConfig
from codescale.training.flops import forward_flops_per_token, training_flops
from codescale.training.optim.hyperparameter_rules import training_of
from codescale.training.optim.schedule import evaluated_tokens, schedule_of


def run_work(config: StudyConfig, spec: RunSpec, tested: float = 0.0) -> float:
    """FLOPs of ``spec``, branches included: training, every evaluation on validation text, and ``tested`` tokens of the
    test split, those of all languages together, which a run of the proof reads at its end.
    """
    vocabulary = config.corpus.vocabulary
    if config.trainer is not None:  # what its evaluations cost is not known
        tokens = sum(spec.token_points)
        return training_flops(config.sizes[spec.size], vocabulary, config.training.context, tokens)
    shape = config.shape(spec.size)
    training = training_of(config.training, spec, shape)
    schedule = schedule_of(training, spec.token_points)
    read = sum(evaluated_tokens(training, segment) for segment in schedule.segments) * len(config.languages) + tested
    trained = schedule.steps_trained * training.batch * training.context
    forward = forward_flops_per_token(shape, vocabulary, training.context)
    return training_flops(shape, vocabulary, training.context, trained) + forward * read
