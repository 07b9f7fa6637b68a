"""Joining a Ray cluster where there is one, starting Ray here where there is none, and how work fits on it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import ray
from ray._private import ray_constants

from codescale.study.train import RaySection

_WORKER_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**31)}
"""glibc gives every array above 128 kB back to the system and faults it in anew, a good part of a proxy's step."""


@dataclass(frozen=True)
class Workers:
    """How many runs go at once, and what each may use."""

    count: int
    threads: int
    gpus: float


@contextmanager
def started_ray(section: RaySection) -> Iterator[Workers]:
    """Ray, running: the cluster that ``RAY_ADDRESS`` names, or one on this machine that ends with the block.

    Ray's own services listen on the loopback address only, and its dashboard and usage statistics stay off.
    """
    begun_here = not ray.is_initialized()
    if begun_here:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_TRAIN_V2_ENABLED", "1")
        for name, value in _WORKER_MEMORY.items():
            os.environ.setdefault(name, value)
        if "RAY_ADDRESS" in os.environ:
            ray.init(log_to_driver=False, logging_level=logging.ERROR)
        else:
            stay_on_loopback()
            ray.init(
                address="local",
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                _node_ip_address="127.0.0.1",
                object_store_memory=200 * 2**20,
            )
    try:
        yield workers_of(section)
    finally:
        if begun_here:
            ray.shutdown()


def stay_on_loopback() -> None:
    """Has a Ray that is started here listen on 127.0.0.1; otherwise it turns that into the machine's own address.

    Ray reads the variable once, as it is imported, so what it read is corrected beside it; its processes inherit it.
    """
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    ray_constants.ENABLE_RAY_CLUSTER = False


def workers_of(section: RaySection) -> Workers:
    """One worker for every ``ray.threads`` cores of the cluster, unless the study says how many; GPUs shared evenly."""
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return _shared_out(section, int(resources.get("CPU", 1)), resources.get("GPU", 0.0))


def workers_here(section: RaySection) -> Workers:
    """The workers of a Ray that would be started on this machine, told without starting it; its GPUs apart."""
    return _shared_out(section, os.cpu_count() or 1, 0.0)


def _shared_out(section: RaySection, cores: int, gpus: float) -> Workers:
    threads = min(section.threads, cores)
    count = section.workers or max(1, cores // threads)
    share = section.gpus_per_worker
    if share is None:
        share = min(1.0, gpus / count)
    return Workers(count=count, threads=threads, gpus=share)
