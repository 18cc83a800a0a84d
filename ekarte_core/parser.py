"""Reading JSON and plain values into typed records, from any number of threads.

msgspec learns a record when it is first read, and shows it half learnt to others: two
threads that read it first at the same moment end the process (0.22.0,
`StructInfo_Convert`; SIGSEGV, without a word in the log). So nothing is read but by a
Parser, and Parsers are made while modules load: an import is done by one thread.
"""

from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class Parser(Generic[T]):
    """Reads one type; belongs at a module's top level.

    Every method raises `msgspec.ValidationError` for what has another type, and
    `from_json` also `msgspec.DecodeError` for what is not JSON.
    """

    def __init__(self, kind: type[T]) -> None:
        """Learn the type with all that is in it."""
        self._kind = kind
        self._decoder = msgspec.json.Decoder(kind)

    def from_json(self, text: bytes | str) -> T:
        """Read JSON."""
        return self._decoder.decode(text)

    def from_tree(self, tree: Any, *, from_attributes: bool = False) -> T:  # noqa: ANN401 - any plain value
        """Read dicts, lists and scalars; with `from_attributes`, objects as well."""
        return msgspec.convert(tree, self._kind, from_attributes=from_attributes)
