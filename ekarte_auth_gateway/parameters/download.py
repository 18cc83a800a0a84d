"""A terminal's side of a download: what to ask next, and what to make of the answers.

Pure: who has the line sends `wish` and hands `take` what comes back. What has been
collected may be kept over a power cut as `(version, kind, chunks, pieces)`; a newer
version that appears meanwhile does not disturb.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec

from ekarte_auth_gateway.parameters.document import (
    Document,
    ParametersRefused,
    canonical,
    read_document,
)
from ekarte_auth_gateway.parameters.patch import apply
from ekarte_auth_gateway.parameters.signing import verify
from ekarte_core import Parameters, ParametersWish, Parser

_objects = Parser(dict[str, Any])
_Head = tuple[int, str, int]  # version, kind, chunks


class Download:
    """Brings a terminal's parameters up to date, chunk by chunk.

    Attributes:
        text: the document in force, as it was signed; b"" without one.
        document: the same, read.
        done: nothing more is to be asked for now.
    """

    def __init__(
        self, branch: str, trusted: Mapping[str, bytes], text: bytes = b""
    ) -> None:
        """Take the branch, public keys by key id, and the document in force, if any.

        The keys are those handed over with the terminal; a document brings others.
        """
        self._branch = branch
        self._handed = dict(trusted)
        self.text = text
        self.document = read_document(text) if text else None
        self.done = False
        self._head: _Head | None = None
        self._pieces: list[bytes] = []
        self._whole = False  # ask for all of it: the last patch did not fit

    @property
    def trusted(self) -> dict[str, bytes]:
        """Public keys that a document may be signed with."""
        keys = self.document.keys if self.document is not None else {}
        told = {name: base64.b64decode(key) for name, key in keys.items()}
        # With a document in force only its own keys count: one of them may have been
        # retired because it is known to others.
        return told or self._handed

    def wish(self) -> ParametersWish:
        """Return what to ask for next."""
        known = self.document.version if self.document is not None else 0
        version = self._head[0] if self._head is not None else 0
        return ParametersWish(
            known=0 if self._whole else known, chunk=len(self._pieces), version=version
        )

    def take(self, part: Parameters) -> Document | None:
        """Take an answer; return the new document when it is complete and right.

        Raises:
            ParametersRefused: it is not; what was in force stays.
        """
        if part.kind == "same":
            self._start_anew()
            self.done = True
            return None
        head = (part.version, part.kind, part.chunks)
        if head != self._head:
            self._start_anew()
            self._head = head
        if part.chunk != len(self._pieces):
            return None  # not what comes next: ask again
        self._pieces.append(_bytes(part.data))
        if len(self._pieces) < part.chunks:
            return None
        content = b"".join(self._pieces)
        self._start_anew()
        return self._complete(part, content)

    def _complete(self, part: Parameters, content: bytes) -> Document:
        try:
            text = self._patched(content) if part.kind == "delta" else content
            document = self._checked(text, part)
        except ParametersRefused:
            self._whole = part.kind == "delta"
            raise
        self.text, self.document, self._whole = text, document, False
        return document

    def _patched(self, content: bytes) -> bytes:
        try:
            patch = _objects.from_json(content)
            before = msgspec.json.decode(self.text) if self.text else {}
            return canonical(apply(patch, before))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise ParametersRefused("the patch is not JSON") from None

    def _checked(self, text: bytes, part: Parameters) -> Document:
        key = self.trusted.get(part.key_id)
        if key is None:
            raise ParametersRefused(f"signed with key {part.key_id}, not known here")
        if not verify(text, _bytes(part.signature), key):
            raise ParametersRefused("the signature is wrong")
        document = read_document(text)
        if document.branch != self._branch:
            raise ParametersRefused(f"for branch {document.branch}")
        if document.version != part.version:
            raise ParametersRefused("another version than the answer says")
        if self.document is not None and document.version < self.document.version:
            raise ParametersRefused("older than what is in force")
        return document

    def _start_anew(self) -> None:
        self._head, self._pieces = None, []


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ParametersRefused("data is not base64") from None
