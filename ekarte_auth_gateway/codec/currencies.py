"""ISO 4217: the letters that the ledger uses and the digits that ISO 8583 sends."""

NUMBER_OF = {
    "AUD": "036",
    "BGN": "975",
    "CAD": "124",
    "CHF": "756",
    "CZK": "203",
    "DKK": "208",
    "EUR": "978",
    "GBP": "826",
    "GEL": "981",
    "HUF": "348",
    "ISK": "352",
    "JPY": "392",
    "MDL": "498",
    "NOK": "578",
    "PLN": "985",
    "RON": "946",
    "RSD": "941",
    "SEK": "752",
    "TRY": "949",
    "UAH": "980",
    "USD": "840",
}
CODE_OF = {number: code for code, number in NUMBER_OF.items()}
NO_CURRENCY = "999"
"""For balances in points or visits (ISO 4217: no currency involved)."""
