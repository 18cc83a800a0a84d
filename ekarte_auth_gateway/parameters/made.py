"""Making documents from the ledger's book, and again: work of a ledger thread."""

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any, Literal, NamedTuple

import msgspec

from ekarte_auth_gateway.parameters.document import canonical
from ekarte_auth_gateway.parameters.patch import delta
from ekarte_auth_gateway.parameters.sources import Sources
from ekarte_core import (
    Network,
    ParametersBook,
    ParametersKey,
    ParametersVersion,
    Parser,
)

_objects = Parser(dict[str, Any])
KEPT = 32
"""Versions of a branch that a download may go on with, or a patch start from."""
SOURCES_MAX = 4
TEXTS_BYTES_MAX = 64 * 2**20

Kind = Literal["full", "delta", "same"]
State = tuple[int, int, int]  # network version, stop number, key number


class Payload(NamedTuple):
    """What one download carries; `text` is the whole document, for its signature."""

    version: int
    kind: Kind
    content: bytes
    text: bytes


class Maker:
    """Makes documents; remembers the last ones. One thread uses it."""

    def __init__(self, announced: Sequence[tuple[str, bytes]]) -> None:
        """Take the public keys that terminals are to know."""
        self._announced = announced
        self._done: State | None = None
        self._sources: OrderedDict[State, Sources] = OrderedDict()
        self._cuts: dict[str, msgspec.Raw] = {}
        self._cuts_of = 0  # the version of the network that they are of
        self._texts: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._bytes = 0

    def follow(self, book: ParametersBook, known: Network | None, now: datetime) -> int:
        """Bring the stop list after some cards; returns how many."""
        return book.follow_cards(book.current(known), now) if book.claim() else 0

    def renew(
        self, book: ParametersBook, known: Network | None, now: datetime
    ) -> list[str]:
        """Note a version of each branch whose document changed; returns the branches.

        Another process that is at it will have done the same.
        """
        if not book.claim():
            return []
        book.add_keys(self._announced, now)
        network, keys = book.current(known), book.keys()
        state = (network.version, book.stop_number(), _last(keys))
        if state == self._done:
            return []
        if self._cuts_of != network.version:
            self._cuts, self._cuts_of = {}, network.version
        sources = self._made_from(book, state, network, keys)
        at = now.astimezone(timezone.utc).replace(microsecond=0)
        changed = [
            branch
            for branch in sources.branches
            if self._renew_branch(book, sources, state, branch, at)
        ]
        self._done = state
        return changed

    def _renew_branch(
        self,
        book: ParametersBook,
        sources: Sources,
        state: State,
        branch: str,
        at: datetime,
    ) -> bool:
        last = next(iter(book.versions(branch, 1)), None)
        version = state[0]
        if last is not None:
            same = sources.text(branch, last.version, last.at)
            if _digest(same) == last.sha256:
                self._keep(branch, last.version, same)
                return False
            version = max(version, last.version + 1)
        text = sources.text(branch, version, at)
        book.add(branch, ParametersVersion(version, *state, _digest(text), at))
        self._keep(branch, version, text)
        return True

    def payload(
        self, book: ParametersBook, branch: str, known: int, wanted: int
    ) -> Payload | None:
        """Return what a terminal is to be sent; None while there is no document.

        `wanted` 0, or too old: the newest. A patch where it is shorter than the whole.
        """
        kept = book.versions(branch, KEPT)
        if not kept:
            return None
        row = next((row for row in kept if row.version == wanted), kept[0])
        text = self._text(book, branch, row)
        if text is None and row is not kept[0]:
            row = kept[0]
            text = self._text(book, branch, row)
        if text is None:
            return None  # made by another edition: the next round makes it anew
        if known == row.version:
            return Payload(row.version, "same", b"", text)
        before = next((row for row in kept if row.version == known), None)
        old = self._text(book, branch, before) if before is not None else None
        if old is not None:
            patch = canonical(delta(_json(old), _json(text)))
            if len(patch) < len(text):
                return Payload(row.version, "delta", patch, text)
        return Payload(row.version, "full", text, text)

    def _text(
        self, book: ParametersBook, branch: str, row: ParametersVersion
    ) -> bytes | None:
        """Return the document of a version as it was, or None: it cannot be made."""
        known = self._texts.get((branch, row.version))
        if known is not None:
            self._texts.move_to_end((branch, row.version))
            return known
        state = (row.network_version, row.stop_number, row.key_number)
        network = book.network(row.network_version)
        if network is None or branch not in network.branches:
            return None
        keys = book.keys(row.key_number)
        sources = self._made_from(book, state, network, keys)
        text = sources.text(branch, row.version, row.at.astimezone(timezone.utc))
        if _digest(text) != row.sha256:
            return None
        self._keep(branch, row.version, text)
        return text

    def _made_from(
        self,
        book: ParametersBook,
        state: State,
        network: Network,
        keys: Sequence[ParametersKey],
    ) -> Sources:
        found = self._sources.get(state)
        if found is None:
            stopped = book.stop_list(state[1])
            stop_keys = book.stop_keys({one.key for one in stopped})
            cuts = self._cuts if network.version == self._cuts_of else None
            found = Sources(network, stopped, stop_keys, keys, cuts)
            self._sources[state] = found
        self._sources.move_to_end(state)
        while len(self._sources) > SOURCES_MAX:
            self._sources.popitem(last=False)
        return found

    def _keep(self, branch: str, version: int, text: bytes) -> None:
        old = self._texts.pop((branch, version), b"")
        self._texts[branch, version] = text
        self._bytes += len(text) - len(old)
        while self._bytes > TEXTS_BYTES_MAX and len(self._texts) > 1:
            _key, gone = self._texts.popitem(last=False)
            self._bytes -= len(gone)


def _last(keys: Sequence[ParametersKey]) -> int:
    return keys[-1].number if keys else 0


def _json(text: bytes) -> dict[str, Any]:
    return _objects.from_json(text)


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()


def in_base64(content: bytes) -> str:
    """Return bytes as JSON carries them."""
    return base64.b64encode(content).decode()
