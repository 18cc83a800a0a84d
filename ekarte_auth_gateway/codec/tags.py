"""Tags: what each of them says of a request or an answer, whatever carries it.

The serial frame has them as its TLVs; ISO 8583 as sub-fields of DE48 and DE63. Both
mean the same by a tag (docs/TERMINALS.md). A tag that one of them has alone stands
with that one.
"""

from ekarte_auth_gateway.codec.errors import CodecError
from ekarte_auth_gateway.codec.parts import (
    BASE64,
    CARD,
    CONSENT,
    FLAG,
    MOMENT,
    SPOKEN,
    SUM,
    TEXT,
    WHOLE,
    Kind,
    Part,
    Table,
    Tree,
    record,
    speakable,
)
from ekarte_core import (
    Answer,
    Balance,
    BankAnswer,
    BatchTotal,
    Earned,
    Line,
    LineAnswer,
    Offline,
    Original,
    Parameters,
    ParametersWish,
    Request,
    SlipLine,
    Voucher,
)

ALIGN = {"left": "L", "center": "C", "right": "R"}
STYLE = {
    "": "N",
    "bold": "B",
    "rule": "R",
    "signature": "S",
    "qr": "Q",
    "barcode": "K",
    "cut": "X",
}
_SPLIT = "T"  # in place of the alignment: the line's end stands at the right edge
_ALIGN_OF = {letter: name for name, letter in ALIGN.items()}
_STYLE_OF = {letter: name for name, letter in STYLE.items()}


def _slip_text(line: SlipLine) -> str:
    align = _SPLIT if line.right else ALIGN[line.align]
    mark = (align.lower() if line.size == "double" else align) + STYLE[line.style]
    if not line.right:
        return speakable(mark + line.text)
    text = speakable(line.text)
    return f"{mark}{min(len(line.right), len(text)):02d}{text}"


def _slip_line(text: str, place: str) -> Tree:
    align, style = text[:1].upper(), text[1:2]
    if align not in (*_ALIGN_OF, _SPLIT) or style not in _STYLE_OF:
        raise CodecError(place, "does not begin with alignment and style")
    text_from, right = 2, ""
    if align == _SPLIT:
        text_from, align = 4, "L"
        count = text[2:4]
        if not (len(count) == 2 and count.isascii() and count.isdigit()):
            raise CodecError(place, "does not say how long its right end is")
        whole = text[text_from:]
        right = whole[max(len(whole) - int(count), 0) :]
    return {
        "text": text[text_from:],
        "right": right,
        "align": _ALIGN_OF[align],
        "style": _STYLE_OF[style],
        "size": "double" if text[:1].islower() else "",
    }


TOTAL = record(BatchTotal, "command;count;amount")

OFFLINE = record(Offline, "command;decided;discount;amount_due;counter;params_version")

REQUEST = Table(
    Request,
    Part("GU", "tender.gift", WHOLE, always=True),
    Part("BU", "tender.bonus", WHOLE),
    Part("CR", "tender.credit", WHOLE),
    Part("VC", "tender.voucher", TEXT),
    Part("BK", "bank.card", CARD),
    Part("BX", "bank.expiry", TEXT),
    Part("BP", "bank.pin_block", TEXT),
    Part("BC", "bank.chip", TEXT),
    Part("OG", "original", record(Original, "batch;operation", "terminal")),
    Part("PG", "program", TEXT),
    Part("RF", "referrer", CARD),
    Part("OT", "other", CARD),
    Part("RS", "reason", TEXT),
    Part("UD", "last_day", TEXT),
    Part("CO", "consents", CONSENT, "named"),
    Part("ND", "no_discount", FLAG),
    Part("PA", "partial", FLAG),
    Part("LG", "language", TEXT),
    Part("SP", "slip", TEXT),
    Part("LN", "lines", record(Line, "amount;quantity;group;sku"), "many"),
    Part("TT", "totals", TOTAL, "many"),
    Part("OF", "offline", OFFLINE),
    Part("OU", "offline.tendered", SUM, "named"),
    Part("PW", "parameters", record(ParametersWish, "known;chunk;version")),
)
"""What requests hold beside card, codes, time, numbers and amount."""

ANSWER = Table(
    Answer,
    Part("FD", "field", SPOKEN),
    Part("DS", "discount", WHOLE),
    Part("AD", "amount_due", WHOLE),
    Part("GU", "tendered.gift", WHOLE),
    Part("BU", "tendered.bonus", WHOLE),
    Part("TN", "tendered", SUM, "named"),
    Part("PR", "price_reduction", WHOLE),
    Part("BE", "earned", record(Earned, "points;program"), "many"),
    Part("CV", "converted", WHOLE),
    Part("DR", "discount_rate", WHOLE),
    Part("KB", "kept", WHOLE),
    Part("CA", "code_asked", FLAG),
    Part("TL", "tries_left", WHOLE),
    Part("TX", "txn", TEXT),
    Part("CS", "card_state", TEXT),
    Part("HU", "hold_until", MOMENT),
    Part(
        "BL",
        "balances",
        record(Balance, "value;available;unit;kind;program", "goods_group"),
        "many",
    ),
    Part(
        "VC",
        "vouchers",
        record(Voucher, "code;kind;value;valid_until;program;product"),
        "many",
    ),
    Part("TT", "totals", TOTAL, "many"),
    Part("LD", "lines", record(LineAnswer, "discount;rate"), "many"),
    Part("BA", "bank", record(BankAnswer, "rc;auth_code;rrn;amount")),
    Part("XC", "exceptions", TEXT, "many"),
    Part("PM", "parameters", record(Parameters, "version;kind;chunks;chunk;key_id")),
    Part("PS", "parameters.signature", TEXT),
    Part("PD", "parameters.data", TEXT, "pieces"),
    Part("CP", "copies", WHOLE),
    Part("PV", "params_version", WHOLE),
    Part("ST", "server_time", MOMENT),
)
"""What answers hold beside code, message, authorization code and amount."""

EXPLANATION = Table(
    Answer,
    Part("EX", "explain", SPOKEN, "many"),
    Part("NX", "next", SPOKEN, "many"),
)
SLIP = Table(Answer, Part("SL", "slip", Kind(_slip_text, _slip_line), "many"))
"""The last two may be cut where a message is too short for them."""
SLIP_BYTES = Table(Answer, Part("SB", "slip_bytes", BASE64, "pieces"))
