"""The network document made ready for deciding: look-ups by code, checked once.

`read_network` refuses a document that cannot work and names every fault by its
path, so that a person can mend it; what it returns never changes.
"""

from collections.abc import Collection, Iterable, Mapping
from copy import copy
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from ekarte_core.errors import NetworkInvalid
from ekarte_core.network.check import document_faults
from ekarte_core.network.document import (
    Acquirer,
    Branch,
    CardType,
    Coalition,
    Issuer,
    NetworkDocument,
    NumberRange,
    Program,
    Terminal,
)
from ekarte_core.parser import Parser
from ekarte_core.rules.identity import FIRST6_FROM, Identity, admits
from ekarte_core.rules.programs import (
    PROGRAM_KINDS,
    PROGRAM_PARSERS,
    Exchange,
    Kind,
    Points,
    VisitPass,
)
from ekarte_core.rules.running import RunningProgram


class Told(NamedTuple):
    """The newest version of each branch's parameters, as of a number in their book."""

    number: int
    versions: Mapping[str, int]


class Network:
    """One version of the network, compiled. Immutable; share it between threads."""

    def __init__(self, document: NetworkDocument, version: int) -> None:
        """Compile a document that `document_faults` has found sound."""
        self.version = version
        self.document = document
        self.issuers: Mapping[str, Issuer] = {i.code: i for i in document.issuers}
        self.branches: Mapping[str, Branch] = {b.code: b for b in document.branches}
        self.programs: Mapping[str, Program] = {p.code: p for p in document.programs}
        self.card_types: Mapping[str, CardType] = {
            t.code: t for t in document.card_types
        }
        self.terminals: Mapping[str, Terminal] = {t.id: t for t in document.terminals}
        self.acquirers: Mapping[str, Acquirer] = {a.code: a for a in document.acquirers}
        self._zones = {b.code: ZoneInfo(b.time_zone) for b in document.branches}
        self._cutoffs = {b.code: _time_of_day(b.cutoff) for b in document.branches}
        self._tax = {g.code: g.tax_rate_bp for g in document.goods_groups}
        self._ranges: dict[str, list[tuple[NumberRange, CardType]]] = {}
        for card_type in document.card_types:
            for span in card_type.ranges:
                self._ranges.setdefault(span.kind, []).append((span, card_type))
        self._running: dict[tuple[str, frozenset[str]], tuple[RunningProgram, ...]] = {}
        self.limited = tuple(
            i.code
            for i in document.issuers
            if i.exposure_limit and i.accepted_elsewhere
        )
        self.refused = {i.code: 0 for i in document.issuers if not i.accepted_elsewhere}
        self.told = Told(0, {})

    def telling(self, told: "Told") -> "Network":
        """Return the same network, with other versions of what terminals are told."""
        network = copy(self)
        network.told = told
        return network

    def params_version(self, branch: Branch | None) -> int:
        """Return the version of a branch's parameters; without any, the network's."""
        if branch is None:
            return self.version
        return self.told.versions.get(branch.code, self.version)

    def terminal(self, terminal_id: str) -> Terminal | None:
        """Return the terminal with this internal number, if there is one."""
        return self.terminals.get(terminal_id)

    def branch_of(self, terminal_id: str) -> Branch:
        """Return the branch where a known terminal stands."""
        return self.branches[self.terminals[terminal_id].branch]

    def tax_rate_bp(self, branch: Branch, goods_group: str) -> int:
        """Return the tax rate of a goods group, else the branch's, in bp."""
        return self._tax.get(goods_group, branch.tax_rate_bp)

    def taxes(self, branch: Branch) -> Mapping[str, int]:
        """Return the tax rates of all goods groups, '' the branch's own, in bp."""
        return {**self._tax, "": branch.tax_rate_bp}

    def business_day(self, branch: Branch, at: datetime) -> date:
        """Return the branch's local day of a moment; a day ends at its cut-off."""
        zone, cutoff = self._zones[branch.code], self._cutoffs[branch.code]
        return _day(zone, cutoff, at, at.fold)

    def zone(self, branch: Branch) -> ZoneInfo:
        """Return the branch's time zone."""
        return self._zones[branch.code]

    def local_time(self, branch: Branch, at: datetime) -> datetime:
        """Return the moment on the branch's own clock."""
        return _local(self._zones[branch.code], at, at.fold)

    def admitting(self, identity: Identity) -> tuple[CardType, ...]:
        """Return the card types, of any issuer, whose ranges admit the identifier."""
        found: list[CardType] = []
        for span, card_type in self._ranges.get(identity.kind, ()):
            if admits(span, identity) and card_type not in found:
                found.append(card_type)
        return tuple(found)

    def still_admitting(
        self, codes: Collection[str], kind: str, first6: str
    ) -> tuple[CardType, ...]:
        """Return those of noted card types that may still admit an identifier.

        Its number is not there any more: kind, length and first six say what they can.
        """
        found: list[CardType] = []
        for span, card_type in self._ranges.get(kind, ()) if codes else ():
            if card_type.code not in codes or card_type in found:
                continue
            long = len(span.first) >= FIRST6_FROM
            like = long and span.first[:6] <= first6 <= span.last[:6]
            if not span.first or like or not (long or first6):
                found.append(card_type)
        return tuple(found)

    def running(
        self, branch: Branch, card_types: Iterable[str]
    ) -> tuple[RunningProgram, ...]:
        """Return the programs that cards of these types meet at a branch.

        An overriding program stands in the place, and on the purses, of the one it
        overrides. Programs of other issuers come along only where they are accepted.
        """
        key = (branch.code, frozenset(card_types))
        if key not in self._running:
            self._running[key] = tuple(self._compile_running(branch, key[1]))
        return self._running[key]

    def parameters(self, program: str) -> Kind:
        """Return the parameters of a program."""
        return self._parameters[program]

    def visit_price(self, program: str) -> int:
        """What a pass pays another issuer for a visit, minor units."""
        known = self._parameters.get(program)
        return known.visit_price if isinstance(known, VisitPass) else 0

    def room(self, issuer: str, owed: int) -> int:
        """What may still be used of an issuer's value at others, minor units."""
        return max(self.issuers[issuer].exposure_limit - owed, 0)

    def guards(self) -> list[tuple[str, str]]:
        """Return what must not be published anew as it is: (path, message)."""
        return [
            (f"$.programs[{number}].parameters.{name}", message)
            for number, program in enumerate(self.document.programs)
            for name, message in self._parameters[program.code].guards()
        ]

    def first_branch(self, issuer: str) -> Branch | None:
        """Return the branch whose day and place stand for the issuer."""
        return next((b for b in self.document.branches if b.issuer == issuer), None)

    def pool_of(self, program: Program) -> Coalition | None:
        """Return the coalition whose operator owes a program's bonuses, if one does."""
        if not issubclass(PROGRAM_KINDS[program.kind], Points | Exchange):
            return None
        pools = (c for c in self.document.coalitions if c.model == "pool")
        return next((c for c in pools if program.issuer in c.issuers), None)

    def _compile_running(
        self, branch: Branch, card_types: frozenset[str]
    ) -> list[RunningProgram]:
        codes = {
            code
            for card_type in card_types
            if card_type in self.card_types
            for code in self.card_types[card_type].programs
        }
        found = []
        for code in sorted(codes):
            program = self._at_branch(code, branch)
            if program is None:
                continue
            parameters = self._parameters[program.code]
            own = program.issuer == branch.issuer
            accepted = own or (
                parameters.accepted_in_coalition
                and self._allied(program.issuer, branch.issuer)
            )
            if accepted:
                found.append(
                    RunningProgram(
                        code=code,
                        issuer=program.issuer,
                        kind=program.kind,
                        name=program.name,
                        parameters=parameters,
                        own=own,
                        sequence=program.sequence,
                        combine=program.combine,
                        valid_from=program.valid_from,
                        valid_to=program.valid_to,
                        weekdays=program.weekdays,
                        hours=tuple(
                            (_minutes(span.first), _minutes(span.last))
                            for span in program.hours
                        ),
                        min_age_of_card=program.min_age_of_card,
                        consent=program.consent,
                        accepted_until=None
                        if own
                        else self._allied_until(program.issuer, branch.issuer),
                        issued_until=self._issued_until(program.issuer)
                        if parameters.accepted_in_coalition
                        else None,
                        pool_price_bp=self._pool_price(program),
                    )
                )
        return sorted(found, key=lambda running: (running.sequence, running.code))

    def _pool_price(self, program: Program) -> int | None:
        pool = self.pool_of(program)
        return None if pool is None else pool.issue_price_bp

    def _at_branch(self, code: str, branch: Branch) -> Program | None:
        for program in self.document.programs:
            if program.overrides == code and branch.code in program.branches:
                return program
        program = self.programs[code]
        if program.branches and branch.code not in program.branches:
            return None
        return program

    def _allied(self, one: str, other: str) -> bool:
        return any(
            one in coalition.issuers and other in coalition.issuers
            for coalition in self.document.coalitions
        )

    def _allied_until(self, one: str, other: str) -> datetime | None:
        """When the last coalition of the two ends for one of them; None: open end."""
        ends = [
            min(
                (
                    leaving.spend_until
                    for leaving in coalition.leaving
                    if leaving.issuer in (one, other)
                ),
                default=None,
            )
            for coalition in self.document.coalitions
            if one in coalition.issuers and other in coalition.issuers
        ]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None

    def _issued_until(self, issuer: str) -> datetime | None:
        """When a leaving issuer stops giving out what others would accept."""
        return min(
            (
                leaving.issue_until
                for coalition in self.document.coalitions
                for leaving in coalition.leaving
                if leaving.issuer == issuer
            ),
            default=None,
        )

    @cached_property
    def _parameters(self) -> dict[str, Kind]:
        return {
            program.code: PROGRAM_PARSERS[program.kind].from_tree(program.parameters)
            for program in self.document.programs
        }


_documents = Parser(NetworkDocument)


# A whole group of requests has one moment, and few branches. The fold is part of the
# key: moments of one zone that differ in nothing else are equal.
@lru_cache(maxsize=256)
def _local(zone: ZoneInfo, at: datetime, _fold: int) -> datetime:
    return at.astimezone(zone)


@lru_cache(maxsize=256)
def _day(zone: ZoneInfo, cutoff: timedelta, at: datetime, fold: int) -> date:
    return (_local(zone, at, fold) - cutoff).date()


def _time_of_day(text: str) -> timedelta:
    return timedelta(minutes=_minutes(text))


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def read_network(
    body: bytes | str | dict[str, Any], version: int | Literal[0] = 0
) -> Network:
    """Read, check and compile a network document.

    Raises:
        NetworkInvalid: with every fault found, each as (path, message).
    """
    try:
        text = msgspec.json.encode(body) if isinstance(body, dict) else body
        document = _documents.from_json(text)
    except msgspec.ValidationError as fault:
        message, _, path = str(fault).partition(" - at `")
        raise NetworkInvalid([(path.rstrip("`") or "$", message)]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise NetworkInvalid([("$", f"not JSON: {fault}")]) from None
    faults = document_faults(document)
    if faults:
        raise NetworkInvalid(faults)
    return Network(document, version)
