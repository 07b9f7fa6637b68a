"""One thread for linear algebra while laws are fitted: targets and chunks run side by side instead."""

from __future__ import annotations

from threadpoolctl import threadpool_limits


def one_blas_thread() -> threadpool_limits:
    """A context in which every BLAS that the laws use has one thread.

    SciPy brings an OpenBLAS of its own, which a limit only reaches once it is loaded: factorisations of a process would
    else spin on all cores.
    """
    import scipy.linalg  # noqa: F401 (loads the library that is limited)

    return threadpool_limits(1, user_api="blas")
