"""The memory of a sweep's runs at once."""

from __future__ import annotations

import pytest
import torch

from codescale.errors import UserError
from codescale.study.config import StudyConfig
from codescale.sweeps.memory_check import sweep_memory
from codescale.sweeps.plan import plan_sweep


def test_a_sweep_counts_all_workers_of_this_machine(config: StudyConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    specs, cpu = plan_sweep(config, None), torch.device("cpu")
    one = sweep_memory(config, specs, 1, cpu)
    assert one.largest.size == "small"
    three = sweep_memory(config, specs, 3, cpu)
    assert three.together == pytest.approx(3 * one.together, rel=0.01)
    monkeypatch.setattr("codescale.sweeps.memory_check.available_memory", lambda device: 2 * one.together)
    with pytest.raises(UserError, match=r"3 runs at once like .* set ray.workers to 2"):
        sweep_memory(config, specs, 3, cpu).check()
    sweep_memory(config, specs, 2, cpu).check()
