"""Isolation by bubblewrap: namespaces of its own for everything, no capability, a user that is not root.

A program sees ``/usr``, the few files of ``/etc`` that its toolchain needs, and its own folders. All else is a file
system that cannot be written. Programs may write to ``/work``: memory of a bounded size, or a folder of this machine
that takes what a compiler makes.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from codescale.errors import UserError
from codescale.evaluation.sandbox.folders import WORK, Folders
from codescale.evaluation.sandbox.limits import Execution, Limits
from codescale.evaluation.sandbox.processes import TreeUsage, wait_for_end
from codescale.evaluation.sandbox.supervisor import Identity, supervise
from codescale.evaluation.sandbox.written_files import Written, keep_plain_files, within_folder

_HINT = (
    "on Debian: apt-get install bubblewrap, and allow user namespaces; or accept, with "
    "run_generated_code_without_isolation, that generated programs may do whatever you may"
)

_INSIDE_USER = 65_534
_USERS = range(62_000, 63_000)
"""Users that root's programs run as, each its own: no package and no person has them."""

_next_user = itertools.count()

_OTHER_TASKS = 2
"""Bubblewrap itself: outside, and as the first process inside."""

_LINKS = {"bin": "usr/bin", "lib": "usr/lib", "lib64": "usr/lib64", "sbin": "usr/sbin"}


class BubblewrapSandbox:
    """Runs programs under bubblewrap."""

    def __init__(self, program: Path) -> None:
        self._program = program

    @property
    def description(self) -> str:
        """What isolates, in words for a report."""
        return "bubblewrap"

    def user(self) -> Identity | None:
        """Whom the next program runs as: root's programs get a user of their own each, others' are their own."""
        if os.geteuid() != 0:
            return None
        number = _USERS[next(_next_user) % len(_USERS)]
        return Identity(number, number)

    def run(
        self,
        command: Sequence[str],
        limits: Limits,
        folders: Folders,
        environment: Mapping[str, str] | None = None,
    ) -> Execution:
        """Runs ``command`` with ``environment`` and nothing else of this process's, within ``limits``.

        Bubblewrap itself gets no environment either: programs can read that of its process inside.
        """
        identity = self.user()
        if identity is not None and folders.writable is not None:
            _give(folders.writable, identity)
        told, tell = os.pipe()
        arguments = [
            *(str(self._program), "--info-fd", str(tell)),
            *_isolation(limits, folders),
            *_variables(
                {"PATH": "/usr/bin:/bin", "HOME": WORK, "TMPDIR": WORK, "LANG": "C.UTF-8", **(environment or {})}
            ),
            "--",
            *bounded(kernel_bounds(limits), command),
        ]
        watched = Limits(**{**vars(limits), "tasks": limits.tasks + _OTHER_TASKS})

        def excessive(now: TreeUsage) -> bool:
            if folders.writable is not None:
                return not within_folder(folders.writable, limits)
            return not _memory_within(now, limits)

        try:
            execution = supervise(arguments, watched, excessive, identity, environment={}, inherited=(tell,))
        finally:
            os.close(tell)
            _wait_for_namespace(told)
        if folders.writable is not None:
            keep_plain_files(folders.writable)
        return execution


def _wait_for_namespace(told: int) -> None:
    """Waits until the first process inside, which bubblewrap named to ``told``, has ended, and with it all others.

    Bubblewrap's own end is no sign of that: it comes as soon as the program has ended, and the kernel then still ends
    what the program left in the background.
    """
    with os.fdopen(told, "rb") as file, suppress(ValueError, KeyError):
        wait_for_end({int(json.loads(file.read())["child-pid"])})


def kernel_bounds(limits: Limits) -> dict[str, str]:
    """The limits that the kernel keeps, for each process or, of ``nproc``, for a namespace's user: as ``prlimit`` takes
    them, soft and hard.
    """
    bounds = {
        "core": "0:0",
        "cpu": f"{limits.cpu_seconds}:{limits.cpu_seconds + 1}",  # a signal that says why, then one that nobody ignores
        "fsize": f"{limits.file_bytes}:{limits.file_bytes}",
        "nproc": f"{limits.tasks}:{limits.tasks}",
        "nofile": "1024:1024",
    }
    if limits.address_space is not None:
        bounds["as"] = f"{limits.address_space}:{limits.address_space}"
    return bounds


def bounded(bounds: Mapping[str, str], command: Sequence[str]) -> list[str]:
    """``command`` behind ``prlimit``, which sets ``bounds``."""
    return ["/usr/bin/prlimit", *(f"--{name}={bound}" for name, bound in bounds.items()), "--", *command]


def _isolation(limits: Limits, folders: Folders) -> list[str]:
    arguments = ["--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]
    arguments += ["--uid", str(_INSIDE_USER), "--gid", str(_INSIDE_USER), "--hostname", "sandbox"]
    arguments += ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev"]
    for name, target in _LINKS.items():
        if Path("/", name).is_symlink():
            arguments += ["--symlink", target, f"/{name}"]
        elif Path("/", name).is_dir():
            arguments += ["--ro-bind", f"/{name}", f"/{name}"]
    for shown in ("/etc/ld.so.cache", "/etc/alternatives"):
        arguments += ["--ro-bind-try", shown, shown]
    arguments += ["--symlink", WORK.strip("/"), "/tmp"]
    arguments += ["--size", str(limits.file_bytes), "--tmpfs", "/dev/shm"]
    for path, place in folders.readable.items():
        arguments += ["--ro-bind", str(path), place]
    if folders.writable is None:
        arguments += ["--size", str(limits.file_bytes), "--tmpfs", WORK]
    else:
        arguments += ["--bind", str(folders.writable), WORK]
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", WORK]


def _variables(environment: Mapping[str, str]) -> list[str]:
    return [argument for name, value in environment.items() for argument in ("--setenv", name, value)]


def _memory_within(now: TreeUsage, limits: Limits) -> bool:
    """Whether what stands in ``/work``, which is memory, has few enough entries; its size the kernel bounds."""
    for pid in reversed(now.pids):
        with suppress(OSError):
            state = os.statvfs(f"/proc/{pid}/root{WORK}")
            if state.f_blocks * state.f_frsize <= limits.file_bytes + state.f_frsize:  # else it is not mounted yet
                return Written(state.f_files - state.f_ffree - 1, 0).within(limits)
    return True


def _give(folder: Path, identity: Identity) -> None:
    """Makes ``folder`` and what is in it ``identity``'s; links are not followed."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, identity.user, identity.group, follow_symlinks=False)


def find_bubblewrap() -> BubblewrapSandbox:
    """Bubblewrap, tried on a program that does nothing. Raises :class:`UserError` where it isolates nothing here."""
    found = shutil.which("bwrap", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/bin"]))
    if found is None:
        raise UserError("sandbox", "bubblewrap is not installed, so generated programs cannot be isolated", _HINT)
    sandbox = BubblewrapSandbox(Path(found))
    try:
        tried = sandbox.run(["/bin/true"], Limits(), Folders({}))
    except OSError as error:
        raise UserError("sandbox", f"bubblewrap does not start ({error.strerror})", _HINT) from None
    if not tried.succeeded:
        said = tried.errors.decode(errors="replace").strip() or f"exit code {tried.exit_code}"
        raise UserError("sandbox", f"bubblewrap cannot isolate a program here ({said})", _HINT)
    return sandbox
