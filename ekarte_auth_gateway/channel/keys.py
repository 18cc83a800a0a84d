"""What a terminal's key is used for on the wire, made once for each terminal."""

from typing import NamedTuple

from ekarte_auth_gateway.codec import CodeKeys, Mac, code_keys, mac_of
from ekarte_auth_gateway.flow import Device


class KeyUse(NamedTuple):
    """The MAC of a terminal's messages (None: it does without) and its code blocks."""

    mac: Mac | None
    codes: CodeKeys

    def __repr__(self) -> str:
        """Show nothing of the keys."""
        return "KeyUse()"


class TerminalKeys:
    """Derives keys when they are first needed, and keeps them."""

    def __init__(self, *, old_blocks: bool = False) -> None:
        """Begin with none; `old_blocks`: code blocks of format 0 are allowed."""
        self._old_blocks = old_blocks
        self._known: dict[tuple[bytes, str], KeyUse] = {}

    def of(self, device: Device) -> KeyUse:
        """Return what this terminal's key is used for."""
        kind = device.terminal.mac
        known = self._known.get((device.key, kind))
        if known is None:
            # Only devices that know triple DES may send blocks of format 0.
            old = self._old_blocks or kind == "x9.19"
            known = KeyUse(mac_of(kind, device.key), code_keys(device.key, old=old))
            self._known[device.key, kind] = known
        return known
