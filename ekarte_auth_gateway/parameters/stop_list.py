"""The stop list: marks of cards that are refused, by answer code.

Marks are cut in two: the first byte names a shelf, the rest of all marks on it stand
sorted in one text. So a card more or less changes one shelf, and a patch is short.
"""

import base64
from collections.abc import Iterable, Mapping

import msgspec

from ekarte_core import STOP_KINDS, Stopped, stop_mark, stop_token

REST_BYTES = 4


class StopList(msgspec.Struct, frozen=True, kw_only=True):
    """Marks, and what is needed to make the mark of a card (docs/TERMINALS.md).

    Attributes:
        keys: hex by id; a card is looked up by each.
        cards: by answer code, by shelf (two hex digits): base64 of the sorted rests.
    """

    keys: dict[str, str] = {}
    cards: dict[str, dict[str, str]] = {}

    def find(self, kind: str, number: str) -> str:
        """Return the answer code for an identifier on the list, else ''."""
        if kind not in STOP_KINDS:
            return ""
        for key in self.keys.values():
            mark = stop_mark(stop_token(bytes.fromhex(key), kind, number))
            for rc, shelves in self.cards.items():
                if mark[1:] in _rests(shelves.get(mark[:1].hex(), "")):
                    return rc
        return ""

    def is_sound(self) -> bool:
        """Say whether its keys and shelves are what `find` takes them for."""
        try:
            keys = [bytes.fromhex(key) for key in self.keys.values()]
            for shelves in self.cards.values():
                for shelf in shelves.values():
                    base64.b64decode(shelf, validate=True)
        except ValueError:
            return False
        return all(keys)

    def count(self) -> int:
        """Return how many marks are on the list."""
        return sum(
            len(_rests(shelf)) for by in self.cards.values() for shelf in by.values()
        )


def stop_list_of(stopped: Iterable[Stopped], keys: Mapping[int, bytes]) -> StopList:
    """Return the stop list that holds these cards; `keys` of marks, by id."""
    found: dict[str, dict[str, set[bytes]]] = {}
    used: set[int] = set()
    for one in stopped:
        shelf = found.setdefault(one.rc, {}).setdefault(one.mark[:1].hex(), set())
        shelf.add(one.mark[1:])
        used.add(one.key)
    cards = {
        rc: {
            shelf: base64.b64encode(b"".join(sorted(rests))).decode()
            for shelf, rests in shelves.items()
        }
        for rc, shelves in found.items()
    }
    hexes = {str(number): keys[number].hex() for number in used}
    return StopList(keys=hexes, cards=cards)


def _rests(shelf: str) -> set[bytes]:
    content = base64.b64decode(shelf)
    places = range(0, len(content), REST_BYTES)
    return {content[place : place + REST_BYTES] for place in places}
