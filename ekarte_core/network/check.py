"""What the schema of the network document cannot say: references and values.

Each fault is (path, message): ``$.programs[2].parameters.step`` and a sentence that
tells what to do. All faults are collected, none is raised here.
"""

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ekarte_core.network.check_coalitions import coalition_faults
from ekarte_core.network.check_programs import Fault, program_faults
from ekarte_core.network.check_terminals import terminal_faults
from ekarte_core.network.document import FORMAT, CardType, NetworkDocument, Program
from ekarte_core.rules.texts import LANGUAGES

CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,31}")
USUAL = {
    "vat_class": "mpv",
    "tax_rate_bp": 0,
    "own_use": "discount",
    "visit_price": 0,
}
CODED = ("coalitions", "issuers", "branches", "programs", "card_types", "acquirers")
CURRENCY = re.compile(r"[A-Z]{3}")
CUTOFF = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
RANGE_DIGITS_MAX = 19
RATE_BP_MAX = 10_000
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def document_faults(document: NetworkDocument) -> list[Fault]:
    """Return every fault of a document that has the right shape."""
    faults = list(_head(document))
    faults += _codes(document)
    faults += _issuers(document)
    faults += coalition_faults(document)
    faults += _branches(document)
    faults += _groups(document)
    faults += program_faults(document)
    faults += _owners(document)
    faults += _overrides(document)
    faults += _card_types(document)
    faults += terminal_faults(document)
    return faults


def _head(document: NetworkDocument) -> Iterator[Fault]:
    if document.format != FORMAT:
        yield "$.format", f"this version reads format {FORMAT}"
    if not CURRENCY.fullmatch(document.currency):
        yield "$.currency", "must be an ISO 4217 code such as EUR"


def _codes(document: NetworkDocument) -> Iterator[Fault]:
    for room in CODED:
        seen: set[str] = set()
        for number, part in enumerate(getattr(document, room)):
            path = f"$.{room}[{number}].code"
            if not CODE.fullmatch(part.code):
                yield path, "must be 1 to 32 of A-Z, 0-9, - and _"
            if part.code in seen:
                yield path, "stands twice"
            seen.add(part.code)
    groups = [group.code for group in document.goods_groups]
    for number, code in enumerate(groups):
        if not code or code in groups[:number]:
            yield f"$.goods_groups[{number}].code", "must be given, once"


def _issuers(document: NetworkDocument) -> Iterator[Fault]:
    for number, issuer in enumerate(document.issuers):
        path = f"$.issuers[{number}]"
        if issuer.currency and not CURRENCY.fullmatch(issuer.currency):
            yield f"{path}.currency", "must be an ISO 4217 code such as EUR"
        if issuer.exposure_limit < 0:
            yield f"{path}.exposure_limit", "must not be negative"
        for language, texts in issuer.slip_texts.items():
            if language not in LANGUAGES:
                yield f"{path}.slip_texts", f"languages are {', '.join(LANGUAGES)}"
            elif any(CONTROL.search(row) for row in texts.header + texts.footer):
                yield f"{path}.slip_texts.{language}", "must be printable characters"


def _branches(document: NetworkDocument) -> Iterator[Fault]:
    issuers = {issuer.code for issuer in document.issuers}
    for number, branch in enumerate(document.branches):
        path = f"$.branches[{number}]"
        if branch.issuer not in issuers:
            yield f"{path}.issuer", "no such issuer"
        if not CUTOFF.fullmatch(branch.cutoff):
            yield f"{path}.cutoff", "must be a time such as 00:00 or 04:30"
        if not 0 <= branch.tax_rate_bp <= RATE_BP_MAX:
            yield f"{path}.tax_rate_bp", "must be 0 to 10000 basis points"
        try:
            ZoneInfo(branch.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            yield f"{path}.time_zone", "no such time zone"


def _groups(document: NetworkDocument) -> Iterator[Fault]:
    for number, group in enumerate(document.goods_groups):
        if not 0 <= group.tax_rate_bp <= RATE_BP_MAX:
            yield (
                f"$.goods_groups[{number}].tax_rate_bp",
                "must be 0 to 10000 basis points",
            )


def _owners(document: NetworkDocument) -> Iterator[Fault]:
    branches = {branch.code: branch for branch in document.branches}
    issuers = {issuer.code for issuer in document.issuers}
    for number, program in enumerate(document.programs):
        path = f"$.programs[{number}]"
        if program.issuer not in issuers:
            yield f"{path}.issuer", "no such issuer"
        for place, code in enumerate(program.branches):
            if code not in branches or branches[code].issuer != program.issuer:
                yield f"{path}.branches[{place}]", "no such branch of this issuer"


def _overrides(document: NetworkDocument) -> Iterator[Fault]:
    programs = {program.code: program for program in document.programs}
    taken: set[tuple[str, str]] = set()
    for number, program in enumerate(document.programs):
        path = f"$.programs[{number}]"
        if not program.overrides:
            continue
        base = programs.get(program.overrides)
        if base is None or base.issuer != program.issuer or base.kind != program.kind:
            yield f"{path}.overrides", "must name a program of this issuer and kind"
        elif base.overrides:
            yield f"{path}.overrides", "must name a program that overrides none itself"
        else:
            yield from _booked_otherwise(program, base, path)
        if not program.branches:
            yield f"{path}.branches", "an overriding program names its branches"
        for code in program.branches:
            if (program.overrides, code) in taken:
                yield f"{path}.branches", "this branch already has another override"
            taken.add((program.overrides, code))


def _booked_otherwise(program: Program, base: Program, path: str) -> Iterator[Fault]:
    """One purse is booked in one way, whatever branch it meets."""
    for name in ("vat_class", "tax_rate_bp", "own_use", "visit_price"):
        usual = USUAL.get(name)
        mine = program.parameters.get(name, usual)
        if mine != base.parameters.get(name, usual):
            yield f"{path}.parameters.{name}", "must be as in the overridden program"


def _card_types(document: NetworkDocument) -> Iterator[Fault]:
    programs = {program.code: program for program in document.programs}
    issuers = {issuer.code for issuer in document.issuers}
    for number, card_type in enumerate(document.card_types):
        path = f"$.card_types[{number}]"
        if card_type.issuer not in issuers:
            yield f"{path}.issuer", "no such issuer"
        if card_type.qualify_amount < 0:
            yield f"{path}.qualify_amount", "must not be negative"
        for place, code in enumerate(card_type.programs):
            program = programs.get(code)
            if program is None or program.issuer != card_type.issuer:
                yield f"{path}.programs[{place}]", "no such program of this issuer"
            elif program.overrides:
                yield f"{path}.programs[{place}]", "name the overridden program"
        if card_type.auto_register and _lends(card_type, programs):
            yield f"{path}.auto_register", "a card with credit is given by activation"
        yield from _ranges(card_type, path)


def _lends(card_type: CardType, programs: dict[str, Program]) -> bool:
    """Say whether its cards buy on credit: nobody lends to just any identifier."""
    kinds = [programs[code].kind for code in card_type.programs if code in programs]
    return "credit_card" in kinds


def _ranges(card_type: CardType, path: str) -> Iterator[Fault]:
    for place, span in enumerate(card_type.ranges):
        at = f"{path}.ranges[{place}]"
        if bool(span.first) != bool(span.last):
            yield at, "give both from and to, or neither"
        elif len(span.first) != len(span.last) or span.first > span.last:
            yield at, "from and to need the same length, from not above to"
        elif len(span.first) > RANGE_DIGITS_MAX and span.kind == "number":
            yield at, "card numbers have at most 19 digits"
