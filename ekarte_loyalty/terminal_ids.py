"""Terminal numbers of Odoo's own desks: which prefix means what."""

ODOO_PREFIXES = {
    "BO": "the back office of an issuer",
    "PO": "a point of sale",
    "SO": "sales orders of a branch",
}
"""No other terminal may have a number that begins so."""

OFFICE_PREFIX = "BO"

SALE_BATCH = 1
"""The batch of all operations of sales orders."""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def odoo_terminal_id(prefix, record_id):
    """Return the terminal number of a desk: its prefix and six digits of base 36."""
    assert prefix in ODOO_PREFIXES
    digits, rest = "", record_id
    while rest:
        rest, digit = divmod(rest, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return f"{prefix}{digits:0>6}"
