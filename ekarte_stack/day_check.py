"""Compares what was answered with what demo/day.csv expects."""

from collections.abc import Iterator

from ekarte_core import Answer
from ekarte_stack.day_file import UNSTORED, Row, voucher_name
from ekarte_stack.day_player import Played, Told

# The rate is shown where a price is quoted; elsewhere the file says nothing of it.
QUOTES = frozenset({"sale", "authorize", "inquire"})
# Not shown as sums: turnover is the discount's own affair, vouchers have their list.
UNSHOWN = frozenset({"turnover", "voucher", "item"})
MONEY = "EUR"


def differences(played: Played, *, again: bool) -> list[str]:
    """Return one sentence for each answer that is not as expected.

    Args:
        played: the day.
        again: the ledger had seen this day before; then questions that are not
            stored (inquire) speak of now, and only their code is compared.
    """
    firsts = played.by_key()
    found = []
    for told in played.told:
        parts = list(_row(told, firsts[told.row.key], again=again))
        if parts:
            found.append(f"{told.row.name}: {'; '.join(parts)}")
    return found


def _row(told: Told, first: Told, *, again: bool) -> Iterator[str]:
    row, answer = told.row, told.answer
    if answer is None:
        yield "no answer"
        return
    if answer.rc != row.wanted.rc:
        yield f"rc {answer.rc}, not {row.wanted.rc}"
        return
    if row.send == "repeat" and told.raw != first.raw:
        yield "the repeat got another answer"
    if row.request.command == "status":
        yield from _status(row, answer)
    elif row.request.command == "close":
        if answer.totals != row.wanted.totals:
            yield "other totals"
    elif row.wanted.approved and not (again and row.request.command in UNSTORED):
        yield from _figures(row, answer)


def _status(row: Row, answer: Answer) -> Iterator[str]:
    known = answer.original is not None
    if known != row.wanted.approved:
        yield f"status {'knows' if known else 'does not know'} the operation"


def _figures(row: Row, answer: Answer) -> Iterator[str]:
    wanted = row.wanted
    pairs: dict[str, tuple[object, object]] = {
        "amount": (answer.amount, wanted.amount),
        "tendered": (answer.tendered, row.tendered),
        "converted": (answer.converted, wanted.converted),
        "points": ({e.program: e.points for e in answer.earned}, wanted.points),
        "vouchers": (vouchers(answer), sorted(wanted.vouchers)),
    }
    if row.request.command != "reverse":
        pairs["amount_due"] = (answer.amount_due, wanted.amount_due)
        pairs["discount"] = (answer.discount, wanted.discount)
    if row.request.command in QUOTES:
        pairs["rate"] = (answer.discount_rate, wanted.rate)
    for name, (is_now, should_be) in pairs.items():
        if is_now != should_be:
            yield f"{name} {is_now}, not {should_be}"
    shown = balances(answer)
    for name in sorted(shown.keys() | wanted.balances.keys()):
        is_now, should_be = shown.get(name, 0), wanted.balances.get(name, 0)
        if is_now != should_be:
            yield f"balance {name} {is_now}, not {should_be}"


def balances(answer: Answer) -> dict[str, int]:
    """Money by program, the rest as `PROGRAM.unit`, as the file writes them."""
    return {
        part.program + ("" if part.unit == MONEY else f".{part.unit}"): part.value
        for part in answer.balances
        if part.unit not in UNSHOWN
    }


def vouchers(answer: Answer) -> list[str]:
    """Vouchers without their codes, as the file writes them."""
    return sorted(voucher_name(part) for part in answer.vouchers)
