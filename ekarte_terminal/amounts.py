"""Sums as people write them: 17.50, 17,50 or 17 are 1750 minor units."""

import re

_WRITTEN = re.compile(r"(\d{1,8})(?:[.,](\d{1,2}))?")


def read_amount(text: str) -> int:
    """Return minor units.

    Raises:
        ValueError: it is no sum; the message says how to write one.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError("write a sum like 17.50")
    whole, part = found.groups()
    return int(whole) * 100 + int((part or "0").ljust(2, "0"))


def typed_amount(digits: str) -> int:
    """Return the sum that a till's keys mean: 1750 is 17.50, and so is 17.5."""
    return read_amount(digits) if not digits.isdigit() else int(digits)
