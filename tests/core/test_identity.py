"""From what a reader saw to an identifier: stripes, check digits, documents."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekarte_core import CardRef, read_network
from ekarte_core.rules.identity import Identity, ean13_ok, identify, luhn_ok
from tests.core.shop import CLUB, network_document, number

PAN = "9990001000000019"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("pan", PAN),
        ("keyed", " 9990 0010 0000 0019 "),
        ("barcode", PAN),
        ("track2", f";{PAN}=49121010000000000000?"),
        ("track2", f"{PAN}=4912101"),
        ("track2", f"{PAN}D4912101"),
        ("track2", f"{PAN}d4912101"),
        ("track2", f"{PAN}="),
        ("track1", f"%B{PAN}^BERZINA/ANNA^49121010000000000000?"),
        ("track1", f"B{PAN}^BERZINA/ANNA MRS^"),
    ],
)
def test_one_plastic_however_it_is_read(kind: str, value: str):
    assert identify(CardRef(kind=kind, value=value)) == Identity("number", PAN)


@pytest.mark.parametrize(
    "value",
    [
        PAN,  # no separator: not a stripe
        f"%{PAN}=4912",
        f";{PAN}=4912;",
        ";1234567=4912?",
        f";{'1' * 20}=4912?",
        f"{PAN}=49A2",
        f"{PAN}==",
        "=4912",
        "",
        "?",
    ],
)
def test_a_stripe_that_is_none_is_refused(value: str):
    assert identify(CardRef(kind="track2", value=value)) is None


@pytest.mark.parametrize(
    "value",
    [
        PAN,
        f"%B{PAN}",
        f"%B{PAN}^A^4912?",  # a name has two signs at least
        f"%C{PAN}^BERZINA/ANNA^4912?",
        f"%B{PAN}^BERZINA/ANNA^4912?;{PAN}=4912?",
        f";{PAN}=4912?",
    ],
)
def test_a_first_track_that_is_none_is_refused(value: str):
    assert identify(CardRef(kind="track1", value=value)) is None


@pytest.mark.parametrize(
    ("kind", "value", "space", "read"),
    [
        ("bank", "%B4111111111111111^DOE/JOHN^2812?", "bank", "4111111111111111"),
        ("bank", "4111 1111 1111 1111", "bank", "4111111111111111"),
        ("bank", ";4111111111111111=2812?", "bank", "4111111111111111"),
        ("document", "ab 123-456/7", "document", "AB1234567"),
        ("document", "(AB)123.456", "document", "AB123456"),
        ("phone", "+371 29-123-456", "phone", "37129123456"),
        ("phone", "(371) 29123456", "phone", "37129123456"),
        ("chip", "04a2b3c4d5e680", "chip", "04A2B3C4D5E680"),
        ("pan", "ab-12", "number", "AB-12"),
    ],
)
def test_every_space_has_its_own_way_of_writing(
    kind: str, value: str, space: str, read: str
):
    assert identify(CardRef(kind=kind, value=value)) == Identity(space, read)


@pytest.mark.parametrize(
    "value", ["123", "1" * 41, "12 34\x0056", "1234;DROP", "карта", "12_34", "١٢٣٤٥"]
)
def test_what_is_no_identifier_is_refused(value: str):
    assert identify(CardRef(kind="pan", value=value)) is None


def test_a_ledger_id_is_no_identifier():
    assert identify(CardRef(kind="ledger", value="12345")) is None


@pytest.mark.parametrize(
    "good", ["4111111111111111", "79927398713", "0", "18", PAN, number(CLUB, 12345)]
)
def test_a_right_check_digit(good: str):
    assert luhn_ok(good)


@pytest.mark.parametrize(
    "wrong",
    ["4111111111111112", "79927398710", "1", "", "AB18", "١٨", "41111111-1111111"],
)
def test_a_wrong_check_digit(wrong: str):
    assert not luhn_ok(wrong)


@given(st.text("0123456789", min_size=1, max_size=18), st.data())
def test_luhn_notices_every_single_wrong_digit(body: str, data: st.DataObject):
    good = next(body + digit for digit in "0123456789" if luhn_ok(body + digit))
    place = data.draw(st.integers(0, len(good) - 1))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != good[place]]))
    assert not luhn_ok(good[:place] + other + good[place + 1 :])


@pytest.mark.parametrize("good", ["4006381333931", "0000000000000", "4750000000000"])
def test_a_right_article_number(good: str):
    assert ean13_ok(good)


@pytest.mark.parametrize(
    "wrong", ["4006381333930", "400638133393", "40063813339310", "400638133393X", ""]
)
def test_a_wrong_article_number(wrong: str):
    assert not ean13_ok(wrong)


@pytest.mark.parametrize(
    ("value", "admitted"), [("4750000000000", True), ("4750000000001", False)]
)
def test_a_range_may_ask_for_the_check_digit_of_a_barcode(
    value: str, *, admitted: bool
):
    document = network_document()
    document["card_types"][0]["ranges"] = [
        {"from": "4750000000000", "to": "4759999999999", "check": "ean13"}
    ]
    network = read_network(document)
    assert bool(network.admitting(Identity("number", value))) is admitted


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-", min_size=4, max_size=40))
def test_what_people_see_of_a_number_never_gives_it_away(value: str):
    """Three signs at least stay hidden, however short it is."""
    identity = identify(CardRef(kind="pan", value=value))
    assert identity is not None
    hidden = len(value) - len(identity.first6) - len(identity.last4)
    assert hidden >= 3
    for shown in (repr(identity), repr(CardRef(value=value))):
        assert value not in re.sub(r"^\w+\(", "", shown)


RANGES = {
    "first": ("9990001000000000", "14"),
    "inside": ("9990001000000019", "GRO-CLUB"),
    "wrong digit": ("9990001000000018", "14"),
    "longer": ("99900010000000190", "14"),
    "shorter": ("999000100000001", "14"),
    "next range": ("9990002000000017", "GRO-GIFT"),
    "far": ("4111111111111111", "14"),
}


@pytest.mark.parametrize(("value", "admitted"), RANGES.values(), ids=RANGES)
def test_a_range_admits_by_length_limits_and_check_digit(value: str, admitted: str):
    network = read_network(network_document())
    identity = identify(CardRef(value=value))
    assert identity is not None
    codes = [kind.code for kind in network.admitting(identity)]
    assert (admitted in codes) if admitted != "14" else codes == []


def test_limits_belong_to_their_range():
    document = network_document()
    span = {"from": "1000", "to": "1999"}
    document["card_types"][0]["ranges"] = [span]
    network = read_network(document)

    def admitted(value: str) -> bool:
        return bool(network.admitting(Identity("number", value)))

    assert [admitted(v) for v in ("0999", "1000", "1999", "2000", "01000")] == [
        False,
        True,
        True,
        False,
        False,
    ]


def test_a_range_without_limits_admits_its_whole_space_and_no_other():
    document = network_document()
    document["card_types"][0]["ranges"] = [{"kind": "document"}]
    network = read_network(document)
    assert network.admitting(Identity("document", "AB123"))
    assert not network.admitting(Identity("phone", "AB123"))
