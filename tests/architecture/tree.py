"""The source tree as text and syntax trees; nothing of it is run.

A `Tree` can be this checkout or a small planted one, so that each rule can be shown
to catch what it is for.
"""

import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
# What git ignores, and git itself. Read as names, so that no git is needed: the
# servers' account may not be able to ask it.
UNTRACKED = frozenset(
    {
        ".git",
        ".ekarte",
        "__pycache__",
        "node_modules",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".import_linter_cache",
        ".hypothesis",
    }
)
TEXT = frozenset(
    {".cfg", ".conf", ".css", ".csv", ".html", ".in", ".ini", ".js", ".json", ".lock"}
    | {".md", ".po", ".pot", ".py", ".rst", ".scss", ".sh", ".sql", ".svg", ".toml"}
    | {".txt", ".xml", ".yaml", ".yml"}
)


class Source:
    """One file, read and parsed when asked for."""

    def __init__(self, path: Path, root: Path) -> None:
        self.path = path
        self.name = path.relative_to(root).as_posix()

    def __repr__(self) -> str:
        return self.name

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def syntax(self) -> ast.Module:
        return ast.parse(self.text, filename=self.name)

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def docstrings(self) -> set[int]:
        """Ids of the syntax nodes that are docstrings."""
        found = set()
        for node in ast.walk(self.syntax):
            body = getattr(node, "body", None)
            if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
                found.add(id(body[0].value))
        return found


class Tree:
    """All files of a checkout that a contributor could have written."""

    def __init__(self, root: Path = CHECKOUT) -> None:
        self.root = root

    @cached_property
    def files(self) -> list[Source]:
        return [Source(path, self.root) for path in sorted(self._walk(self.root))]

    def _walk(self, folder: Path) -> Iterator[Path]:
        for path in folder.iterdir():
            if path.name in UNTRACKED or path.name.endswith(".egg-info"):
                continue
            if path.is_dir() and not path.is_symlink():
                yield from self._walk(path)
            elif path.is_file():
                yield path

    def under(self, *rooms: str, suffix: str = ".py") -> list[Source]:
        """Files with this suffix whose top folder starts with one of `rooms`."""
        return [
            source
            for source in self.files
            if source.name.endswith(suffix)
            and (not rooms or source.name.split("/")[0].startswith(rooms))
        ]

    @property
    def texts(self) -> list[Source]:
        """Every text file; scripts without a suffix count when they say so."""
        return [source for source in self.files if _is_text(source.path)]

    @property
    def addons(self) -> list[Path]:
        """Folders of the Odoo add-ons."""
        manifests = self.root.glob("ekarte_*/__manifest__.py")
        return sorted(path.parent for path in manifests)

    def manifest(self, folder: Path) -> dict:
        """Return a manifest as Odoo reads it."""
        text = (folder / "__manifest__.py").read_text(encoding="utf-8")
        return ast.literal_eval(text)


def _is_text(path: Path) -> bool:
    if path.suffix in TEXT or path.name.startswith("."):
        return True
    if path.suffix and path.name != "run":
        return False
    with path.open("rb") as file:
        return b"\0" not in file.read(1024)
