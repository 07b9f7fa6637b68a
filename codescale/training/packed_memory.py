"""How many models of one shape a device holds in one pack: a bound from above, not a plan."""

from __future__ import annotations

from codescale.study import Shape, TrainingSection
from codescale.training.evaluation import EVALUATION_BATCH

FLOAT = 4
COPIES = 11
"""Of every parameter: itself, gradient, two moments, the same three of the trunk behind a branch, its checkpoint's and
two temporary ones of a step.
"""


def bytes_per_model(shape: Shape, vocabulary: int, training: TrainingSection) -> int:
    """Bytes that one model of a pack needs at most, all in fp32."""
    parameters = shape.n_params + 2 * shape.hidden * vocabulary
    rows = min(training.batch, training.micro_batch or training.batch)
    layers = 1 if training.checkpoint_activations else shape.layers
    per_token = layers * (20 * shape.hidden + 5 * shape.intermediate) + 4 * shape.hidden + 3 * vocabulary
    mask = training.context if training.attention == "document" else 0
    trained = rows * training.context * (per_token + mask)
    looked_at = EVALUATION_BATCH * training.context * (20 * shape.hidden + 5 * shape.intermediate + 3 * vocabulary)
    return FLOAT * (COPIES * parameters + max(trained, looked_at))


def models_that_fit(shape: Shape, vocabulary: int, training: TrainingSection, memory: int) -> int:
    """How many models ``memory`` bytes hold with a fifth of them to spare; one at least."""
    return max(1, int(0.8 * memory) // bytes_per_model(shape, vocabulary, training))
