"""Where on the wire a request's field lies, for messages that name the fault."""

import re

from ekarte_auth_gateway.codec import tags

_PLACES = {
    "terminal": "DE41",
    "batch": "DE60",
    "operation": "DE37",
    "local_time": "DE13",
    "card": "DE2",
    "access_code": "DE48.PB",
    "new_access_code": "DE48.NB",
    "amount": "DE4",
    "currency": "DE49",
    "original": "DE90",
    "original.terminal": "DE48.OG",
    "reference": "DE62",
}
_INDEX = re.compile(r"\[(\d+|\.\.\.)\]")


def place_of(field: str) -> str:
    """Return ``DE4`` for ``amount``; the name itself when it has no place."""
    name = _INDEX.sub("", field)
    outer = name.partition(".")[0]
    for one in (name, outer):
        if one in _PLACES:
            return _PLACES[one]
        if tag := tags.REQUEST.place_of(one):
            return f"DE48.{tag}"
    inside = (row.tag for row in tags.REQUEST.parts if row.name.startswith(outer + "."))
    tag = next(inside, "")
    return f"DE48.{tag}" if tag else field
