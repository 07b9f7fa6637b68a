"""Tables of a dataset of the Hugging Face hub, fetched one after the other with the user's own token.

The address is huggingface_hub's: ``hf://datasets/OWNER/NAME@REVISION/FOLDER``, revision and folder as one likes, or a
file in place of the folder. StarCoderData has a folder for each language.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from codescale.corpus.left_out import LeftOut
from codescale.corpus.sources.tables.files import TableFile, is_table
from codescale.errors import UserError
from codescale.files import writing

SCHEME = "hf://"
_ADDRESS = re.compile(r"hf://datasets/(?P<name>[\w.-]+/[\w.-]+)(@(?P<revision>[^/@]+))?(/(?P<inner>[^@]*))?")
_MEND = "correct corpus.sources; for a dataset with terms, accept them on its page and log in with: hf auth login"


class HubPlace:
    """The tables of a dataset, or those in a folder of it, or one of them. A table is fetched whole into ``folder`` and
    removed when it was read, so that the disk holds one at a time.

    Raises :class:`UserError` for an address that is none.
    """

    def __init__(self, address: str, folder: Path) -> None:
        found = _ADDRESS.fullmatch(address)
        if found is None:
            hint = "write hf://datasets/OWNER/NAME, with @REVISION and /FOLDER behind where you want them"
            raise UserError(address, "is no address of a dataset on the hub", hint)
        self._address, self._folder = address, folder
        self._name, self._revision = found["name"], found["revision"]
        self._inner = (found["inner"] or "").strip("/")

    def __str__(self) -> str:
        return self._address

    def _listed(self) -> tuple[str, list[str]]:
        """The commit that is read, and the names of all files in it."""
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HfHubHTTPError

        try:
            found = HfApi().dataset_info(self._name, revision=self._revision)
        except (HfHubHTTPError, OSError, ValueError) as error:
            raise UserError(self._address, f"cannot be read ({_reason(error)})", _MEND) from None
        return str(found.sha), sorted(one.rfilename for one in found.siblings or [])

    def _fetch(self, name: str, commit: str, folder: str) -> Path:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError

        try:
            path = hf_hub_download(self._name, name, repo_type="dataset", revision=commit, local_dir=folder)
        except (HfHubHTTPError, OSError, ValueError) as error:
            problem = f"{name} cannot be fetched ({_reason(error)})"
            raise UserError(self._address, problem, "run the same command again: it goes on where it stood") from None
        return Path(path)

    def _tables(self, names: list[str], left_out: LeftOut) -> list[str]:
        if self._inner in names:
            return [self._inner]
        found = []
        for name in names:
            if self._inner and not name.startswith(f"{self._inner}/"):
                continue
            if any(part.startswith(".") for part in PurePosixPath(name).parts):
                left_out.add("hidden", name)
            elif is_table(name):
                found.append(name)
            else:
                left_out.add("other_ending", PurePosixPath(name).suffix or name)
        if not found:
            raise UserError(self._address, "holds no table", _MEND)
        return found

    def files(self, left_out: LeftOut) -> Iterator[TableFile]:
        """The tables there, one after the other."""
        commit, names = self._listed()
        with writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        for name in self._tables(names, left_out):
            with tempfile.TemporaryDirectory(dir=self._folder, prefix=".table-") as folder:
                path = self._fetch(name, commit, folder)
                yield TableFile(path, name, f"{self._address}, {name}", name == self._inner)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
