"""Numbers of new cards: those of a range one after the other, with check digits."""

from collections.abc import Iterator

WITH_CHECK_DIGIT = ("luhn", "ean13")


def size_of(first: str, last: str, check: str) -> int:
    """Return how many numbers a range of digits has; 0 where it is none."""
    if not (first.isdigit() and last.isdigit() and len(first) == len(last)):
        return 0
    return max(_last_body(last, check) - _first_body(first, check) + 1, 0)


def numbers(first: str, check: str, start: int, count: int) -> Iterator[str]:
    """Yield `count` numbers of a range, from its `start`-th on, 0 the first one."""
    checked = check in WITH_CHECK_DIGIT
    length = len(first) - checked
    begin = _first_body(first, check) + start
    for body in range(begin, begin + count):
        digits = f"{body:0{length}d}"
        yield digits + (check_digit(digits, check) if checked else "")


def check_digit(digits: str, check: str) -> str:
    """Return the digit that makes a number right: by Luhn, or as of an EAN-13."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 if place % 2 else 2 if check == "luhn" else 3)
        total += value - 9 if check == "luhn" and value > 9 else value
    return str(-total % 10)


def _first_body(first: str, check: str) -> int:
    """The first body whose whole number is not before the range's first one."""
    if check not in WITH_CHECK_DIGIT:
        return int(first)
    body = first[:-1]
    return int(body) + (body + check_digit(body, check) < first)


def _last_body(last: str, check: str) -> int:
    if check not in WITH_CHECK_DIGIT:
        return int(last)
    body = last[:-1]
    return int(body) - (body + check_digit(body, check) > last)
