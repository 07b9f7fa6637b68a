"""A Ray cluster as one sees it who neither joins nor starts it: what ``codescale status`` tells of the machines.

Ray's client of a control store waits for minutes where nothing answers, and may end its process; so it is asked in a
process of its own, for seconds. This file run as a program is that process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from typing import Any

PATIENCE = 20.0
"""Seconds after which a cluster counts as out of reach: Ray alone takes some to be loaded on a slow machine."""


def cluster_at(address: str) -> dict[str, Any] | None:
    """What :class:`~codescale.cluster.autoscaling.ClusterState` holds of the cluster whose control store is at
    ``address`` (host:port), plain; None where it cannot be reached, or refuses.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__, address],
            capture_output=True,
            timeout=PATIENCE,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        found = json.loads(done.stdout)
    except (subprocess.SubprocessError, OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _main(address: str) -> None:
    from ray._raylet import GcsClient  # type: ignore[attr-defined]

    from codescale.cluster.autoscaling import cluster_state

    state = asdict(cluster_state(GcsClient(address=address)))
    print(json.dumps(state | {"draining": sorted(state["draining"])}))


if __name__ == "__main__":
    _main(sys.argv[1])
