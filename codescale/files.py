"""Atomic files: an artifact is either absent or whole, whatever kills the process that writes it.

A write goes to a temporary name in the same folder, is flushed to the disk and renamed. A full or read-only disk
becomes one clear line (:class:`~codescale.errors.UserError`) that names the file.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from codescale.errors import UserError

_HINTS = {
    errno.ENOSPC: "the disk is full: free some space and run the same command again, finished work is kept",
    errno.EDQUOT: "the disk quota is used up: free some space and run the same command again, finished work is kept",
    errno.EFBIG: "the file would be larger than this process or disk may write: raise the limit (ulimit -f)",
    errno.EROFS: "the file system is read-only: choose a folder that can be written",
    errno.EACCES: "permission denied: choose a folder that can be written",
    errno.EPERM: "permission denied: choose a folder that can be written",
    errno.ENOTDIR: "a part of this path is a file: choose another folder",
    errno.EEXIST: "a part of this path is a file: choose another folder",
    errno.ENAMETOOLONG: "the name is too long: choose a shorter one",
    errno.EISDIR: "this is a folder: name a file",
    errno.ENOENT: "the folder does not exist: create it first",
}


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Turns the operating system's refusal to write ``path`` into a :class:`UserError` that names it; also a name that
    is no text, of this file or of one that it tells of.
    """
    try:
        yield
    except UnicodeEncodeError as error:
        name = error.object[max(0, error.start - 20) : error.end + 20]
        raise UserError(path, f"cannot be written: {name!r} is no UTF-8 text", "rename what is called so") from None
    except OSError as error:
        if error.errno not in _HINTS:
            raise
        raise UserError(path, f"cannot be written ({error.strerror})", _HINTS[error.errno]) from error


def check_replaceable(path: str | Path) -> None:
    """Raises :class:`UserError` where ``path`` can be no file of ours, to be told before long work and not after it."""
    path = Path(path)
    if path.is_dir():
        raise UserError(path, "is a folder", "name a file in it")
    if path.exists() and not path.is_file():
        raise UserError(path, "is a device or a pipe, not a file", "name a file")


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yields a temporary path beside ``path``; on success it is flushed and renamed to ``path``, else removed.

    Raises :class:`UserError` where the disk is full, read-only or not ours to write.
    """
    with _replacing(path) as temporary:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())


@contextmanager
def _replacing(path: str | Path) -> Iterator[Path]:
    """As :func:`replacing`, and the system flushes it when it likes."""
    path = Path(os.path.realpath(path))  # a link stays, what it points to is replaced
    check_replaceable(path)
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.tmp")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            os.replace(temporary, path)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def write_bytes(path: str | Path, content: bytes) -> None:
    """Writes ``content`` to ``path`` atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | Path, content: str) -> None:
    """Writes ``content`` to ``path`` atomically, as UTF-8."""
    with writing(path):
        encoded = content.encode("utf-8")
    write_bytes(path, encoded)


def write_passing(path: str | Path, content: str) -> None:
    """Writes ``content`` to ``path`` atomically, as UTF-8, without waiting for the disk: for what is worth nothing once
    the machine has failed, such as who does a run just now. Whoever reads sees it at once.
    """
    with _replacing(path) as temporary:
        temporary.write_bytes(content.encode("utf-8"))


def write_json(path: str | Path, content: Any) -> None:
    """Writes ``content`` as indented JSON, atomically. Raises ``ValueError`` for NaN, which JSON cannot hold."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def json_line(content: Any) -> str:
    """``content`` as JSON on one line. Raises ``ValueError`` for NaN, which JSON cannot hold."""
    return json.dumps(content, allow_nan=False, ensure_ascii=False)


def write_json_with_lines(path: str | Path, content: Mapping[str, Any], name: str, lines: Iterable[str]) -> None:
    """As :func:`write_json`, with one more key: a list called ``name`` whose items are JSON already, one on a line.

    For files that are written often and grow: what has not changed need not be turned into JSON again.
    """
    head = json.dumps(dict(content), indent=2, allow_nan=False, ensure_ascii=False).removesuffix("\n}")
    items = ",\n".join(f"    {line}" for line in lines)
    write_text(path, f"{head},\n  {json.dumps(name)}: [\n{items}\n  ]\n}}\n")


def yaml_text(content: Any) -> str:
    """``content`` as YAML in the order given."""
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def write_yaml(path: str | Path, content: Any) -> None:
    """Writes ``content`` as YAML in the order given, atomically."""
    write_text(path, yaml_text(content))


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_text(path: str | Path) -> str:
    """The text of ``path``. Raises :class:`UserError` where it is missing, unreadable or not UTF-8."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(path, "no such file", "check the path") from None
    except IsADirectoryError:
        raise UserError(path, "is a folder", "name a file in it") from None
    except UnicodeDecodeError as error:
        raise UserError(path, f"is not UTF-8 text (byte {error.start})", "save it as UTF-8") from None
    except OSError as error:
        raise UserError(path, f"cannot be read ({error.strerror})", "check its permissions") from None


def read_json(path: str | Path) -> Any:
    """The JSON in ``path``. Raises :class:`UserError` that names the line where it breaks off."""
    try:
        return json.loads(read_text(path))
    except RecursionError:
        raise UserError(path, "is nested too deeply", "repair it or make the file again") from None
    except json.JSONDecodeError as error:
        raise UserError(
            f"{path}, line {error.lineno}", f"is not JSON ({error.msg})", "repair it or make the file again"
        ) from None
    except ValueError as error:  # a number of thousands of digits
        raise UserError(path, f"is not JSON ({error})", "repair it or make the file again") from None


_MOST_VALUES = 100_000
"""Of a YAML file whose aliases are written out; a file without aliases may hold more."""


class _Plain(yaml.SafeLoader):
    """Plain values, the keys of mappings as they are written: ``no`` and ``1`` name languages like any other word.

    Raises ``yaml.YAMLError`` for a key that occurs twice, whose first value would be lost without a word, and for an
    alias that holds itself or that written out is absurdly large ("billion laughs").
    """

    def get_single_node(self) -> yaml.Node | None:
        """The document, its aliases checked before anything follows them."""
        node: yaml.Node | None = super().get_single_node()
        if node is not None:
            _refuse_endless(node)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping in ``node``."""
        seen: set[str] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _wrong("a list or a mapping stands where a name belongs", key_node)
            if key_node.value in seen:
                raise _wrong(f"{key_node.value} occurs twice", key_node)
            seen.add(key_node.value)
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


def _refuse_endless(root: yaml.Node) -> None:
    """Counts the values below ``root`` as if every alias were written out, each node once.

    Raises ``yaml.YAMLError`` where that has no end or is more than :data:`_MOST_VALUES`, by aliases alone.
    """
    counts: dict[yaml.Node, int] = {}
    open_nodes: set[yaml.Node] = set()

    def count(node: yaml.Node) -> int:
        if node in open_nodes:
            raise _wrong("an alias holds itself", node)
        if node not in counts:
            open_nodes.add(node)
            counts[node] = 1 + sum(map(count, _below(node)))
            open_nodes.remove(node)
        return counts[node]

    if count(root) > max(_MOST_VALUES, len(counts)):
        raise _wrong(f"its aliases stand for more than {_MOST_VALUES:,} values", root)


def _below(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from pair
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _wrong(problem: str, node: yaml.Node) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def parse_yaml(text: str) -> Any:
    """The YAML in ``text``, plain values only. Raises ``yaml.YAMLError``."""
    return yaml.load(text, Loader=_Plain)  # a SafeLoader


def read_yaml(path: str | Path) -> Any:
    """The YAML in ``path``. Raises :class:`UserError` that names the line where it cannot be read."""
    try:
        return parse_yaml(read_text(path))
    except RecursionError:
        raise UserError(path, "is nested too deeply", "repair it") from None
    except yaml.reader.ReaderError as error:
        line = read_text(path).count("\n", 0, error.position) + 1
        problem = f"holds the character U+{error.character:04X}, which YAML does not allow"
        raise UserError(f"{path}, line {line}", problem, "remove it, or write an escape in double quotes") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or "cannot be parsed"
        raise UserError(where, f"is not YAML ({problem})", "repair the line") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:  # a date of month 99, a tag on the wrong thing
        raise UserError(path, f"holds a value that is not what it looks like ({error})", "put it in quotes") from None
