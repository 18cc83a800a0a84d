"""Any request, any answer: hypothesis strategies that follow the core's structs.

A field that is added to a struct is in here at once, so that a codec which forgets it
is found out.
"""

from datetime import datetime, timedelta, timezone
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from hypothesis import strategies as st

from ekarte_core import Answer, CardRef, Request, SlipLine

words = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters=";"), max_size=20
)
"""Of people, without a semicolon: only the last column of a record may have one."""
sentences = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
codes = st.text("abcXYZ019-_", min_size=1, max_size=12)
terminals = st.from_regex(r"[0-9A-Z]{8}", fullmatch=True)
START = datetime(1980, 1, 1, tzinfo=timezone.utc)
CENTURY_S = 100 * 365 * 86_400


def _wall(second: int, offset_min: int) -> datetime:
    zone = timezone(timedelta(minutes=offset_min))
    return (START + timedelta(seconds=second)).astimezone(zone)


seconds = st.builds(_wall, st.integers(0, CENTURY_S), st.integers(-720, 840))
"""Moments as a terminal's clock shows them, in any zone."""
moments = st.integers(0, CENTURY_S * 10**6).map(
    lambda us: START + timedelta(microseconds=us)
)
cards = st.one_of(
    st.builds(
        CardRef,
        kind=st.just("track2"),
        value=st.from_regex(r"[0-9]{12,16}=[0-9]{4,10}", fullmatch=True),
    ),
    st.builds(
        CardRef,
        kind=st.sampled_from(["pan", "keyed", "barcode", "bank", "phone", "chip"]),
        value=st.from_regex(r"[A-Z+]{0,2}[0-9]{8,19}", fullmatch=True),
    ),
    st.builds(
        CardRef,
        kind=st.sampled_from(["track1", "document", "ledger"]),
        value=st.from_regex(r"[A-Z^ ]{1,9}[0-9]{1,9}", fullmatch=True),
    ),
)

_SPECIAL: dict[tuple[str, str], Any] = {
    ("Request", "terminal"): terminals,
    ("Original", "terminal"): st.just("") | terminals,
    ("Request", "local_time"): st.none() | seconds,
    ("Request", "access_code"): st.none(),
    ("Request", "new_access_code"): st.none(),
    ("Request", "reference"): sentences,
    ("Line", "sku"): sentences,
    ("Answer", "message"): sentences,
    ("Answer", "original"): st.none(),
    ("Voucher", "product"): sentences,
    ("SlipLine", "text"): sentences,
    ("SlipLine", "right"): st.just(""),
    ("Parameters", "data"): st.from_regex(r"[A-Za-z0-9+/]{0,2500}", fullmatch=True),
}


def _of(kind: Any) -> Any:
    if get_origin(kind) in (Union, UnionType):
        return st.one_of(*[_of(one) for one in get_args(kind)])
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    if get_origin(kind) is tuple:
        return st.lists(_of(get_args(kind)[0]), max_size=4).map(tuple)
    if get_origin(kind) is dict:
        return st.dictionaries(codes, _of(get_args(kind)[1]), max_size=3)
    if kind is CardRef:
        return cards
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return any_of(kind)
    return {
        NoneType: st.none(),
        bool: st.booleans(),
        int: st.integers(0, 10**12 - 1),
        str: words,
        datetime: moments,
        bytes: st.binary(max_size=1500),
    }[kind]


def any_of(struct: type, **fields: Any) -> Any:
    """Any value of a struct; `fields` have strategies of their own."""
    for row in msgspec.structs.fields(struct):
        if row.name not in fields:
            special = _SPECIAL.get((struct.__name__, row.name))
            fields[row.name] = _of(row.type) if special is None else special
    whole = st.builds(struct, **fields)
    if struct is SlipLine:
        return st.builds(_with_right_end, whole, st.integers(0, 20))
    return whole


def _with_right_end(line: SlipLine, count: int) -> SlipLine:
    """The right edge takes the end of a line's text, of one that begins at the left."""
    if not count or line.align != "left":
        return line
    return msgspec.structs.replace(line, right=line.text[-count:])


def requests(commands: Any) -> Any:
    return any_of(Request, command=st.sampled_from(sorted(commands)))


def answers(**fields: Any) -> Any:
    signed = st.integers(-(10**11), 10**11)
    return any_of(
        Answer,
        rc=st.sampled_from(["00", "51", "10", "96"]),
        amount=signed,
        discount=signed,
        amount_due=signed,
        tendered=st.dictionaries(
            st.sampled_from(["gift", "bonus", "credit", "voucher", "points"]), signed
        ),
        **fields,
    )
