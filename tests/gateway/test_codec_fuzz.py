"""Every kind of field in every kind of profile, also in those that nobody has yet.

Mangled messages are test_fuzz.py's.
"""

from string import ascii_uppercase, digits, printable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekarte_auth_gateway.codec import (
    PROFILE_A,
    PROFILE_B,
    CodecError,
    Profile,
    mac_is_right,
    pack,
    unpack,
    variant,
)
from ekarte_auth_gateway.codec.fields import Field
from tests.gateway import golden_messages as golden

PROFILES = {
    "A": PROFILE_A,
    "B": PROFILE_B,
    "B padded behind": variant(PROFILE_B, "B-F", pad="behind"),
    "EBCDIC": variant(PROFILE_A, "E", characters="cp500"),
    "another table": variant(
        PROFILE_B, "T", fields={41: Field("n", 0, 7, "terminal")}, tpdu=False
    ),
}
every_profile = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
SIGNS = {
    "n": digits,
    "an": digits + ascii_uppercase,
    "ans": printable[:-5],
    "u": "".join(map(chr, range(256))),
}
MAC_FIELDS = ("64", "128")


def content(row: Field) -> st.SearchStrategy[str]:
    """Anything that a field may hold."""
    least = row.size if row.prefix == 0 else 1
    most = min(row.size, 60) if row.prefix else row.size
    if row.kind == "b":
        return st.binary(min_size=least, max_size=most).map(lambda b: b.hex().upper())
    if row.kind == "z":
        return st.from_regex(r"[0-9]{1,18}=[0-9]{1,18}", fullmatch=True)
    return st.text(SIGNS[row.kind], min_size=least, max_size=most)


@st.composite
def messages(draw, profile: Profile):
    # Bit 65 would announce a third bitmap.
    known = sorted(set(profile.fields) - {65, *map(int, MAC_FIELDS)})
    chosen = draw(st.sets(st.sampled_from(known), max_size=12))
    fields = {str(n): draw(content(profile.fields[n])) for n in sorted(chosen)}
    return {"t": draw(st.sampled_from(["0100", "0200", "0820", "0421"])), **fields}


@every_profile
@settings(max_examples=150, print_blob=True, deadline=None)
@given(data=st.data())
def test_every_kind_of_field_comes_out_as_it_went_in(profile, data):
    fields = data.draw(messages(profile))
    mac = golden.WAYS["B"].mac
    raw = pack(fields, mac, profile)
    back = unpack(raw, profile)
    assert mac_is_right(raw, back, mac)
    told = {name: value for name, value in back.items() if name not in ("p", "1")}
    (mac_field,) = set(told) - set(fields)
    assert mac_field in MAC_FIELDS
    del told[mac_field]
    assert told == fields


@every_profile
@settings(max_examples=300, print_blob=True, deadline=None)
@given(data=st.data())
def test_anything_at_all_is_read_or_refused(profile, data):
    start = data.draw(st.sampled_from([b"", b"0200", b"\x02\x00"]))
    bitmap = data.draw(st.binary(max_size=16))
    raw = start + bitmap + data.draw(st.binary(max_size=200))
    try:
        fields = unpack(raw, profile)
    except CodecError as fault:
        fields = fault.fields
    assert set(fields) <= {"t", "p", "1", *map(str, profile.fields)}


@every_profile
def test_numbers_of_letters_are_refused_and_of_digits_read(profile):
    fine = {"t": "0200", "3": "000060", "11": "000001"}
    assert unpack(pack(fine, None, profile), profile)["3"] == "000060"
    raw = pack({**fine, "3": "0A00B0"}, None, profile)
    with pytest.raises(CodecError, match="DE3"):
        unpack(raw, profile)


@pytest.mark.parametrize("track", ["12=34=A", "1B", "C1"])
def test_track_data_that_bcd_cannot_say_is_refused(track):
    with pytest.raises(CodecError, match="DE35"):
        unpack(pack({"t": "0200", "35": track}, None, PROFILE_B), PROFILE_B)


@pytest.mark.parametrize(
    ("pad", "packed"), [("front", "090999990001"), ("behind", "09999990001F")]
)
def test_an_odd_number_is_filled_up_where_the_profile_says(pad, packed):
    profile = variant(PROFILE_B, "odd", pad=pad)
    raw = pack({"t": "0200", "2": "999990001"}, None, profile)
    assert raw.hex().upper() == "02004000000000000000" + packed
    assert unpack(raw, profile)["2"] == "999990001"
