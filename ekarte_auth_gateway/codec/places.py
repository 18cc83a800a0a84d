"""Where on the wire a request's field lies, for messages that name the fault."""

_PLACES = {
    "terminal": "DE41",
    "batch": "DE60",
    "operation": "DE37",
    "local_time": "DE13",
    "card": "DE2",
    "access_code": "DE48.PB",
    "amount": "DE4",
    "currency": "DE49",
    "lines": "DE48.LN",
    "tender": "DE48.GU",
    "tender.gift": "DE48.GU",
    "tender.bonus": "DE48.BU",
    "original": "DE90",
    "partial": "DE48.PA",
    "reference": "DE62",
    "language": "DE48.LG",
    "slip": "DE48.SP",
    "totals": "DE48.TT",
}


def place_of(field: str) -> str:
    """Return ``DE4`` for ``amount``; the name itself when it has no place."""
    root = field.split("[")[0]
    return _PLACES.get(root) or _PLACES.get(root.split(".")[0], field)
