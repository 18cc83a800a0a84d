"""The part of the network document that a branch's terminals need, and no more.

What stays loads as a network document of its own (`read_network`), so a terminal can
decide by the very rules of the host. What goes: other branches, programs that do not
run here, and what is between issuers: prices, limits, how banks are reached.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from ekarte_auth_gateway.parameters.document import ROOMS
from ekarte_core import Network

_Part = Any  # a struct of the network document


def cut(network: Network, branch_code: str) -> dict[str, Any]:
    """Return the network of a branch, lists by code; what is as usual is left out."""
    document = network.document
    branch = network.branches[branch_code]
    near = neighbours(network, branch.issuer)
    types = [t for t in document.card_types if t.issuer in near]
    running = network.running(branch, [kind.code for kind in types])
    here = {one.code for one in running}
    needed = here | set(_referred(network, here))
    programs = [
        _replaced(p, branches=(branch_code,) if branch_code in p.branches else ())
        for p in document.programs
        if (p.overrides and p.overrides in here and branch_code in p.branches)
        or (not p.overrides and p.code in needed)
    ]
    named = set(_tier_types(programs))
    rooms = {
        "coalitions": [
            _only(c, "code", "name", "issuers", "leaving")
            for c in document.coalitions
            if branch.issuer in c.issuers
        ],
        "issuers": [
            _replaced(i, exposure_limit=0)
            if i.code == branch.issuer
            else _only(i, "code", "name", "language", "currency", "accepted_elsewhere")
            for i in document.issuers
            if i.code in near
        ],
        "branches": [branch],
        "goods_groups": document.goods_groups,
        "programs": programs,
        "card_types": [
            _replaced(t, programs=tuple(p for p in t.programs if p in here))
            for t in types
            if t.issuer == branch.issuer
            or t.code in named
            or here.intersection(t.programs)
        ],
        "terminals": [
            _replaced(t, certificates=(), bank="", bank_terminal="", bank_acceptor="")
            for t in document.terminals
            if t.branch == branch_code and t.protocol != "odoo"
        ],
    }
    whole = {"format": document.format, "name": document.name}
    if document.currency != "EUR":
        whole["currency"] = document.currency
    return {**whole, **{name: _by_code(name, parts) for name, parts in rooms.items()}}


def neighbours(network: Network, issuer: str) -> frozenset[str]:
    """Return an issuer and those that are in a coalition with it."""
    found = {issuer}
    for coalition in network.document.coalitions:
        if issuer in coalition.issuers:
            found.update(coalition.issuers)
    return frozenset(found)


def _referred(network: Network, codes: set[str]) -> Iterator[str]:
    """Programs that others name, though they may not run here themselves."""
    for code in codes:
        named = network.programs[code].parameters.get("points_of")
        if named:
            yield named


def _tier_types(programs: list[_Part]) -> Iterator[str]:
    for program in programs:
        for tier in program.parameters.get("tiers") or ():
            if "card_type" in tier:
                yield tier["card_type"]


def _only(part: _Part, *names: str) -> _Part:
    return type(part)(**{name: getattr(part, name) for name in names})


def _replaced(part: _Part, **changes: Any) -> _Part:
    return msgspec.structs.replace(part, **changes)


def _by_code(room: str, parts: Any) -> dict[str, Any]:  # noqa: ANN401 - of any room
    return {getattr(part, ROOMS[room]): compact(part) for part in parts}


def compact(part: Any) -> Any:  # noqa: ANN401 - a struct, or what is in one
    """Return JSON values of a struct without what is as usual."""
    if isinstance(part, msgspec.Struct):
        return {
            field.encode_name: compact(value)
            for field in msgspec.structs.fields(part)
            if (value := getattr(part, field.name)) != _usual(field)
        }
    if isinstance(part, dict):
        return {name: compact(value) for name, value in part.items()}
    if isinstance(part, (tuple, list)):
        return [compact(value) for value in part]
    return msgspec.to_builtins(part)


def _usual(field: msgspec.structs.FieldInfo) -> object:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default
