"""The section ``training`` of study.yaml, and the shape of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from codescale.directions import directions_among, is_direction
from codescale.organisation import Organisation
from codescale.study.base import Name, Positive, Precision, Section
from codescale.validation import Number, WholeNumber


class Shape(Section):
    """A LLaMA-style model's shape; ``intermediate`` is the width of the SwiGLU layer.

    What is left at its default is a LLaMA of multi-head attention. ``key_value_heads``: grouped-query attention
    (Ainslie et al. 2023, arXiv 2305.13245), None for as many as ``heads``. ``head_dim``: width of a head, None for
    hidden / heads. ``tied``: the logits use the embedding's weights. ``attention_bias``: on queries, keys and values
    (``qkv``, as Qwen2 has) or on the output as well (``all``). ``rope_theta``: base of the rotary positions'
    wavelengths; ``rope_factor`` divides positions (Chen et al. 2023, arXiv 2306.15595). ``norm_epsilon``: of RMSNorm.
    """

    hidden: Positive
    layers: Positive
    heads: Positive
    intermediate: Positive
    key_value_heads: Positive | None = None
    head_dim: Positive | None = None
    tied: bool = False
    attention_bias: Literal["none", "qkv", "all"] = "none"
    rope_theta: Number = Field(default=10_000.0, gt=0)
    rope_factor: Number = Field(default=1.0, ge=1)
    norm_epsilon: Number = Field(default=1e-6, gt=0)

    @model_validator(mode="after")
    def _heads_divide(self) -> Shape:
        if self.head_dim is None and (self.hidden % self.heads or (self.hidden // self.heads) % 2):
            raise ValueError("hidden must be an even multiple of heads")
        if self.head_width % 2:
            raise ValueError("head_dim must be even")
        if self.heads % self.key_heads:
            raise ValueError("heads must be a multiple of key_value_heads")
        return self

    @property
    def head_width(self) -> int:
        """Width of an attention head."""
        return self.head_dim or self.hidden // self.heads

    @property
    def key_heads(self) -> int:
        """Heads of keys and values."""
        return self.key_value_heads or self.heads

    @property
    def layer_weights(self) -> int:
        """Weights of a layer's matrices: queries and output, keys and values, SwiGLU."""
        attention = 2 * self.hidden * self.head_width * (self.heads + self.key_heads)
        return attention + 3 * self.hidden * self.intermediate

    @property
    def n_params(self) -> int:
        """Non-embedding parameters: a layer's matrices, biases and two norms, and the last norm.

        With multi-head attention and no biases that is layers · (4 h² + 3 h f + 2 h) + h.
        """
        queries, keys = self.head_width * self.heads, self.head_width * self.key_heads
        biases = {"none": 0, "qkv": queries + 2 * keys, "all": queries + 2 * keys + self.hidden}
        return self.layers * (self.layer_weights + biases[self.attention_bias] + 2 * self.hidden) + self.hidden


class ModelSize(Section):
    """The size of a model whose shape only its trainer knows: N (non-embedding parameters), and training FLOPs of a
    token, 6 N where they are not given.
    """

    n_params: Positive
    flops_per_token: Number | None = Field(default=None, gt=0)


def _kind_of_size(given: Any) -> str:
    bare = isinstance(given, ModelSize) or (isinstance(given, dict) and "n_params" in given)
    return "n_params" if bare else "shape"


Size = Annotated[Annotated[Shape, Tag("shape")] | Annotated[ModelSize, Tag("n_params")], Discriminator(_kind_of_size)]
"""The size of a model: its shape, or its N where that is all that is known."""

START_SIZE = "start"
"""The one size of a study whose runs start from a model: that model's."""


class StartSection(Section):
    """The model that every run starts from, instead of random weights: continued pretraining.

    ``model``: a folder as transformers' ``save_pretrained`` writes it, or a name on the hub, at ``revision``. ``keep``:
    text that stands for what the model knows, a file or folder by name; how much worse the model gets at it is reported
    as forgetting. ``sha256`` of configuration and weights: found when left out, else anything different is refused.
    """

    model: str = Field(min_length=1)
    revision: str | None = None
    keep: dict[Name, str] = {}
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


TEST_FACTOR = 4


class TranslationSection(Section):
    """Losses of translation: of how many ``pairs`` of programs a final evaluation reads each direction (None: none of
    a language that has no translations), and of which ``directions``, such as ``python->java`` (None: all).
    """

    pairs: Annotated[WholeNumber, Field(gt=0, le=100_000)] = 16
    directions: tuple[str, ...] | None = Field(default=None, min_length=1)

    @field_validator("directions")
    @classmethod
    def _are_directions(cls, directions: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for k, name in enumerate(directions or ()):
            if not is_direction(name):
                raise ValueError(f"{name!r} is no direction: write two languages, such as python->java")
            if name in (directions or ())[:k]:
                raise ValueError(f"{name} is named twice")
        return directions

    def among(self, languages: Sequence[str]) -> tuple[str, ...]:
        """The directions to read, of those among ``languages``."""
        return directions_among(languages) if self.directions is None else self.directions


class TrainingSection(Section):
    """How every run is trained. Learning rates are for Muon (hidden matrices) and AdamW (the rest).

    ``rule``: AdamW's learning rate and the batch by a published rule in N and D (``hyperparameter_rules.py``) instead
    of the values given. ``precision``, ``muon_precision``, ``compile``: None leaves them to the device.
    ``organisation``: whether translations stand apart or in one document, one side of which is in the ``pivot``;
    ``paired_share`` is the part of the programs that could be paired which is, by a hash of their names.
    ``translation_evaluation``: whether evaluations measure losses of translation beside those of languages.
    """

    context: Positive = 256
    batch: Positive = 4
    micro_batch: Positive | None = None
    optimizer: Literal["muon", "adamw"] = "muon"
    rule: Literal["step-law", "deepseek"] | None = None
    muon_learning_rate: Number = Field(default=0.02, gt=0)
    muon_precision: Precision | None = None
    adamw_learning_rate: Number = Field(default=0.015, gt=0)
    weight_decay: Number = Field(default=0.0, ge=0)
    initial_deviation: Number = Field(default=0.05, gt=0)
    schedule: Literal["stable", "cosine"] = "stable"
    warmup_share: Number = Field(default=0.02, ge=0, lt=1)
    cooldown_share: Number = Field(default=0.25, gt=0, lt=1)
    gradient_clip: Number = Field(default=1.0, gt=0)
    spike: Number = Field(default=1.0, gt=0)
    retry_rate: Number | None = Field(default=0.5, gt=0, lt=1)
    attention: Literal["sequence", "document"] = "sequence"
    organisation: Organisation = "shuffled"
    pivot: Name = "python"
    paired_share: Number = Field(default=1.0, ge=0, le=1)
    precision: Precision | None = None
    compile: bool | None = None
    checkpoint_activations: bool = False
    evaluations: WholeNumber = Field(default=6, gt=0, le=1_000)
    evaluation_tokens: Positive = 8_192
    translation_evaluation: TranslationSection | None = None
    checkpoint_seconds: Number = Field(default=30.0, gt=0)
    start: StartSection | None = None

    @property
    def test_tokens(self) -> int:
        """Tokens of each language that the proof reads of the test split where all of it is not cheap: four times those
        of a final evaluation, so that it rests on more than a few files.
        """
        return TEST_FACTOR * self.evaluation_tokens

    @model_validator(mode="after")
    def _a_start_has_its_own_rates(self) -> TrainingSection:
        needed = {"adamw_learning_rate"} | ({"muon_learning_rate"} if self.optimizer == "muon" else set())
        missing = sorted(needed - self.model_fields_set)
        if self.start is not None and self.rule is None and missing:
            raise ValueError(f"start: the default {missing[0]} is for random weights and would undo a model; state one")
        return self

    @model_validator(mode="after")
    def _a_rule_is_for_adamw(self) -> TrainingSection:
        if self.rule is not None and self.optimizer != "adamw":
            raise ValueError(f"rule: {self.rule} was measured for AdamW; set optimizer: adamw, or leave rule out")
        return self
