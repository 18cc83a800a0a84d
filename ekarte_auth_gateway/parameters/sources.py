"""From network, stop list and keys to the documents of all branches. Pure."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from ekarte_auth_gateway.parameters.cut import cut, neighbours
from ekarte_auth_gateway.parameters.document import FORMAT, canonical
from ekarte_auth_gateway.parameters.stop_list import stop_list_of
from ekarte_core import Network, ParametersKey, Stopped, texts_of


class Sources:
    """What documents are made from; parts that branches share are made once."""

    def __init__(
        self,
        network: Network,
        stopped: Sequence[Stopped],
        stop_keys: Mapping[int, bytes],
        keys: Sequence[ParametersKey],
        cuts: dict[str, msgspec.Raw] | None = None,
    ) -> None:
        """Take the network, the stop list with the keys of its marks, public keys.

        `cuts`: the branches' parts of this very network, as far as they are made.
        """
        self.network = network
        self._cuts = {} if cuts is None else cuts
        self._stop_keys = stop_keys
        self._stopped = stopped
        self._keys = {
            key.key_id: base64.b64encode(key.public_key).decode() for key in keys
        }
        self._stop_lists: dict[frozenset[str], msgspec.Raw] = {}

    @property
    def branches(self) -> list[str]:
        """Branches with terminals that download."""
        terminals = self.network.document.terminals
        return sorted({t.branch for t in terminals if t.protocol != "odoo"})

    def text(self, branch: str, version: int, at: datetime) -> bytes:
        """Return a branch's document, canonical."""
        issuer = self.network.branches[branch].issuer
        return canonical(
            {
                "format": FORMAT,
                "branch": branch,
                "version": version,
                "at": at,
                "network": self._cut(branch),
                "stop_list": self._stop_list(neighbours(self.network, issuer)),
                "texts": self._texts(issuer),
                "keys": self._keys,
            }
        )

    def _cut(self, branch: str) -> msgspec.Raw:
        known = self._cuts.get(branch)
        if known is None:
            made = canonical(cut(self.network, branch))
            known = self._cuts[branch] = msgspec.Raw(made)
        return known

    def _stop_list(self, issuers: frozenset[str]) -> msgspec.Raw:
        known = self._stop_lists.get(issuers)
        if known is None:
            mine = [one for one in self._stopped if one.issuers & issuers]
            made = stop_list_of(mine, self._stop_keys)
            known = self._stop_lists[issuers] = msgspec.Raw(canonical(made))
        return known

    def _texts(self, issuer: str) -> dict[str, dict[str, str]]:
        """Sentences in the languages in which the issuer speaks."""
        whose = self.network.issuers[issuer]
        languages = sorted({whose.language, *whose.slip_texts})
        found = {language: texts_of(language) for language in languages}
        spoken = {language: texts for language, texts in found.items() if texts}
        return spoken or {"en": texts_of("en")}


def build(sources: Sources, branch: str, version: int, at: datetime) -> dict[str, Any]:
    """Return a branch's document as JSON values."""
    made: dict[str, Any] = msgspec.json.decode(sources.text(branch, version, at))
    return made
