"""ISO 8583:1987 as a table: which field is what.

How it lies on the wire (ASCII or BCD, length prefixes) is the profile's, profiles.py.
Source: ISO 8583:1987 data element list; the private fields (48, 60-63, 120-127) are
ours, see docs/TERMINALS.md.
"""

from typing import NamedTuple


class Field(NamedTuple):
    """One data element.

    Attributes:
        kind: n digits · an letters and digits · ans printable ASCII · z track
            data · b binary, as hex text in Python · u our texts, UTF-8.
        prefix: digits of the length prefix; 0 for a fixed length.
        size: fixed length, or the greatest allowed: digits of n and z, else bytes.
        name: for error messages.
    """

    kind: str
    prefix: int
    size: int
    name: str


FIELDS: dict[int, Field] = {
    2: Field("n", 2, 19, "card number"),
    3: Field("n", 0, 6, "processing code"),
    4: Field("n", 0, 12, "amount"),
    5: Field("n", 0, 12, "settlement amount"),
    6: Field("n", 0, 12, "billing amount"),
    7: Field("n", 0, 10, "transmission date and time, UTC"),
    8: Field("n", 0, 8, "billing fee"),
    9: Field("n", 0, 8, "settlement conversion rate"),
    10: Field("n", 0, 8, "billing conversion rate"),
    11: Field("n", 0, 6, "operation number, last six digits"),
    12: Field("n", 0, 6, "local time"),
    13: Field("n", 0, 4, "local date"),
    14: Field("n", 0, 4, "expiry"),
    15: Field("n", 0, 4, "settlement date"),
    16: Field("n", 0, 4, "conversion date"),
    17: Field("n", 0, 4, "capture date"),
    18: Field("n", 0, 4, "merchant type"),
    19: Field("n", 0, 3, "acquirer country"),
    20: Field("n", 0, 3, "card country"),
    21: Field("n", 0, 3, "forwarder country"),
    22: Field("n", 0, 3, "entry mode"),
    23: Field("n", 0, 3, "card sequence number"),
    24: Field("n", 0, 3, "network identifier"),
    25: Field("n", 0, 2, "condition code"),
    26: Field("n", 0, 2, "capture code"),
    27: Field("n", 0, 1, "approval length"),
    28: Field("an", 0, 9, "transaction fee"),
    29: Field("an", 0, 9, "settlement fee"),
    30: Field("an", 0, 9, "processing fee"),
    31: Field("an", 0, 9, "settlement processing fee"),
    32: Field("n", 2, 11, "acquirer"),
    33: Field("n", 2, 11, "forwarder"),
    34: Field("ans", 2, 28, "extended card number"),
    35: Field("z", 2, 37, "track 2"),
    36: Field("z", 3, 104, "track 3"),
    37: Field("an", 0, 12, "full operation number"),
    38: Field("ans", 0, 6, "authorization code"),
    39: Field("an", 0, 2, "answer code"),
    40: Field("an", 0, 3, "service restriction"),
    41: Field("ans", 0, 8, "terminal"),
    42: Field("ans", 0, 15, "branch"),
    43: Field("ans", 0, 40, "branch name"),
    44: Field("ans", 2, 25, "additional response"),
    45: Field("ans", 2, 76, "track 1"),
    46: Field("ans", 3, 999, "additional data, ISO"),
    47: Field("ans", 3, 999, "additional data, national"),
    48: Field("u", 3, 999, "sub-fields"),
    49: Field("an", 0, 3, "currency"),
    50: Field("an", 0, 3, "settlement currency"),
    51: Field("an", 0, 3, "billing currency"),
    52: Field("b", 0, 8, "PIN block"),
    53: Field("n", 0, 16, "security control"),
    54: Field("an", 3, 120, "balances"),
    55: Field("b", 3, 255, "chip data"),
    56: Field("ans", 3, 999, "reserved 56"),
    57: Field("ans", 3, 999, "reserved 57"),
    58: Field("ans", 3, 999, "reserved 58"),
    59: Field("ans", 3, 999, "reserved 59"),
    60: Field("ans", 3, 999, "batch"),
    61: Field("ans", 3, 999, "reserved 61"),
    62: Field("u", 3, 999, "receipt reference"),
    63: Field("u", 3, 999, "slip and message"),
    64: Field("b", 0, 8, "MAC"),
    65: Field("b", 0, 8, "extended bitmap"),
    66: Field("n", 0, 1, "settlement code"),
    67: Field("n", 0, 2, "extended payment"),
    68: Field("n", 0, 3, "receiver country"),
    69: Field("n", 0, 3, "settlement institution country"),
    70: Field("n", 0, 3, "network management code"),
    71: Field("n", 0, 4, "message number"),
    72: Field("n", 0, 4, "last message number"),
    73: Field("n", 0, 6, "action date"),
    74: Field("n", 0, 10, "credits, number"),
    75: Field("n", 0, 10, "credit reversals, number"),
    76: Field("n", 0, 10, "debits, number"),
    77: Field("n", 0, 10, "debit reversals, number"),
    78: Field("n", 0, 10, "transfers, number"),
    79: Field("n", 0, 10, "transfer reversals, number"),
    80: Field("n", 0, 10, "inquiries, number"),
    81: Field("n", 0, 10, "authorizations, number"),
    82: Field("n", 0, 12, "credits, processing fees"),
    83: Field("n", 0, 12, "credits, transaction fees"),
    84: Field("n", 0, 12, "debits, processing fees"),
    85: Field("n", 0, 12, "debits, transaction fees"),
    86: Field("n", 0, 16, "credits, amount"),
    87: Field("n", 0, 16, "credit reversals, amount"),
    88: Field("n", 0, 16, "debits, amount"),
    89: Field("n", 0, 16, "debit reversals, amount"),
    90: Field("n", 0, 42, "original operation"),
    91: Field("an", 0, 1, "file update code"),
    92: Field("an", 0, 2, "file security code"),
    93: Field("an", 0, 5, "response indicator"),
    94: Field("an", 0, 7, "service indicator"),
    95: Field("an", 0, 42, "replacement amounts"),
    96: Field("b", 0, 8, "message security code"),
    97: Field("an", 0, 17, "net settlement"),
    98: Field("ans", 0, 25, "payee"),
    99: Field("n", 2, 11, "settlement institution"),
    100: Field("n", 2, 11, "receiving institution"),
    101: Field("ans", 2, 17, "file name"),
    102: Field("ans", 2, 28, "account 1"),
    103: Field("ans", 2, 28, "account 2"),
    104: Field("ans", 3, 100, "transaction description"),
    **{n: Field("ans", 3, 999, f"reserved {n}") for n in range(105, 120)},
    **{n: Field("u", 3, 999, f"sub-fields, part {n - 118}") for n in range(120, 124)},
    **{n: Field("u", 3, 999, f"slip, part {n - 122}") for n in range(124, 128)},
    128: Field("b", 0, 8, "MAC"),
}

# Parts of a text that is longer than one field may be; read in this order.
SUB_FIELDS = ("48", "120", "121", "122", "123")
SLIP_FIELDS = ("63", "124", "125", "126", "127")
MAC_LOW, MAC_HIGH = "64", "128"
