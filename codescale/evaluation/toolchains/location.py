"""Where the programs of a toolchain are, for the user that runs generated programs."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from codescale.evaluation.toolchains.definition import Program

_STANDARD_PATH = "/usr/local/bin:/usr/bin:/bin"


def toolchains_folder() -> Path:
    """Where ``scripts/install_toolchains.sh`` puts what no package of the system gives: ``CODESCALE_TOOLCHAINS``, else
    a folder for everybody where root asks or it is there, else one of the user's own.
    """
    given = os.environ.get("CODESCALE_TOOLCHAINS")
    if given:
        return Path(given).expanduser().absolute()
    everybody = Path("/usr/local/lib/codescale/toolchains")
    if os.geteuid() == 0 or everybody.is_dir():
        return everybody
    return Path.home() / ".local/share/codescale/toolchains"


def locate(program: Program) -> Path | None:
    """The first of a program's places that the sandbox's user can read and execute, links followed."""
    return next((path for path in _candidates(program) if _is_open(path) and _home(path) is not None), None)


def mounts(path: Path) -> dict[Path, str]:
    """What a sandbox has to show for a program that is not below ``/usr``: the folder above its ``bin``."""
    home = _home(path)
    return {} if home is None or home == Path("/usr") else {home: str(home)}


def _candidates(program: Program) -> Iterator[Path]:
    for pattern in program.places:
        absolute = Path(pattern.format(toolchains=toolchains_folder()))
        yield from (found.resolve() for found in sorted(Path("/").glob(str(absolute.relative_to("/")))))
    for name in program.names:
        for folder in [*os.environ.get("PATH", "").split(os.pathsep), *_STANDARD_PATH.split(":")]:
            found = shutil.which(name, path=folder) if folder else None
            if found is not None:
                yield Path(found).resolve() if program.home is None else _at_home(Path(found), name, program.home)


def _at_home(starter: Path, name: str, arguments: tuple[str, ...]) -> Path:
    """The program that ``starter``, such as rustup's proxy, would start."""
    try:
        told = subprocess.run([starter, *arguments], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return starter.resolve()
    own = Path(told.stdout.strip(), "bin", name)
    return own if told.returncode == 0 and own.is_file() else starter.resolve()


def _home(path: Path) -> Path | None:
    """The folder to show for ``path``; ``None`` where that would show a whole home folder or the whole machine."""
    if path.is_relative_to("/usr"):
        return Path("/usr")
    home = path.parent.parent
    return None if home == Path("/") or Path.home().is_relative_to(home) else home


def _is_open(path: Path) -> bool:
    """Whether the sandbox's user can execute ``path``: root's programs run as somebody else."""
    if os.geteuid() != 0:
        return os.access(path, os.X_OK)
    needed = stat.S_IROTH | stat.S_IXOTH
    try:
        return path.stat().st_mode & needed == needed and all(
            folder.stat().st_mode & stat.S_IXOTH for folder in path.parents
        )
    except OSError:
        return False
