"""Each thing that the sandbox stops, shown by a harmless program of ours that tries it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.evaluation.sandbox import bubblewrap
from codescale.evaluation.sandbox.folders import Folders
from codescale.evaluation.sandbox.isolation import Sandbox, open_sandbox
from codescale.evaluation.sandbox.limits import Execution, Limits
from codescale.evaluation.sandbox.processes import descendants
from codescale.evaluation.toolchains.workspace import Workspace

MIB = 1 << 20
LIMITS = Limits(cpu_seconds=5, wall_seconds=20, memory=128 * MIB, tasks=16, files=64, file_bytes=4 * MIB)


def python(sandbox: Sandbox, code: str, limits: Limits = LIMITS, writable: Path | None = None) -> Execution:
    """Runs ``code``; what the tests look for is what it prints."""
    return sandbox.run(["/usr/bin/python3", "-I", "-S", "-c", code], limits, Folders({}, writable))


@pytest.fixture
def folder() -> Iterator[Path]:
    with Workspace() as workspace:
        yield workspace.folder()


def test_a_program_runs_and_its_output_is_read(sandbox: Sandbox) -> None:
    ran = python(sandbox, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (ran.output, ran.errors, ran.exit_code, ran.exceeded) == (b"out\n", b"err\n", 3, None)
    assert not ran.succeeded


def test_all_of_a_large_output_within_the_limit_is_read(sandbox: Sandbox) -> None:
    ran = python(sandbox, "print('x' * 900_000)")
    assert ran.succeeded
    assert len(ran.output) == 900_001


def test_no_secret_of_a_home_folder_is_seen(sandbox: Sandbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("open sesame")
    secret.chmod(0o644)
    ran = python(sandbox, f"print(open({str(secret)!r}).read())")
    assert b"FileNotFoundError" in ran.errors
    seen = python(sandbox, "import os; print(sorted(os.listdir('/')), os.path.expanduser('~'))")
    assert b"home" not in seen.output
    assert b"root" not in seen.output
    assert seen.output.endswith(b"/work\n")


def test_no_variable_of_the_environment_is_seen(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "open sesame")
    ran = python(sandbox, "import os; print(sorted(os.environ))")
    assert ran.output == b"['HOME', 'LANG', 'PATH', 'PWD', 'TMPDIR']\n"
    other = python(sandbox, "import glob\nfor f in glob.glob('/proc/*/environ'): print(open(f).read())")
    assert b"sesame" not in other.output


def test_nobody_on_loopback_is_reached(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ran = python(sandbox, f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)")
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()
    assert b"ConnectionRefusedError" in ran.errors


def test_nobody_outside_is_reached(sandbox: Sandbox) -> None:
    ran = python(sandbox, "import socket; socket.create_connection(('192.0.2.1', 80), 2)")
    assert b"Network is unreachable" in ran.errors


def test_it_has_no_rights_and_is_not_root(sandbox: Sandbox) -> None:
    ran = python(sandbox, "import os; print(os.getuid(), [l for l in open('/proc/self/status') if l[:3] == 'Cap'])")
    assert ran.output.startswith(b"65534 ")
    assert ran.output.count(b"\\t0000000000000000") == 5


@pytest.mark.skipif(os.geteuid() != 0, reason="others than root run programs as themselves")
def test_roots_programs_are_somebody_elses(sandbox: Sandbox, folder: Path) -> None:
    assert python(sandbox, "open('made', 'w').close()", writable=folder).succeeded
    assert (folder / "made").stat().st_uid in range(62_000, 63_000)


def test_more_processes_than_allowed_are_not_had(sandbox: Sandbox) -> None:
    code = """
import os, time
forks = 0
try:
    while forks < 100:
        os.fork() or time.sleep(9)
        forks += 1
except OSError:
    print(forks)
"""
    ran = python(sandbox, code)
    assert 0 < int(ran.output) < LIMITS.tasks


def test_more_memory_than_resident_is_allowed_ends_it(sandbox: Sandbox) -> None:
    code = "import time\nkept = [bytearray(b'x' * (1 << 20)) for _ in range(300)]\ntime.sleep(9)"
    assert python(sandbox, code, replace(LIMITS, address_space=None)).exceeded == "memory"


def test_memory_is_that_of_all_processes_together(sandbox: Sandbox) -> None:
    code = "import os, time\nfor _ in range(3): os.fork()\nkept = b'x' * (30 << 20)\ntime.sleep(9)"
    assert python(sandbox, code).exceeded == "memory"


def test_more_address_space_than_allowed_is_not_had(sandbox: Sandbox) -> None:
    ran = python(sandbox, "bytearray(1 << 30)", replace(LIMITS, address_space=256 * MIB))
    assert b"MemoryError" in ran.errors


def test_more_output_than_allowed_ends_it(sandbox: Sandbox) -> None:
    ran = python(sandbox, "while True: print('x' * 1000)")
    assert ran.exceeded == "output"
    assert len(ran.output) <= LIMITS.output


def test_more_processor_time_than_allowed_ends_it(sandbox: Sandbox) -> None:
    assert python(sandbox, "while True: pass", replace(LIMITS, cpu_seconds=1)).exceeded == "time"


def test_processor_time_is_that_of_all_processes_together(sandbox: Sandbox) -> None:
    code = """
import os
for _ in range(3):
    if os.fork() == 0:
        while True: pass
for _ in range(3): os.wait()
"""
    assert python(sandbox, code, replace(LIMITS, cpu_seconds=2)).exceeded == "time"


def test_more_time_asleep_than_allowed_ends_it(sandbox: Sandbox) -> None:
    ran = python(sandbox, "import time; print('begun', flush=True); time.sleep(60)", replace(LIMITS, wall_seconds=0.5))
    assert (ran.exceeded, ran.output) == ("time", b"begun\n")


@pytest.mark.parametrize("place", ["/usr/new", "/etc/new", "/new", "/dev/new", "/proc/new", "/program"])
def test_it_writes_nowhere_else(sandbox: Sandbox, place: str) -> None:
    ran = python(sandbox, f"open({place!r}, 'w')")
    assert ran.exit_code == 1
    assert any(error in ran.errors for error in (b"Read-only file system", b"Permission denied", b"No such file"))


def test_what_is_shown_to_read_is_not_written(sandbox: Sandbox, folder: Path) -> None:
    (folder / "input").write_text("given")
    folder.chmod(0o777)
    command = ["/usr/bin/python3", "-c", "print(open('/given/input').read()); open('/given/new', 'w')"]
    ran = sandbox.run(command, LIMITS, Folders({folder: "/given"}))
    assert ran.output == b"given\n"
    assert b"Read-only file system" in ran.errors


def test_a_larger_file_than_allowed_is_not_written(sandbox: Sandbox, folder: Path) -> None:
    for writable in (None, folder):
        ran = python(sandbox, "open('large', 'wb').write(bytes(9 << 20))", writable=writable)
        assert not ran.succeeded
    assert (folder / "large").stat().st_size <= LIMITS.file_bytes


def test_more_bytes_in_all_files_than_allowed_end_it(sandbox: Sandbox, folder: Path) -> None:
    code = "import time\nfor k in range(30): open(str(k), 'wb').write(bytes(1 << 20))\ntime.sleep(9)"
    assert python(sandbox, code, writable=folder).exceeded == "files"
    assert b"No space left" in python(sandbox, code).errors
    assert b"No space left" in python(sandbox, f"import os; os.chdir('/dev/shm')\n{code}").errors


def test_more_files_than_allowed_end_it(sandbox: Sandbox, folder: Path) -> None:
    code = "import time\nfor k in range(1000): open(str(k), 'w').close()\ntime.sleep(9)"
    for writable in (None, folder):
        assert python(sandbox, code, writable=writable).exceeded == "files"


def test_a_background_process_does_not_outlive_it(sandbox: Sandbox, folder: Path) -> None:
    code = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            open('alive', 'w').write(str(time.time()))
            time.sleep(0.01)
while not os.path.exists('alive'): time.sleep(0.01)
"""
    assert python(sandbox, code, writable=folder).succeeded
    last = (folder / "alive").stat().st_mtime_ns
    time.sleep(0.1)
    assert (folder / "alive").stat().st_mtime_ns == last
    assert len(descendants(os.getpid())) == 1


def test_a_link_leads_nowhere_and_does_not_stay(sandbox: Sandbox, folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("open sesame")
    secret.chmod(0o666)
    code = f"""
import os
os.symlink({str(secret)!r}, 'out')
os.mkdir('below'); os.symlink('/etc', 'below/etc'); os.mkfifo('pipe')
open('kept', 'w').close(); os.link('kept', 'other name')
try: open('out').read()
except FileNotFoundError: print('not there')
"""
    assert python(sandbox, code, writable=folder).output == b"not there\n"
    left = list(folder.rglob("*"))
    assert [path.name for path in left if not (path.is_dir() or path.is_file())] == []
    assert not any(stat.S_ISLNK(path.lstat().st_mode) for path in left)
    assert secret.read_text() == "open sesame"


def test_no_signal_reaches_this_process(sandbox: Sandbox) -> None:
    reached: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: reached.append(number))
    try:
        code = f"import os, signal\nprint(os.getppid())\nos.kill({os.getpid()}, signal.SIGUSR1)"
        ran = python(sandbox, code)
        python(sandbox, "import os, signal\nos.kill(os.getppid(), signal.SIGUSR1)")
        python(sandbox, "import os, signal\nos.kill(-1, signal.SIGUSR1)")
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert b"ProcessLookupError" in ran.errors
    assert reached == []


def test_it_knows_no_process_of_this_machine(sandbox: Sandbox) -> None:
    ran = python(sandbox, "import os; print(sum(name.isdigit() for name in os.listdir('/proc')))")
    assert int(ran.output) <= 3


def test_without_bubblewrap_it_refuses_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda *names, **settings: None)
    with pytest.raises(UserError, match=r"bubblewrap is not installed.*apt-get install bubblewrap"):
        open_sandbox()


def test_a_bubblewrap_that_cannot_isolate_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "bwrap"
    other.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    other.chmod(0o755)
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda *names, **settings: str(other))
    monkeypatch.setattr(bubblewrap.BubblewrapSandbox, "user", lambda self: None)
    with pytest.raises(UserError, match=r"cannot isolate a program here \(No permissions to create new namespace\)"):
        open_sandbox()


HARMLESS = [
    "print('done')",
    "import subprocess; [subprocess.Popen(['sleep', '60']) for _ in range(3)]",
    "while True: pass",
    "while True: print('x' * 1000)",
    "import os\nfor k in range(20): os.fork()",
    "import time\nkept = b'x' * (200 << 20)\ntime.sleep(60)",
    "open('left', 'w').write('left')",
    "import time; time.sleep(60)",
]


@pytest.mark.slow
def test_five_hundred_programs_four_at_a_time_leave_nothing(sandbox: Sandbox) -> None:
    limits = replace(LIMITS, cpu_seconds=1, wall_seconds=1, address_space=512 * MIB)
    token = secrets.token_hex(16)  # in the environment of every process of this test's programs

    def mounts() -> list[str]:
        return sorted(line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())

    def left_running() -> list[str]:
        found = []
        for environment in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if token.encode() in environment.read_bytes():
                    found.append(str(environment))
        return found

    before = mounts()
    with Workspace() as workspace, ThreadPoolExecutor(4) as pool:
        temporary = workspace.folder().parent

        def one(number: int) -> Execution:
            writable = workspace.folder() if number % 2 else None
            command = ["/usr/bin/python3", "-I", "-S", "-c", HARMLESS[number % len(HARMLESS)]]
            return sandbox.run(command, limits, Folders({}, writable), {"RUN": token})

        ran = list(pool.map(one, range(500)))
    assert len(ran) == 500
    assert {"time", "output", None} <= {execution.exceeded for execution in ran}
    assert len(descendants(os.getpid())) == 1
    assert left_running() == []
    assert mounts() == before
    assert not temporary.exists()
