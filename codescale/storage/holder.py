"""Who works on a study: a process, as it says so in the study's lease, or in a mark where the study is a plain folder.

The mark keeps nobody out. It is there for whoever looks on: what a killed process left behind is told from work that
goes on by whether its process lives.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from codescale.errors import UserError
from codescale.files import write_text

MARK = ".driver.json"
"""In a study's folder, while a command works on it."""

Holder = dict[str, Any]
"""Host, machine (what tells it, and on it this container, from others of that name), pid, and when it began."""


def this_process() -> Holder:
    """This process, as a holder."""
    return {
        "host": platform.node(),
        "machine": this_machine(),
        "pid": os.getpid(),
        "begun": datetime.now(UTC).isoformat(timespec="seconds"),
    }


@cache
def this_machine() -> str:
    """What tells this machine, and on it this container, from others of the same name."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}-{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return secrets.token_hex(8)


def parse_holder(content: bytes) -> Holder:
    """The holder that ``content`` names; an empty one where it names none."""
    try:
        holder = json.loads(content)
    except ValueError:
        return {}
    return holder if isinstance(holder, dict) else {}


def lives_here(holder: Holder) -> bool | None:
    """Whether ``holder`` is a living process of this machine; None where it is one of another machine, or none."""
    pid = holder.get("pid")
    if holder.get("machine") != this_machine() or not isinstance(pid, int):
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OverflowError:
        return None
    except OSError:  # somebody else's
        return True
    return True


def described(holder: Holder) -> str:
    """``holder`` in words."""
    if not holder:
        return "another driver"
    return f"the driver on {holder.get('host')} (process {holder.get('pid')}, since {holder.get('begun')})"


@contextmanager
def marked(root: Path) -> Iterator[None]:
    """While the block runs the folder ``root`` says that this process works on the study in it; where nothing can be
    written nobody is told, and who writes results will be.
    """
    path = root / MARK
    if _is_own(path):  # a stage of a longer work
        yield
        return
    with suppress(UserError):
        write_text(path, json.dumps(this_process()))
    try:
        yield
    finally:
        if _is_own(path):
            with suppress(OSError):
                path.unlink(missing_ok=True)


def marked_by(root: Path) -> Holder:
    """Who works on the study in the folder ``root``, or was killed while it did; an empty one where nobody does."""
    try:
        return parse_holder((root / MARK).read_bytes())
    except OSError:
        return {}


def _is_own(path: Path) -> bool:
    holder = marked_by(path.parent)
    return holder.get("pid") == os.getpid() and holder.get("machine") == this_machine()
