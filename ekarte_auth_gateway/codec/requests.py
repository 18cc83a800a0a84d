"""Requests: the fields of a message to a core Request, and back.

`read` needs to know three things that are not in the message: the zone of the
terminal's branch (times on the wire are local), a day near now (dates on the wire
have no year) and the terminal's keys for access codes. `write` is the terminal's side.
What ISO 8583 has no field for travels in sub-fields: tags.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, tzinfo

import msgspec

from ekarte_auth_gateway.codec import cards, clock, numbers, pinblock, tags, tlv
from ekarte_auth_gateway.codec.commands import offline_command_of, spelling_of
from ekarte_auth_gateway.codec.errors import CodecError
from ekarte_auth_gateway.codec.fields import SUB_FIELDS
from ekarte_auth_gateway.codec.message import Fields
from ekarte_auth_gateway.codec.parts import Table, Tree, fault_in
from ekarte_auth_gateway.codec.pinblock import CodeKeys
from ekarte_auth_gateway.codec.places import place_of
from ekarte_core import REQUESTS, CardRef, Command, Request

# Sub-fields that are more than the text of one attribute; codes.
_CARD, _CODE, _NEW_CODE = "CN", "PB", "NB"
_BY_HAND = frozenset({_CARD, _CODE, _NEW_CODE, clock.YEAR})
_ORIGINAL = "OG"
# DE90 names the original; its terminal, if it is another one, has no room there.
_WRITING = Table(Request, *[row for row in tags.REQUEST.parts if row.tag != _ORIGINAL])


@dataclass(frozen=True)
class Context:
    """What a message leaves out.

    Attributes:
        zone: of the terminal's branch.
        today: any day within half a year of the message; gives the year.
        codes: keys for access code blocks; None: this terminal has none.
    """

    zone: tzinfo
    today: date
    codes: CodeKeys | None = field(default=None, repr=False)


def read(fields: Mapping[str, str], command: Command, context: Context) -> Request:
    """Return the request that a message carries.

    Raises:
        CodecError: a field contradicts the table or another field.
    """
    tree: Tree = {"command": command, "terminal": fields["41"]}
    by_hand = _read_sub_fields(fields, tree)
    card = _card(fields, by_hand)
    if card is not None:
        tree["card"] = card
    _read_numbers(fields, tree)
    moment = clock.read(fields, by_hand.get(clock.YEAR), context.zone, context.today)
    if moment is not None:
        tree["local_time"] = moment
    if "52" in fields or _CODE in by_hand or _NEW_CODE in by_hand:
        _read_codes(fields, by_hand, card, context, tree)
    if command == "advice":
        _read_offline(fields, tree)
    return _build(tree)


def _read_sub_fields(fields: Mapping[str, str], tree: Tree) -> dict[str, str]:
    """Put what the sub-fields say into the tree; return those for hands."""
    by_hand: dict[str, str] = {}
    for name in SUB_FIELDS:
        if name not in fields:
            continue
        for pair in tlv.split(fields[name], f"DE{name}"):
            tag, value = pair
            place = f"DE48.{tag}"
            if tag in _BY_HAND:
                if tag in by_hand:
                    raise CodecError(place, "is given twice")
                by_hand[tag] = value
            elif not tags.REQUEST.read(pair, place, tree):
                raise CodecError(place, "is not a sub-field of requests")
    return by_hand


def _card(fields: Mapping[str, str], by_hand: Mapping[str, str]) -> CardRef | None:
    card = cards.read(fields)
    if _CARD not in by_hand:
        return card
    if card is not None:
        raise CodecError("DE48.CN", "the card is in DE2 or DE35 already")
    return cards.read_other(by_hand[_CARD])


def _read_numbers(fields: Mapping[str, str], tree: Tree) -> None:
    tree["batch"] = numbers.batch_of(fields)
    tree["operation"] = numbers.operation_of(fields)
    tree["currency"] = numbers.currency_of(fields)
    if "4" in fields:
        tree["amount"] = int(fields["4"])
    if "62" in fields:
        tree["reference"] = tlv.text_of(fields["62"], "DE62")
    original = numbers.original_of(fields, tree["batch"])
    if original is None:
        return
    told = tree.setdefault("original", msgspec.to_builtins(original))
    if told["operation"] != original.operation:
        raise CodecError("DE48.OG", "names another operation than DE90")


def _read_codes(
    fields: Mapping[str, str],
    by_hand: Mapping[str, str],
    card: CardRef | None,
    context: Context,
    tree: Tree,
) -> None:
    if "52" in fields and _CODE in by_hand:
        raise CodecError("DE52", "the access code is in PB already")
    found = (
        ("access_code", "DE52", fields.get("52")),
        ("access_code", "DE48.PB", by_hand.get(_CODE)),
        ("new_access_code", "DE48.NB", by_hand.get(_NEW_CODE)),
    )
    for name, place, block in found:
        if block is None:
            continue
        if card is None:
            raise CodecError(place, "an access code needs a card")
        if context.codes is None:
            raise CodecError(place, "this terminal has no key")
        number = cards.number_of(card)
        tree[name] = pinblock.decipher(block, number, context.codes, place)


def _read_offline(fields: Mapping[str, str], tree: Tree) -> None:
    """DE3 tells what was done; sub-field `OF`, how it was decided."""
    command = offline_command_of(fields)
    told = tree.setdefault("offline", {}).setdefault("command", command)
    if told != command:
        raise CodecError("DE48.OF", "is of another command than DE3")


def _build(tree: Tree) -> Request:
    try:
        return REQUESTS.from_tree(tree)
    except msgspec.ValidationError as fault:
        place = next((place_of(name) for name in fault_in(fault)), "DE48")
        raise CodecError(place, "is not one of the values it may have") from None


def write(
    request: Request,
    *,
    zone: tzinfo | None = None,
    codes: CodeKeys | None = None,
    random: Callable[[], bytes] = bytes,
    repeat: bool = False,
) -> Fields:
    """Return the fields of a request; what a terminal does.

    Args:
        request: times are written to the second.
        zone: of the branch; None: the offset that `local_time` has.
        codes: needed when there is an access code; with the old key among them, it
            travels as an old device sends it.
        random: makes 8 fresh random bytes for each block.
        repeat: write it as a repeat (0201 for 0200).

    Raises:
        CodecError: the request says something that this codec cannot carry.
    """
    fields = spelling_of(request)
    if repeat:
        fields["t"] = fields["t"][:3] + "1"
    fields["41"] = request.terminal
    fields |= numbers.write(request)
    if request.reference:
        fields["62"] = tlv.bytes_of(request.reference)
    card_fields, pairs = cards.write(request.card)
    fields |= card_fields
    pairs += clock.write(request.local_time, zone, fields)
    pairs += _WRITING.write(request)
    if request.original is not None and request.original.terminal:
        kind = tags.REQUEST.rows[_ORIGINAL].kind
        pairs.append((_ORIGINAL, kind.write(request.original)))
    pairs += _write_codes(request, codes, random, fields)
    spread, left = tlv.spread(pairs, SUB_FIELDS)
    if left:
        raise CodecError("DE48", "the lines do not fit one message")
    return {**fields, **spread}


def _write_codes(
    request: Request,
    codes: CodeKeys | None,
    random: Callable[[], bytes],
    fields: Fields,
) -> list[tlv.Pair]:
    pairs: list[tlv.Pair] = []
    found = ((_CODE, request.access_code), (_NEW_CODE, request.new_access_code))
    for tag, code in found:
        if code is None:
            continue
        place = f"DE48.{tag}"
        if request.card is None:
            raise CodecError(place, "an access code needs a card")
        if codes is None:
            raise CodecError(place, "an access code needs the terminal's key")
        number = cards.number_of(request.card)
        if codes.old is None:
            block = pinblock.encipher(code, number, codes.block, random())
        else:
            block = pinblock.encipher_old(code, number, codes.old)
        if tag == _CODE and codes.old is not None:
            fields["52"] = block
        else:
            pairs.append((tag, block))
    return pairs
