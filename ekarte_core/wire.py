"""Reading requests and writing answers as JSON, with a limit on everything.

Faults name the field and never show its value: it may be a card number.
"""

import re
from typing import get_args

import msgspec

from ekarte_core.errors import RequestInvalid
from ekarte_core.parser import Parser
from ekarte_core.values import (
    AMOUNT_MINOR_MAX,
    LINES_MAX,
    TEXT_CHARS_MAX,
    Answer,
    BatchTotal,
    Command,
    Offline,
    ParametersWish,
    Request,
)

COMMANDS: tuple[str, ...] = get_args(Command)
BATCH_MAX = 999_999
OPERATION_MAX = 999_999_999_999
CARD_CHARS_MAX = 80
FIELD = re.compile(r"[A-Za-z_]{1,32}(\[(\d{1,4}|\.{3})\])?(\.[A-Za-z_]{1,32})?")
NAMED = re.compile(r"Object (contains unknown|missing required) field `(.*)`")
ACCESS_CODE = re.compile(r"[0-9]{4,12}")
TERMINAL = re.compile(r"[0-9A-Z]{8}")
CURRENCY = re.compile(r"[A-Z]{3}")
QUANTITY = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?")
PROGRAM = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,31}")
VOUCHER = re.compile(r"[0-9A-Z-]{1,20}")
PURPOSE = re.compile(r"[a-z0-9_]{1,32}")
CONSENTS_MAX = 20
SLIP = re.compile(
    r"none|text(:(2[4-9]|[3-5][0-9]|6[0-4]))?|escpos:[0-9A-Za-z][0-9A-Za-z_.-]{0,31}"
)
DECIDED = re.compile(r"00|10")
TENDERS = frozenset({"gift", "bonus", "credit", "voucher"})
COUNTER_MAX = 2**32 - 1
VERSION_MAX = 2**31 - 1
CHUNK_MAX = 9999
BANK_COMMANDS = ("sale", "authorize")
BANK_CARD = re.compile(r";?[0-9]{12,19}([=D][0-9]{7,24})?\??")
EXPIRY = re.compile(r"[0-9]{2}(0[1-9]|1[0-2])")
PIN_BLOCK = re.compile(r"[0-9A-Fa-f]{16}")
CHIP = re.compile(r"([0-9A-Fa-f]{2}){1,255}")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")

REQUESTS = Parser(Request)
ANSWERS = Parser(Answer)
_encoder = msgspec.json.Encoder()
_body = Parser(dict[str, msgspec.Raw])


def read_request(command: str, body: bytes) -> Request:
    """Read the JSON body of ``POST /v1/<command>``.

    Raises:
        RequestInvalid: malformed JSON, unknown field, wrong type, value out of range.
    """
    if command not in COMMANDS:
        raise RequestInvalid("command", f"must be one of {', '.join(COMMANDS)}")
    try:
        fields = _body.from_json(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RequestInvalid("$", "the body is not a JSON object") from None
    if "command" in fields:
        raise RequestInvalid("command", "stands in the path, not in the body")
    fields["command"] = msgspec.Raw(_encoder.encode(command))
    try:
        request = REQUESTS.from_json(_encoder.encode(fields))
    except msgspec.ValidationError as fault:
        raise _invalid(fault) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RequestInvalid("$", "the body is not JSON in UTF-8") from None
    check_request(request)
    return request


def _invalid(fault: msgspec.ValidationError) -> RequestInvalid:
    """Name the field; what was in it, or in place of its name, is not repeated."""
    message, _, path = str(fault).partition(" - at `")
    field = path.rstrip("`").removeprefix("$").removeprefix(".")
    field = field if FIELD.fullmatch(field) else "$"
    named = NAMED.match(message)
    if named:
        message = f"{named.group(1)} field".replace("contains ", "").capitalize()
        name = named.group(2) if FIELD.fullmatch(named.group(2)) else "…"
        rc = "13" if name == "amount" else "30"
        return RequestInvalid(name if field == "$" else f"{field}.{name}", message, rc)
    if message.startswith("Invalid enum value"):
        message = "not one of the values it may have"
    in_amount = field.endswith("amount") or field.startswith("tender.")
    return RequestInvalid(field, message, "13" if in_amount else "30")


def check_request(request: Request) -> None:
    """Check the limits of a request, whichever codec made it.

    Raises:
        RequestInvalid: naming the first field out of its limits.
    """
    _check(TERMINAL.fullmatch(request.terminal), "terminal", "must be 8 of 0-9, A-Z")
    _check(0 <= request.batch <= BATCH_MAX, "batch", "must be 0 to 999999")
    _check(
        0 <= request.operation <= OPERATION_MAX,
        "operation",
        "must be 0 to 999999999999",
    )
    _check(CURRENCY.fullmatch(request.currency), "currency", "must be like EUR")
    _check(
        SLIP.fullmatch(request.slip),
        "slip",
        "must be none, text, text:<24 to 64 columns> or escpos:<profile>",
    )
    for name in ("reference", "language"):
        value = getattr(request, name)
        _check(
            len(value) <= TEXT_CHARS_MAX and not CONTROL.search(value),
            name,
            "must be at most 64 printable characters",
        )
    if request.local_time is not None:
        _check(
            request.local_time.tzinfo is not None,
            "local_time",
            "needs a time zone, such as +02:00 or Z",
        )
    _check_cards(request)
    _check_codes(request)
    _check_amounts(request)
    _check_original(request)
    _check_totals(request)
    if request.offline is not None:
        _check_offline(request.offline)
    if request.parameters is not None:
        _check_parameters(request.parameters)
    if request.bank is not None:
        _check_bank(request)


def _check_cards(request: Request) -> None:
    for name in ("card", "referrer", "other"):
        card = getattr(request, name)
        if card is not None:
            _check(
                0 < len(card.value) <= CARD_CHARS_MAX
                and not CONTROL.search(card.value),
                f"{name}.value",
                "must be 1 to 80 printable characters",
            )


def _check_codes(request: Request) -> None:
    for name in ("access_code", "new_access_code"):
        code = getattr(request, name)
        _check(
            code is None or ACCESS_CODE.fullmatch(code), name, "must be 4 to 12 digits"
        )
    _check(
        not request.program or PROGRAM.fullmatch(request.program),
        "program",
        "must be a program's code",
    )
    _check(len(request.consents) <= CONSENTS_MAX, "consents", "at most 20 purposes")
    for purpose in request.consents:
        _check(PURPOSE.fullmatch(purpose), "consents", "a purpose has a-z, 0-9 and _")


def _check_amounts(request: Request) -> None:
    if request.amount is not None:
        _check_amount("amount", request.amount)
    _check(len(request.lines) <= LINES_MAX, "lines", "at most 200 lines")
    for number, line in enumerate(request.lines):
        _check_amount(f"lines[{number}].amount", line.amount)
        _check(
            QUANTITY.fullmatch(line.quantity),
            f"lines[{number}].quantity",
            "must be a decimal number in text, such as 10.000",
        )
        for name in ("sku", "group"):
            value = getattr(line, name)
            _check(
                len(value) <= TEXT_CHARS_MAX and not CONTROL.search(value),
                f"lines[{number}].{name}",
                "must be at most 64 printable characters",
            )
    total = sum(line.amount for line in request.lines)
    _check(total <= AMOUNT_MINOR_MAX, "lines", "sum above the largest amount", "13")
    if request.tender is not None:
        _check_amount("tender.gift", request.tender.gift)
        _check_amount("tender.bonus", request.tender.bonus)
        _check_amount("tender.credit", request.tender.credit)
        _check(
            not request.tender.voucher or VOUCHER.fullmatch(request.tender.voucher),
            "tender.voucher",
            "must be a voucher's code",
        )


def _check_amount(field: str, amount: int) -> None:
    _check(
        0 <= amount <= AMOUNT_MINOR_MAX,
        field,
        f"must be 0 to {AMOUNT_MINOR_MAX} minor units",
        "13",
    )


def _check_original(request: Request) -> None:
    if request.original is not None:
        _check(
            0 <= request.original.batch <= BATCH_MAX,
            "original.batch",
            "must be 0 to 999999",
        )
        _check(
            0 < request.original.operation <= OPERATION_MAX,
            "original.operation",
            "must be 1 to 999999999999",
        )
        terminal = request.original.terminal
        _check(
            not terminal or TERMINAL.fullmatch(terminal),
            "original.terminal",
            "must be 8 of 0-9, A-Z",
        )


def _check_totals(request: Request) -> None:
    _check(len(request.totals) <= len(COMMANDS), "totals", "one row for each command")
    for number, total in enumerate(request.totals):
        at = f"totals[{number}]"
        _check(total.command in COMMANDS, f"{at}.command", "no such command")
        before = [row.command for row in request.totals[:number]]
        _check(total.command not in before, f"{at}.command", "stands twice")
        _check(total.count >= 0, f"{at}.count", "must not be negative")
        _check(total.amount >= 0, f"{at}.amount", "must not be negative", "13")


def _check_offline(offline: Offline) -> None:
    _check(DECIDED.fullmatch(offline.decided), "offline.decided", "must be 00 or 10")
    _check_amount("offline.discount", offline.discount)
    _check_amount("offline.amount_due", offline.amount_due)
    for tender, amount in offline.tendered.items():
        known = tender in TENDERS
        _check(known, "offline.tendered", "gift, bonus, credit and voucher only")
        _check_amount("offline.tendered", amount)
    _check_up_to("offline.counter", offline.counter, COUNTER_MAX)
    _check_up_to("offline.params_version", offline.params_version, VERSION_MAX)


def _check_bank(request: Request) -> None:
    part = request.bank
    assert part is not None
    _check(request.command in BANK_COMMANDS, "bank", "goes with sale and authorize")
    _check(part.card.kind == "bank", "bank.card.kind", "must be bank")
    _check(
        BANK_CARD.fullmatch(part.card.value),
        "bank.card.value",
        "must be a number of 12 to 19 digits, or track 2",
    )
    _check(not part.expiry or EXPIRY.fullmatch(part.expiry), "bank.expiry", "is YYMM")
    _check(
        not part.pin_block or PIN_BLOCK.fullmatch(part.pin_block),
        "bank.pin_block",
        "must be 16 hexadecimal digits",
    )
    _check(
        not part.chip or CHIP.fullmatch(part.chip),
        "bank.chip",
        "must be up to 255 bytes in hexadecimal digits",
    )


def _check_parameters(wish: ParametersWish) -> None:
    _check_up_to("parameters.known", wish.known, VERSION_MAX)
    _check_up_to("parameters.chunk", wish.chunk, CHUNK_MAX)
    _check_up_to("parameters.version", wish.version, VERSION_MAX)


def _check_up_to(field: str, number: int, most: int) -> None:
    _check(0 <= number <= most, field, f"must be 0 to {most}")


def _check(holds: object, field: str, message: str, rc: str = "30") -> None:
    if not holds:
        raise RequestInvalid(field, message, rc)


def body_of(request: Request) -> bytes:
    """Return the content that a repeat must share; rendering wishes are left out."""
    return _encoder.encode(
        msgspec.structs.replace(request, slip="text", language="", local_time=None)
    )


def encode_answer(answer: Answer) -> bytes:
    """Write an answer as JSON."""
    return _encoder.encode(answer)


def decode_answer(body: bytes | str) -> Answer:
    """Read an answer back from JSON."""
    return ANSWERS.from_json(body)


def total_rows(sums: dict[str, tuple[int, int]]) -> tuple[BatchTotal, ...]:
    """Return batch totals in the order of command names."""
    return tuple(
        BatchTotal(command=command, count=count, amount=amount)
        for command, (count, amount) in sorted(sums.items())
    )
