"""The weights of an existing model: safetensors files, whole or in shards, and never anything that has to be unpickled.

Files are checked against the configuration by their headers before anything is built from it: a name that is missing,
or one too many, means a model that ours would not equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from safetensors import SafetensorError, safe_open

from codescale.errors import UserError
from codescale.files import read_json
from codescale.study.training import Shape
from codescale.training.model.hf_config import FAMILY, Architecture

if TYPE_CHECKING:
    from codescale.training.model.llama import LanguageModel

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"

_NUMBERS = ("F64", "F32", "F16", "BF16")
_CONVERT = "convert it: AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(OTHER), and name OTHER"
_AGAIN = "copy or fetch the model again"


def weight_files(folder: Path) -> list[Path]:
    """The files that hold the weights of the model in ``folder``, in order.

    Raises
    ------
    UserError
        Where there are none, where an index names files that are not there or lie elsewhere, and for pickled weights.
    """
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if (folder / INDEX).is_file():
        return _sharded(folder)
    pickled = sorted(path.name for path in folder.glob("*.bin"))
    if pickled:
        raise UserError(folder / pickled[0], "is a pickle, which is never opened: it may run anything", _CONVERT)
    raise UserError(
        folder, f"holds neither {WEIGHTS} nor {INDEX}", "name the folder of a model that save_pretrained made"
    )


def _sharded(folder: Path) -> list[Path]:
    index = read_json(folder / INDEX)
    named = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(named, dict) or not named or not all(isinstance(name, str) for name in named.values()):
        raise UserError(folder / INDEX, "has no weight_map of file names", _AGAIN)
    files = sorted(set(named.values()))
    for name in files:
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise UserError(folder / INDEX, f"names {name!r}, which is no safetensors file beside it", _AGAIN)
        if not (folder / name).is_file():
            raise UserError(folder / name, "is missing, though the index names it", _AGAIN)
    return [folder / name for name in files]


def expected_weights(shape: Shape, vocabulary: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and shape of every weight, as transformers names them; one at a time, for ``layers`` may be anything."""
    h, f = shape.hidden, shape.intermediate
    queries, keys = shape.heads * shape.head_width, shape.key_heads * shape.head_width
    yield "model.embed_tokens.weight", (vocabulary, h)
    yield "model.norm.weight", (h,)
    if not shape.tied:
        yield "lm_head.weight", (vocabulary, h)
    layer: dict[str, tuple[int, ...]] = {
        "input_layernorm.weight": (h,),
        "post_attention_layernorm.weight": (h,),
        "self_attn.q_proj.weight": (queries, h),
        "self_attn.k_proj.weight": (keys, h),
        "self_attn.v_proj.weight": (keys, h),
        "self_attn.o_proj.weight": (h, queries),
        "mlp.gate_proj.weight": (f, h),
        "mlp.up_proj.weight": (f, h),
        "mlp.down_proj.weight": (h, f),
    }
    if shape.attention_bias != "none":
        layer |= {f"self_attn.{name}_proj.bias": (size,) for name, size in (("q", queries), ("k", keys), ("v", keys))}
    if shape.attention_bias == "all":
        layer |= {"self_attn.o_proj.bias": (h,)}
    for k in range(shape.layers):
        yield from ((f"model.layers.{k}.{name}", size) for name, size in layer.items())


def check_weights(folder: Path, found: Architecture) -> None:
    """Compares the headers of the files in ``folder`` with the model that ``found`` describes.

    Raises
    ------
    UserError
        Where they differ: a weight that is missing, one too many, or one of another shape or type.
    """
    there: dict[str, tuple[Path, tuple[int, ...], str]] = {}
    for path in weight_files(folder):
        with _opened(path, "numpy") as file:
            for name in file.keys():  # noqa: SIM118 (not a mapping)
                part = file.get_slice(name)
                there[name] = (path, tuple(part.get_shape()), part.get_dtype())
    for name, size in expected_weights(found.shape, found.vocabulary):
        if name not in there:
            raise UserError(folder, f"has no weight {name}, which its configuration asks for", _AGAIN)
        path, actual, kind = there.pop(name)
        if actual != size or kind not in _NUMBERS:
            problem = f"is {kind} of shape {list(actual)} instead of floating-point numbers of shape {list(size)}"
            raise UserError(f"{path}, {name}", problem, "start from a model that is whole and not quantised")
    # Tied logits may be stored again, and old versions stored the rotary frequencies.
    unexpected = [name for name in there if name != "lm_head.weight" and not name.endswith(".rotary_emb.inv_freq")]
    if unexpected:
        raise UserError(folder, f"has a weight {unexpected[0]} that this model has no place for", FAMILY)


def load_weights(model: LanguageModel, folder: Path) -> None:
    """Copies the weights in ``folder`` into ``model``, whatever precision they have there.

    Raises
    ------
    UserError
        Where they are not all there any more.
    """
    missing = {name: parameter.detach() for name, parameter in model.named_parameters()}  # tied ones once
    for path in weight_files(folder):
        with _opened(path, "pt") as file:
            for name in missing.keys() & set(file.keys()):
                missing.pop(name).copy_(file.get_tensor(name))
    if missing:
        raise UserError(folder, f"has no weight {next(iter(missing))} any more", _AGAIN)


def _opened(path: Path, framework: Literal["numpy", "pt"]) -> safe_open:
    try:
        return safe_open(path, framework=framework)
    except (SafetensorError, OSError) as error:
        raise UserError(
            path, f"is not a readable safetensors file ({' '.join(str(error).split())[:120]})", _AGAIN
        ) from None
