"""Speed, the share of a device's peak, and the most memory that was taken."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from codescale.training.metrics import throughput as module
from codescale.training.metrics.throughput import DENSE_BF16_PEAKS, peak_flops, throughput, utilisation

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose GPU says that it is an H100."""
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA H100 80GB HBM3")
    monkeypatch.setattr(module, "peak_memory", lambda device: 7)


def test_the_peak_of_a_processor_is_not_known() -> None:
    assert peak_flops(CPU) is None
    assert utilisation(1e12, 1.0, CPU) is None


@pytest.mark.parametrize(
    ("name", "peak"),
    [
        ("NVIDIA H100 80GB HBM3", 9.89e14),
        ("NVIDIA H100 NVL", 8.35e14),
        ("NVIDIA H100 PCIe", 7.56e14),
        ("NVIDIA L40S", 3.62e14),
        ("NVIDIA L4", 1.21e14),
        ("a device of tomorrow", None),
    ],
)
def test_a_devices_peak_goes_by_its_name(name: str, peak: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: name)
    assert peak_flops(GPU) == peak


def test_a_longer_name_stands_before_the_one_that_it_contains() -> None:
    names = list(DENSE_BF16_PEAKS)
    assert not [(name, later) for k, name in enumerate(names) for later in names[k + 1 :] if name in later]


def test_utilisation_is_of_all_devices(gpu: None) -> None:
    assert utilisation(9.89e14, 2.0, GPU) == pytest.approx(0.5)
    assert utilisation(9.89e14, 2.0, GPU, devices=4) == pytest.approx(0.125)
    assert utilisation(9.89e14, 0.0, GPU) is None


def test_throughput_counts_tokens_memory_and_what_of_the_peak_was_used(gpu: None) -> None:
    assert throughput(300, 9.89e14, 2.0, GPU) == {
        "tokens_per_second": 150.0,
        "peak_memory_bytes": 7.0,
        "flops_utilisation": pytest.approx(0.5),
    }
    assert throughput(300, 9.89e14, 2.0, CPU).keys() == {"tokens_per_second", "peak_memory_bytes"}


def test_a_run_that_has_not_trained_has_no_throughput() -> None:
    assert throughput(0, 0.0, 0, CPU) == {}


def test_a_process_s_peak_is_its_own_and_not_that_of_the_one_that_started_it() -> None:
    large = bytearray(b"x") * 900_000_000
    script = (
        "import torch; from codescale.training.metrics.throughput import peak_memory as peak; "
        "print(peak(torch.device('cpu')))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert 0 < int(result.stdout) < len(large)
