"""What a terminal's key is used for on the wire, and how the next one gets there."""

from collections.abc import Callable
from typing import NamedTuple

from ekarte_auth_gateway.channel.refusing import Refused
from ekarte_auth_gateway.codec import CodeKeys, Mac, code_keys, keychange, mac_of
from ekarte_auth_gateway.flow import Board, Device
from ekarte_core import Rc


class KeyUse(NamedTuple):
    """The MAC of a terminal's messages (None: it does without) and its code blocks."""

    mac: Mac | None
    codes: CodeKeys

    def __repr__(self) -> str:
        """Show nothing of the keys."""
        return "KeyUse()"


class TerminalKeys:
    """Derives keys when they are first needed, and keeps them."""

    def __init__(self, board: Board, *, old_blocks: bool = False) -> None:
        """Begin with none; `old_blocks`: code blocks of format 0 are allowed."""
        self._board = board
        self._old_blocks = old_blocks
        self._known: dict[tuple[bytes, str], KeyUse] = {}

    def of(self, device: Device) -> KeyUse:
        """Return what this terminal's key is used for."""
        return self._use(device.key, device.terminal.mac)

    def is_authentic(self, device: Device, is_right: Callable[[Mac], bool]) -> bool:
        """Say whether a message has the MAC that its terminal's messages must have.

        If it is made with the terminal's next key, that is the key from here on.
        """
        mac = self.of(device).mac
        if mac is None or is_right(mac):
            return True
        if device.next_version is None:
            return False
        mac = self._use(device.next_key, device.terminal.mac).mac
        if mac is None or not is_right(mac):
            return False
        self._board.next_key_came(device)
        return True

    def told(self, device: Device) -> keychange.NextKey:
        """Return the next key of a terminal whose message has its MAC.

        Raises:
            Refused: 12, messages without a MAC say nothing about who sent them.
        """
        if self.of(device).mac is None:
            raise Refused(Rc.COMMAND, "a terminal without a MAC gets no key", "key")
        return next_key_of(device)

    def _use(self, key: bytes, kind: str) -> KeyUse:
        known = self._known.get((key, kind))
        if known is None:
            # Only devices that know triple DES may send blocks of format 0.
            old = self._old_blocks or kind == "x9.19"
            known = KeyUse(mac_of(kind, key), code_keys(key, old=old))
            self._known[key, kind] = known
        return known


def next_key_of(device: Device) -> keychange.NextKey:
    """Return the next key of a terminal, wrapped under its present one.

    The same until it is used, however often it is asked for.

    Raises:
        Refused: 12, this one has no next key.
    """
    version = device.next_version
    if version is None:
        raise Refused(Rc.COMMAND, "its next key comes by hand", "key")
    return keychange.wrap(device.key, version, device.next_key)
