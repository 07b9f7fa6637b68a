"""Generation equals transformers' own token for token, whatever shares a batch, in both engines."""

from __future__ import annotations

import itertools
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.errors import UserError
from codescale.evaluation.generation.code_model import CodeModel
from codescale.evaluation.generation.completion import Request, complete
from codescale.evaluation.generation.likelihood import Continued, continuation_nats
from codescale.evaluation.generation.opening import open_checkpoint, open_model
from codescale.evaluation.generation.sampling import next_tokens, row_draws
from codescale.evaluation.generation.settings import Decoding
from codescale.training.loop.checkpoint import write_tensors
from codescale.training.model.hf_config import read_architecture
from codescale.training.model.hf_weights import load_weights
from codescale.training.model.llama import LanguageModel
from tests.training.small_models import GROUPED_AND_TIED, VOCABULARY, llama, qwen2, write_model

PROMPTS = ["def value(count):\n", "", "x", "    return count + 1\n" * 3, "def value", "q" * 9]
MODELS = {"plain": llama, "grouped": lambda: llama(**GROUPED_AND_TIED), "qwen2": qwen2}


def theirs(folder: Path, prompt: list[int], new_tokens: int) -> list[int]:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    made = model.generate(
        input_ids=torch.tensor([prompt]), max_new_tokens=new_tokens, do_sample=False, eos_token_id=0, pad_token_id=0
    )
    new = made[0, len(prompt) :].tolist()
    return new[: new.index(0)] if 0 in new else new


def greedy(model: CodeModel, prompts: list[list[int]], new_tokens: int) -> list[list[int]]:
    draws = np.zeros((len(prompts), new_tokens))
    return model.continuations(prompts, Decoding(new_tokens), draws, lambda row, tokens: False)


@pytest.mark.parametrize("name", MODELS)
def test_greedy_tokens_are_those_of_transformers_generate(name: str, tmp_path: Path) -> None:
    folder = write_model(tmp_path, MODELS[name]())
    model = open_model(folder, torch.device("cpu"))
    prompts = [model.tokenizer.encode(text).ids for text in PROMPTS]
    expected = [theirs(folder, prompt, 24) for prompt in prompts]
    assert greedy(model, prompts, 24) == expected
    assert [greedy(model, [prompt], 24)[0] for prompt in prompts] == expected
    other = open_model(folder, torch.device("cpu"), by_transformers=True)
    assert greedy(other, prompts, 24) == expected
    assert len({tuple(row) for row in expected}) > 2


def test_rows_that_end_leave_the_batch_and_the_others_go_on_as_they_would(tmp_path: Path) -> None:
    model = open_model(write_model(tmp_path), torch.device("cpu"))
    prompts = [model.tokenizer.encode(text).ids for text in PROMPTS]
    whole = greedy(model, prompts, 32)
    draws = np.zeros((len(prompts), 32))
    wanted = [8, 8, 16, 24, 8, 32]
    cut = model.continuations(prompts, Decoding(32), draws, lambda row, tokens: len(tokens) >= wanted[row])
    for got, all_of_it, length in zip(cut, whole, wanted, strict=True):
        assert got == all_of_it[: len(got)]
        assert len(got) == min(length, len(all_of_it))


def opened(folder: Path) -> CodeModel:
    return open_model(write_model(folder), torch.device("cpu"))


def test_a_sample_is_the_same_alone_and_in_any_batch_and_samples_differ(tmp_path: Path) -> None:
    model = opened(tmp_path)
    requests = [Request(text, samples=3) for text in PROMPTS]
    decoding = Decoding(12, temperature=1.0, top_p=0.95)
    together = complete(model, requests, decoding, seed=5)
    apart = [complete(model, [request], decoding, seed=5, batch=1)[0] for request in requests]
    assert together == apart
    assert any(len(set(texts)) > 1 for texts in together)
    assert complete(model, requests, decoding, seed=6) != together


def test_both_engines_draw_the_same(tmp_path: Path) -> None:
    folder = write_model(tmp_path)
    decoding = Decoding(10, temperature=0.8, top_p=0.9)
    requests = [Request(text, samples=2) for text in PROMPTS]
    ours, other = (open_model(folder, torch.device("cpu"), by_transformers=which) for which in (False, True))
    assert complete(ours, requests, decoding) == complete(other, requests, decoding)


def test_the_whole_vocabulary_is_drawn_from_in_its_proportions() -> None:
    logits = torch.linspace(0, 3, 200)[None].repeat(40_000, 1)
    draws = torch.from_numpy(row_draws(0, "any", 0, 40_000))
    found = torch.bincount(next_tokens(logits, Decoding(temperature=1.5), draws), minlength=200).double() / 40_000
    expected = (logits[0].double() / 1.5).softmax(0)
    assert int((found > 0).sum()) > 190
    assert float((found - expected).abs().max()) < 0.003


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-4, 4), min_size=2, max_size=9), st.floats(0.05, 1.0), st.floats(0, 1, exclude_max=True))
def test_top_p_keeps_the_fewest_tokens_that_reach_it(numbers: list[float], top_p: float, draw: float) -> None:
    logits = torch.tensor([numbers], dtype=torch.float64)
    token = int(next_tokens(logits, Decoding(temperature=1.0, top_p=top_p), torch.tensor([draw])))
    shares = logits[0].softmax(0)
    above = float(shares[shares > shares[token]].sum())
    assert above < top_p + 1e-9


def test_a_continuation_ends_before_the_first_stop(tmp_path: Path) -> None:
    model = opened(tmp_path)
    whole = complete(model, [Request("def value")], Decoding(24))[0][0]
    stop = whole[5:7]
    (cut,) = complete(model, [Request("def value", (stop, "never written by it"))], Decoding(24))[0]
    assert cut == whole[: whole.index(stop)]


def test_a_long_prompt_keeps_its_end_and_texts_stay_within_the_context(tmp_path: Path) -> None:
    model = opened(tmp_path)
    seen: list[int] = []
    original = model.continuations

    def spied(prompts: Any, decoding: Decoding, *more: Any) -> Any:
        seen.append(max(map(len, prompts)) + decoding.new_tokens)
        return original(prompts, decoding, *more)

    model.continuations = spied  # type: ignore[method-assign]
    assert complete(model, [Request("a" * 300 + PROMPTS[0])], Decoding(500)) == complete(
        model, [Request("a" * 900 + PROMPTS[0])], Decoding(500)
    )
    assert seen == [model.context, model.context]


def test_likelihood_is_that_of_one_reading_and_goes_on_beyond_the_context(tmp_path: Path) -> None:
    model = opened(tmp_path)
    text = "    return count + 1\n"
    prompt, ids = model.tokenizer.encode("def").ids, model.tokenizer.encode(text, add_special_tokens=False).ids
    (losses,) = model.token_losses([[model.end, *prompt, *ids]])
    (nats,) = continuation_nats(model, [Continued("def", text)])
    assert nats == pytest.approx(losses[-len(ids) :].sum())
    many = [Continued("def", text * k) for k in range(12)]
    together = continuation_nats(model, many)
    assert together == pytest.approx([continuation_nats(model, [one])[0] for one in many])
    assert together[0] == 0.0
    assert all(before < after for before, after in itertools.pairwise(together))


def test_a_checkpoint_of_a_run_is_opened_as_far_as_it_is(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model")
    found, exported = read_architecture(folder), open_model(folder, torch.device("cpu"))
    model = LanguageModel(found.shape, found.vocabulary, 64)
    load_weights(model, folder)
    path = tmp_path / "run.safetensors"
    write_tensors(path, {f"now/model/{name}": value for name, value in model.named_parameters()}, {})
    of_the_run = (found.shape, found.vocabulary, 64, exported.tokenizer, 0, torch.device("cpu"))
    prompts = [exported.tokenizer.encode(text).ids for text in PROMPTS]
    assert greedy(open_checkpoint(path, *of_the_run), prompts, 8) == greedy(exported, prompts, 8)
    path.write_bytes(pickle.dumps({}))
    with pytest.raises(UserError, match="is no checkpoint"):
        open_checkpoint(path, *of_the_run)


def test_what_is_no_model_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is no model: it has no config\.json"):
        open_model(tmp_path)
    folder = write_model(tmp_path / "small", llama(vocab_size=200))
    with pytest.raises(UserError, match="beyond the model's 200"):
        open_model(folder)
    folder = write_model(tmp_path / "pickled")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({}))
    for by_transformers in (False, True):
        with pytest.raises(UserError, match="is a pickle"):
            open_model(folder, by_transformers=by_transformers)


def test_a_family_that_ours_does_not_equal_is_opened_by_transformers(tmp_path: Path) -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    theirs_model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=2, n_positions=64, bos_token_id=1, eos_token_id=0
        )
    )
    folder = write_model(tmp_path, theirs_model)
    model = open_model(folder, torch.device("cpu"))
    prompts = [model.tokenizer.encode(text).ids for text in PROMPTS]
    assert greedy(model, prompts, 16) == [theirs(folder, prompt, 16) for prompt in prompts]
