"""The sandbox and the toolchains of this machine; tests that need what is missing are skipped, with the reason."""

from __future__ import annotations

import pytest

from codescale.errors import UserError
from codescale.evaluation.sandbox.isolation import Sandbox, open_sandbox
from codescale.evaluation.toolchains.discovery import Toolchains, find_toolchains


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    try:
        return open_sandbox()
    except UserError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def toolchains(sandbox: Sandbox) -> Toolchains:
    return find_toolchains(sandbox)
