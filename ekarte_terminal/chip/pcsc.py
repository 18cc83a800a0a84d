"""Readers of chip cards over PC/SC. Imported where one is set: it wants pyscard."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from smartcard import scard

from ekarte_terminal.chip.memory import CardGone, Transmit

_PROTOCOLS = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
_PCI = {
    scard.SCARD_PROTOCOL_T0: scard.SCARD_PCI_T0,
    scard.SCARD_PROTOCOL_T1: scard.SCARD_PCI_T1,
}


class Reader:
    """The first reader whose name contains some words; one user of it at a time."""

    def __init__(self, name: str) -> None:
        """Take the words; whether there is such a reader shows when a card is read."""
        self._name = name
        self._lock = threading.Lock()

    @contextmanager
    def card(self) -> Iterator[Transmit]:
        """Hold on to the card that is in the reader; nobody else writes meanwhile.

        Raises:
            CardGone: there is no such reader, no card in it, or not any more.
        """
        with self._service() as context:
            reader = self._reader(context)
            share = scard.SCARD_SHARE_EXCLUSIVE
            card, protocol = _done(
                *scard.SCardConnect(context, reader, share, _PROTOCOLS)
            )
            try:
                yield lambda apdu: _answer(card, _PCI[protocol], apdu)
            finally:  # from a card that was pulled there is nothing to let go
                scard.SCardDisconnect(card, scard.SCARD_UNPOWER_CARD)

    def present(self) -> bool:
        """Say whether a card is in the reader; it is not touched.

        Raises:
            CardGone: there is no such reader.
        """
        with self._service() as context:
            asked = [(self._reader(context), scard.SCARD_STATE_UNAWARE)]
            (states,) = _done(*scard.SCardGetStatusChange(context, 0, asked))
            return bool(states[0][1] & scard.SCARD_STATE_PRESENT)

    @contextmanager
    def _service(self) -> Iterator[object]:
        with self._lock:
            (context,) = _done(*scard.SCardEstablishContext(scard.SCARD_SCOPE_USER))
            try:
                yield context
            finally:
                scard.SCardReleaseContext(context)

    def _reader(self, context: object) -> str:
        (names,) = _done(*scard.SCardListReaders(context, []))
        found = [str(name) for name in names if self._name in name]
        if not found:
            raise CardGone("there is no such reader")
        return found[0]


def _answer(card: object, pci: object, apdu: bytes) -> tuple[bytes, int]:
    (said,) = _done(*scard.SCardTransmit(card, pci, list(apdu)))
    if len(said) < 2:
        raise CardGone("the card answers nothing")
    return bytes(said[:-2]), said[-2] << 8 | said[-1]


def _done(result: int, *values: Any) -> tuple[Any, ...]:
    """Return what a call brought.

    Raises:
        CardGone: it did not work, as PC/SC says.
    """
    if result != scard.SCARD_S_SUCCESS:
        raise CardGone(str(scard.SCardGetErrorMessage(result)).strip().rstrip("."))
    return values
