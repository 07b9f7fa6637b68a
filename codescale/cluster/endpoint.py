"""Where ``RAY_ADDRESS`` points to, and whether anything listens there: asked before Ray is, which waits for minutes."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit


def endpoint(address: str) -> tuple[str, int] | None:
    """Host and port of ``host:port`` or ``ray://host:port``; None of what is Ray's to find, such as ``auto``.

    Raises ``ValueError`` for a port that there cannot be.
    """
    parts = urlsplit(address if "://" in address else f"ray://{address}")
    host, port = parts.hostname, parts.port
    return None if host is None or port is None else (host, port)


def check_listens(place: tuple[str, int], seconds: float) -> None:
    """Raises ``OSError`` where nothing takes connections at host and port ``place`` within ``seconds``."""
    socket.create_connection(place, timeout=seconds).close()
