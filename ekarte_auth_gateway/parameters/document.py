"""The parameters of one branch as a document, and what a terminal reads from it.

The text of a document is canonical: RFC 8785 for the values that occur here (objects
sorted by name, no spaces, whole numbers, UTF-8). So whoever has applied a patch can
write the text again that was signed.
"""

import base64
from datetime import datetime
from typing import Any

import msgspec

from ekarte_auth_gateway.parameters.stop_list import StopList
from ekarte_core import CardRef, Network, Parser, identify, read_network

FORMAT = 1
KEY_BYTES = 32
ROOMS = {
    "coalitions": "code",
    "issuers": "code",
    "branches": "code",
    "goods_groups": "code",
    "programs": "code",
    "card_types": "code",
    "terminals": "id",
}
"""Lists of a network document that are objects here, so that a patch is short."""


class ParametersRefused(Exception):
    """What was downloaded is not to be used; the message says why."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of a branch.

    Attributes:
        version: rises with each change; `at` is the moment it was made.
        network: the branch's part of the network document, by code.
        stop_list: cards that are refused.
        texts: sentences by language and key: `rc.62`, `slip.discount`.
        keys: public keys that sign, base64 by key id: the present and the next one.
    """

    format: int
    branch: str
    version: int
    at: datetime
    network: dict[str, Any]
    stop_list: StopList
    texts: dict[str, dict[str, str]] = {}
    keys: dict[str, str] = {}

    def network_document(self) -> dict[str, Any]:
        """Return the network document of this branch, as the core reads it."""
        return {
            # Of another type it stays as it is: the core says what is wrong with it.
            name: list(part.values())
            if name in ROOMS and isinstance(part, dict)
            else part
            for name, part in self.network.items()
        }

    def rules(self) -> Network:
        """Return the branch's network, ready for the core's own rules.

        Raises:
            NetworkInvalid: it was made for another version of the core.
        """
        return read_network(self.network_document(), self.version)

    def stopped(self, card: CardRef) -> str:
        """Return the answer code for a card on the stop list, else ''.

        Takes some hundredths of a second.
        """
        identity = identify(card)
        if identity is None:
            return ""
        return self.stop_list.find(identity.kind, identity.number)


_documents = Parser(Document)


def canonical(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Write JSON in its one form."""
    return msgspec.json.encode(value, order="sorted")


def read_document(text: bytes) -> Document:
    """Read a document whose signature has been checked.

    Raises:
        ParametersRefused: it has another shape or format.
    """
    try:
        document = _documents.from_json(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise ParametersRefused(f"not a parameter document: {fault}") from None
    if document.format != FORMAT:
        raise ParametersRefused(f"format {document.format}, this reads {FORMAT}")
    if not all(map(_is_key, document.keys.values())):
        raise ParametersRefused("keys: want 32 bytes in base64")
    if not document.stop_list.is_sound():
        raise ParametersRefused("stop_list: keys are hex, shelves are base64")
    return document


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == KEY_BYTES
    except ValueError:
        return False
