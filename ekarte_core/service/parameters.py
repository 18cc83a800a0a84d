"""What terminals are told: the stop list and the versions of each branch's parameters.

The documents themselves are made by the gateway, from what stands here: the network of
a version, the stop list of a number, the public keys of a number. So each of them can
be made again, by any process, and its digest proves that it is the same.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from ekarte_core.keyring import Keyring
from ekarte_core.ledger.arrays import digests, integers, words
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.marks import STOP_KINDS, stop_mark
from ekarte_core.network.compiled import Network
from ekarte_core.service import publishing
from ekarte_core.service.deciding import CLOSED_STATES
from ekarte_core.service.versions import Versions

KEYS_TRUSTED = 2
STOPPED_AT_ONCE = 50  # each takes its time: see marks.py


class Stopped(msgspec.Struct, frozen=True):
    """A card on the stop list: mark, answer code, and whose terminals are told."""

    mark: bytes
    key: int  # what the mark was made with
    rc: str
    issuers: frozenset[str]


class ParametersKey(msgspec.Struct, frozen=True):
    """A public key that parameters are signed with, or will be."""

    number: int
    key_id: str
    public_key: bytes


class ParametersVersion(msgspec.Struct, frozen=True):
    """What a version of a branch's parameters was made from."""

    version: int
    network_version: int
    stop_number: int
    key_number: int
    sha256: bytes
    at: datetime


class ParametersBook:
    """Stop list and versions, on a lent cursor; never commits."""

    def __init__(
        self, cr: Cursor, keyring: Keyring, versions: Versions | None = None
    ) -> None:
        """Take the cursor, and the networks that are known already."""
        self._cr = cr
        self._keyring = keyring
        self._versions = versions or Versions()

    def claim(self) -> bool:
        """Keep others from going on with it; False: another process is at it."""
        self._cr.execute(SQL["claim_parameters"])
        return bool(self._cr.fetchone()[0])

    def stop_number(self) -> int:
        """Return the number of the last change of the stop list, 0 without any."""
        return self._one("stop_number")

    def follow_cards(self, network: Network, now: datetime) -> int:
        """Bring the stop list after the cards, some at a time; returns how many.

        The caller has claimed it.
        """
        keys = list(self._keyring.ids("terminal"))
        limits = {"keys": keys, "limit": STOPPED_AT_ONCE}
        self._cr.execute(SQL["stop_differences"], limits)
        rows = self._cr.fetchall()
        if not rows:
            return 0
        marks = [self._mark(*row[2:7]) for row in rows]
        issuers = [",".join(sorted(_issuers(network, *row[7:]))) for row in rows]
        values = {
            "after": self.stop_number(),
            "cards": integers(row[0] for row in rows),
            "states": words([row[1] for row in rows]),
            "marks": digests(mark for mark, _key in marks),
            "keys": integers(key for _mark, key in marks),
            "issuers": words(issuers),
            "now": now,
        }
        self._cr.execute(SQL["add_stop_changes"], values)
        return len(rows)

    def _mark(
        self,
        card_token: bytes,
        sealed: bytes | None,
        key: int,
        known: bytes | None,
        known_key: int,
    ) -> tuple[bytes, int]:
        """Return a card's mark and its key; one that was made before is not again."""
        if known is not None and (sealed is None or key == known_key):
            return bytes(known), known_key
        assert sealed is not None
        token = self._keyring.opened_stop_token(bytes(card_token), bytes(sealed), key)
        return stop_mark(token), key

    def stop_list(self, number: int) -> list[Stopped]:
        """Return the stop list as it was after a change."""
        self._cr.execute(SQL["stop_list"], {"number": number})
        return [
            Stopped(bytes(mark), key, CLOSED_STATES[state].value, frozenset(issuers))
            for mark, key, state, issuers in self._cr.fetchall()
        ]

    def without_token(self) -> int:
        """Return how many stopped cards cannot be listed until somebody shows them."""
        return self._one("stopped_without_token", kinds=list(STOP_KINDS))

    def stop_keys(self, numbers: Iterable[int]) -> dict[int, bytes]:
        """Return keys of marks.

        Raises:
            KeyringInvalid: the keyring has one of them no more.
        """
        return {number: self._keyring.stop_key(number) for number in numbers}

    def keys(self, upto: int | None = None) -> list[ParametersKey]:
        """Return the public keys that terminals trust, the newest last."""
        self._cr.execute(SQL["parameters_keys"])
        rows = [ParametersKey(n, i, bytes(p)) for n, i, p in self._cr.fetchall()]
        return [k for k in rows if upto is None or k.number <= upto][-KEYS_TRUSTED:]

    def add_keys(self, keys: Iterable[tuple[str, bytes]], now: datetime) -> None:
        """Make public keys known, each once; the caller has claimed it."""
        self._cr.execute(SQL["parameters_keys"])
        known = [row[1] for row in self._cr.fetchall()]
        for key_id, public_key in keys:
            if key_id in known:
                continue
            known.append(key_id)
            values = {"number": len(known), "key_id": key_id, "now": now}
            self._cr.execute(
                SQL["add_parameters_key"], {**values, "public_key": public_key}
            )

    def versions(self, branch: str, limit: int) -> list[ParametersVersion]:
        """Return the newest versions of a branch, the newest first."""
        values = {"branch": branch, "limit": limit}
        self._cr.execute(SQL["parameters_of"], values)
        return [
            ParametersVersion(version, network, stop, key, bytes(digest), at)
            for version, network, stop, key, digest, at in self._cr.fetchall()
        ]

    def number(self) -> int:
        """Return the number of the last version of any branch, 0 without any."""
        return self._one("parameters_number")

    def add(self, branch: str, made: ParametersVersion) -> None:
        """Note a new version of a branch; the caller has claimed it."""
        values = msgspec.structs.asdict(made)
        values |= {"branch": branch, "number": self.number() + 1}
        self._cr.execute(SQL["add_parameters"], values)

    def current(self, known: Network | None) -> Network:
        """Return the network of now; `known` itself where it is that.

        Raises:
            NetworkMissing, NetworkInvalid: there is none to be used.
        """
        version = publishing.network_version(self._cr)
        if known is not None and known.version == version:
            return known
        return publishing.current_network(self._cr)

    def network(self, version: int) -> Network | None:
        """Return the network document of a version."""
        return self._versions.find(self._cr, version)

    def note_loaded(
        self, terminal: str, branch: str, version: int, now: datetime
    ) -> bool:
        """Note the version that a terminal says it has; True: that is news."""
        values = {"terminal": terminal, "branch": branch, "version": version}
        self._cr.execute(SQL["note_loaded"], {**values, "now": now})
        return bool(self._cr.rowcount)

    def _one(self, name: str, **values: object) -> int:
        self._cr.execute(SQL[name], values)
        return int(self._cr.fetchone()[0])


class Loaded(msgspec.Struct, frozen=True):
    """What a terminal said it has last (None: nothing yet), and the newest there is."""

    version: int | None
    at: datetime | None
    newest: int


def parameters_loaded(cr: Cursor, branches: Mapping[str, str]) -> dict[str, Loaded]:
    """Return for terminals what they have, where their branch has any parameters.

    `branches`: the branch of each terminal.
    """
    values = {"terminals": list(branches), "branches": list(branches.values())}
    cr.execute(SQL["loaded"], values)
    return {terminal: Loaded(*rest) for terminal, *rest in cr.fetchall()}


def _issuers(
    network: Network, members: list[str], noted: list[str], told: list[str]
) -> set[str]:
    """Whose terminals may meet a card: those it takes part with, could, or once did."""
    types = (network.card_types.get(code) for code in noted)
    return {*members, *told, *(kind.issuer for kind in types if kind is not None)}
