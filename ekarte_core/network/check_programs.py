"""What the schema cannot say of programs: their parameters, moments and references."""

import re
from collections.abc import Iterator

import msgspec

from ekarte_core.network.document import NetworkDocument, Program
from ekarte_core.rules.programs import (
    PROGRAM_KINDS,
    PROGRAM_PARSERS,
    BonusPrize,
    Exchange,
    Points,
    VisitPass,
)

Fault = tuple[str, str]

HOUR = re.compile(r"(([01]\d|2[0-3]):[0-5]\d)|24:00")
PURPOSE = re.compile(r"[a-z0-9_]{1,32}")
AGE_DAYS_MAX = 36_500


def program_faults(document: NetworkDocument) -> Iterator[Fault]:
    """Return the faults of all programs, each as (path, message)."""
    for number, program in enumerate(document.programs):
        path = f"$.programs[{number}]"
        yield from _program(program, path)
        yield from _moments(program, path)
    yield from _groups(document)
    yield from _references(document)


def _program(program: Program, path: str) -> Iterator[Fault]:
    parser = PROGRAM_PARSERS.get(program.kind)
    if parser is None:
        yield f"{path}.kind", f"must be one of {', '.join(PROGRAM_KINDS)}"
        return
    try:
        parameters = parser.from_tree(program.parameters)
    except msgspec.ValidationError as fault:
        message, _, inner = str(fault).partition(" - at `$")
        yield f"{path}.parameters{inner.rstrip('`')}", message
        return
    for name, message in parameters.faults():
        yield f"{path}.parameters.{name}", message


def _moments(program: Program, path: str) -> Iterator[Fault]:
    moments = {"valid_from": program.valid_from, "valid_to": program.valid_to}
    for name, moment in moments.items():
        if moment is not None and moment.tzinfo is None:
            yield f"{path}.{name}", "needs a time zone, such as +02:00 or Z"
            return
    first, last = program.valid_from, program.valid_to
    if first is not None and last is not None and last <= first:
        yield f"{path}.valid_to", "must be after valid_from"
    days = program.weekdays
    if any(not 1 <= day <= 7 for day in days) or len(set(days)) < len(days):
        yield f"{path}.weekdays", "1 (Monday) to 7, each once"
    for place, span in enumerate(program.hours):
        if not (HOUR.fullmatch(span.first) and HOUR.fullmatch(span.last)):
            yield f"{path}.hours[{place}]", "must be times such as 08:00 and 24:00"
        elif span.first >= span.last:
            yield f"{path}.hours[{place}]", "from must be before to: give two at night"
    if not 0 <= program.min_age_of_card <= AGE_DAYS_MAX:
        yield f"{path}.min_age_of_card", "must be 0 to 36500 days"
    if program.consent and not PURPOSE.fullmatch(program.consent):
        yield f"{path}.consent", "a purpose has a-z, 0-9 and _"


def _groups(document: NetworkDocument) -> Iterator[Fault]:
    """A program for a goods group that no terminal can name would never apply."""
    known = {group.code for group in document.goods_groups}
    for number, program in enumerate(document.programs):
        for name in ("groups", "group_factor", "group"):
            named = program.parameters.get(name) or ()
            named = (named,) if isinstance(named, str) else named
            for group in named if isinstance(named, list | tuple | dict) else ():
                if not isinstance(group, str) or group not in known:
                    path = f"$.programs[{number}].parameters.{name}"
                    yield path, "names a goods group that is not in goods_groups"


def _references(document: NetworkDocument) -> Iterator[Fault]:
    """Programs may name card types and other programs of their own issuer."""
    card_types = {(t.issuer, t.code) for t in document.card_types}
    points = {
        (p.issuer, p.code)
        for p in document.programs
        if issubclass(PROGRAM_KINDS.get(p.kind, VisitPass), Points)
    }
    for number, program in enumerate(document.programs):
        path = f"$.programs[{number}].parameters"
        kind = PROGRAM_KINDS.get(program.kind)
        if kind is BonusPrize:
            tiers = program.parameters.get("tiers")
            # Of what has another type, the schema has told already.
            for place, tier in enumerate(tiers if isinstance(tiers, list) else ()):
                named = tier.get("card_type") if isinstance(tier, dict) else None
                named = named if isinstance(named, str) else ""
                if (program.issuer, named) not in card_types:
                    yield f"{path}.tiers[{place}]", "no such card type of this issuer"
        if kind is Exchange:
            named = program.parameters.get("points_of")
            named = named if isinstance(named, str) else ""
            if (program.issuer, named) not in points:
                yield f"{path}.points_of", "no points program of this issuer"
