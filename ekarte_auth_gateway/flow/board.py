"""The network as the channels see it: devices with their zone and key."""

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from ekarte_core import Keyring, Network, key_in_force, next_key_version

_PACE_WINDOW_S = 1.0


class Device:
    """A terminal of the network, ready for use: no look-ups on the hot path."""

    __slots__ = (
        "_allowed_at_s",
        "_gap_s",
        "_keyring",
        "branch",
        "key",
        "key_version",
        "next_key",
        "next_version",
        "terminal",
        "zone",
    )

    def __init__(
        self,
        network: Network,
        terminal_id: str,
        keyring: Keyring,
        rate_max: int,
        used_key: int = 0,
    ) -> None:
        """Make a known terminal ready.

        `rate_max`: requests a second, 0: no limit; `used_key`: version of the newest
        key that it got over the wire and used, 0: none.
        """
        terminal = network.terminals[terminal_id]
        self.terminal = terminal
        self.branch = network.branch_of(terminal_id)
        self.zone = ZoneInfo(self.branch.time_zone)
        self._keyring = keyring
        self.key_version = 0
        self.key = self.next_key = b""
        self.next_version: int | None = None
        self.use_key(key_in_force(terminal.key_version, used_key))
        self._gap_s = 1 / rate_max if rate_max else 0.0
        self._allowed_at_s = 0.0

    def __repr__(self) -> str:
        """Show the number, never the key."""
        return f"Device({self.terminal.id})"

    def use_key(self, version: int) -> None:
        """Take this version for the key in force; what follows it may come next."""
        derive = self._keyring.terminal_key
        self.key_version = version
        self.key = derive(self.terminal.id, version)
        following = self.next_version = next_key_version(version)
        # Of the last version nothing follows; no message has an empty key.
        self.next_key = (
            b"" if following is None else derive(self.terminal.id, following)
        )

    def admits(self, certificate: str) -> bool:
        """Say whether it may come with this client certificate (a fingerprint, or '').

        A terminal that has certificates comes with one of them, and in no other way.
        """
        bound = self.terminal.certificates
        return not bound or certificate in bound

    def may_send(self, now_s: float) -> bool:
        """Count one request; False when the terminal sends faster than its rate.

        A second's worth may come at once. (The generic cell rate algorithm: one
        number for each terminal, no window to keep.)
        """
        if not self._gap_s:
            return True
        allowed_at = max(self._allowed_at_s, now_s - _PACE_WINDOW_S)
        if allowed_at > now_s:
            return False
        self._allowed_at_s = allowed_at + self._gap_s
        return True


class Board:
    """The network in use and its devices; the channels ask it for every message."""

    def __init__(self, keyring: Keyring, rate_max: int = 0) -> None:
        """Start without a network: nobody is known yet."""
        self._keyring = keyring
        self._rate_max = rate_max
        self._devices: dict[str, Device] = {}
        self._used_keys: dict[str, int] = {}
        self.network: Network | None = None
        self.on_key: Callable[[str, int], None] | None = None

    def hang(self, network: Network) -> None:
        """Use this network from now on; devices are made anew when they are met."""
        if self.network is None or self.network.document is not network.document:
            self._devices = {}
        self.network = network

    def next_key_came(self, device: Device) -> None:
        """A message came under a terminal's next key: from now on it is the key.

        `on_key` hears of it, for the other gateways and for after a restart.
        """
        version = device.next_version
        assert version is not None, "without a next version there is no such key"
        self.keys_used({device.terminal.id: version})
        if (
            device.key_version < version
        ):  # the network has changed since it was looked up
            device.use_key(version)
        if self.on_key is not None:
            self.on_key(device.terminal.id, version)

    def keys_used(self, versions: Mapping[str, int]) -> None:
        """Learn which keys terminals have used; older ones are worth nothing now."""
        for terminal, version in versions.items():
            if version <= self._used_keys.get(terminal, 0):
                continue
            self._used_keys[terminal] = version
            device = self._devices.get(terminal)
            if device is not None:
                handed = device.terminal.key_version
                device.use_key(key_in_force(handed, version))

    def newest(self, branch: str) -> int:
        """Return the newest version of a branch's parameters, 0 while there is none."""
        return self.network.told.versions.get(branch, 0) if self.network else 0

    def device(self, terminal_id: str) -> Device | None:
        """Return the device with this number, or None: not in the network."""
        device = self._devices.get(terminal_id)
        if device is not None or self.network is None:
            return device
        if terminal_id not in self.network.terminals:
            return None
        device = Device(
            self.network,
            terminal_id,
            self._keyring,
            self._rate_max,
            self._used_keys.get(terminal_id, 0),
        )
        self._devices[terminal_id] = device
        return device
