"""What an operator typed or a reader sent, as the core takes it."""

from ekarte_core import CardRef


def card_reference(kind, number):
    """Return the identifier; a number with `=` is track 2 of a stripe."""
    number = number.strip()
    if kind == "keyed" and "=" in number:
        kind = "track2"
    return CardRef(kind=kind, value=number)
