"""Linear algebra keeps to one thread while laws are fitted, SciPy's own library too."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import sys
from threadpoolctl import threadpool_info
from codescale.laws.fitting.threads import one_blas_thread
assert "scipy.linalg" not in sys.modules, "has to be loaded by the context itself"

def threads():
    return {one["filepath"]: one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}

with one_blas_thread():
    import scipy.linalg
    inside = threads()
after = threads()
assert inside, "no BLAS"
print(sorted(inside.values()), sorted(after.values()))
assert set(inside.values()) == {1}
assert set(inside) == set(after)
"""


def test_every_blas_has_one_thread_scipys_too() -> None:
    """In a process of its own, where SciPy's library is not loaded yet and no variable limits it."""
    variables = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    variables["OPENBLAS_NUM_THREADS"] = "2"
    ended = subprocess.run([sys.executable, "-c", PROGRAM], env=variables, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
