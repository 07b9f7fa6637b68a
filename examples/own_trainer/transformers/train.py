"""A plain script around transformers' Trainer: a small LLaMA on made-up Python and Java, mixed as a file says.

It knows nothing of CodeScale: it takes a mixture and an output folder, goes on from the last checkpoint there, and
leaves the Trainer's own trainer_state.json, from which CodeScale reads eval_python_loss and its like.
"""

import argparse
import json
import random

import torch
from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

CONTEXT = 64
TEMPLATES = {
    "python": "def {f}({a}, {b}):\n    {c} = {a} {o} {b}\n    return {c}\n\n",
    "java": "int {f}(int {a}, int {b}) {{\n    int {c} = {a} {o} {b};\n    return {c};\n}}\n\n",
}
NAMES = ["count", "total", "left", "right", "index", "size", "value", "node", "start", "end"]


def tokens(language: str, split: str, length: int) -> torch.Tensor:
    """Bytes of made-up code; other ones for each split."""
    draw, text = random.Random(f"{language} {split}"), ""
    while len(text) < length:
        f, a, b, c = draw.sample(NAMES, 4)
        text += TEMPLATES[language].format(f=f, a=a, b=b, c=c, o=draw.choice("+-*/"))
    return torch.tensor(list(text[:length].encode()))


class Sequences(torch.utils.data.Dataset):
    """Sequences of the languages, as often as their shares say."""

    def __init__(self, shares: dict[str, float], split: str, count: int, seed: int) -> None:
        draw = random.Random(seed)
        texts = {name: tokens(name, split, 200_000 if split == "train" else 8_192) for name in shares}
        chosen = draw.choices(list(shares), list(shares.values()), k=count)
        starts = [draw.randrange(len(texts[name]) - CONTEXT) for name in chosen]
        self.rows = [texts[name][start : start + CONTEXT] for name, start in zip(chosen, starts, strict=True)]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"input_ids": self.rows[index], "labels": self.rows[index]}


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--mixture", "--output-dir"):
        parser.add_argument(name, required=True)
    for name in ("--max-steps", "--seed", "--batch", "--hidden"):
        parser.add_argument(name, type=int, required=True)
    given = parser.parse_args()
    with open(given.mixture) as file:  # noqa: PTH123
        shares = json.load(file)
    arguments = TrainingArguments(
        output_dir=given.output_dir,
        max_steps=given.max_steps,
        per_device_train_batch_size=given.batch,
        learning_rate=3e-3,
        lr_scheduler_type="cosine",
        seed=given.seed,
        eval_strategy="steps",
        eval_steps=max(1, given.max_steps // 4),
        save_steps=max(1, given.max_steps // 4),
        save_total_limit=1,
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
    )
    torch.manual_seed(given.seed)
    config = LlamaConfig(
        vocab_size=128,
        hidden_size=given.hidden,
        intermediate_size=2 * given.hidden,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=CONTEXT,
    )
    trainer = Trainer(
        LlamaForCausalLM(config),
        arguments,
        train_dataset=Sequences(shares, "train", given.max_steps * given.batch, given.seed),
        eval_dataset={name: Sequences({name: 1.0}, "validation", 64, 0) for name in shares},
    )
    trainer.train(resume_from_checkpoint=get_last_checkpoint(given.output_dir))
    for name in shares:
        trainer.evaluate(Sequences({name: 1.0}, "test", 64, 0), metric_key_prefix=f"test_{name}")
    trainer.save_state()


if __name__ == "__main__":
    main()
