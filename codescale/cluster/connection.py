"""Starting Ray or joining a cluster, with one line where that fails: Ray itself waits for minutes where nothing
answers, prints while it does, and ends the process or raises whatever it likes.
"""

from __future__ import annotations

import logging
import os
from typing import Any

import ray

from codescale.cluster.endpoint import check_listens, endpoint
from codescale.errors import UserError, on_one_line

ANSWER_SECONDS = 10.0
"""How long an address may take to answer a connection."""
_OBJECT_STORE_BYTES = 200 * 2**20


def join_cluster() -> None:
    """Connects to the cluster that ``RAY_ADDRESS`` names.

    Raises :class:`~codescale.errors.UserError` where nothing answers there, or Ray refuses: a token, a version of Ray
    or Python that is another than the cluster's.
    """
    address = os.environ["RAY_ADDRESS"]
    check_answers(address)
    _begin(f"RAY_ADDRESS={address}", "see whether it runs, with this Ray and Python, and RAY_AUTH_TOKEN is its own")


def begin_local() -> None:
    """Starts a Ray of this command's own, on the loopback address.

    Raises :class:`~codescale.errors.UserError` where it does not start, as on a machine that is too busy.
    """
    _begin(
        "Ray",
        "give the command again when the machine is less busy; nothing is lost",
        address="local",
        include_dashboard=False,
        _node_ip_address="127.0.0.1",
        object_store_memory=_OBJECT_STORE_BYTES,
    )


def check_answers(address: str) -> None:
    """Raises :class:`~codescale.errors.UserError` where nothing takes connections at ``host:port`` or
    ``ray://host:port``; other addresses, such as ``auto``, are Ray's to find.
    """
    try:
        place = endpoint(address)
    except ValueError as error:
        raise UserError("RAY_ADDRESS", f"{address!r}: {error}", "give host:port") from error
    if place is None:
        return
    try:
        check_listens(place, ANSWER_SECONDS)
    except OSError as error:
        problem = f"nothing answers at {address}: {error.strerror or error}"
        raise UserError("RAY_ADDRESS", problem, "start the cluster, or unset it to use this machine") from error


def _begin(what: str, hint: str, **settings: Any) -> None:
    try:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **settings)
    except Exception as error:  # Ray raises ValueError, RuntimeError, ConnectionError and plain Exception
        ray.shutdown()
        raise UserError(what, f"does not come up: {on_one_line(str(error))}", hint) from error
