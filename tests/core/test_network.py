"""The network document: every fault is named by its path."""

import copy
import json
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ekarte_core import NetworkInvalid, read_network
from tests.core.shop import network_document

DEMO = Path(__file__).resolve().parents[2] / "demo" / "network.json"


def planted(path: str, value: Any) -> dict[str, Any]:
    """The test network with one place set; path as in faults: $.a[0].b."""
    document = copy.deepcopy(network_document())
    place: Any = document
    steps = path.removeprefix("$.").replace("[", ".[").split(".")
    for number, step in enumerate(steps):
        key: Any = int(step[1:-1]) if step.startswith("[") else step
        if number < len(steps) - 1:
            place = place[key]
        else:
            place[key] = value
    return document


def faults(document: dict[str, Any] | str | bytes) -> list[str]:
    with pytest.raises(NetworkInvalid) as fault:
        read_network(document)
    assert all(message for _path, message in fault.value.faults)
    return [path for path, _message in fault.value.faults]


def test_the_test_network_is_sound():
    network = read_network(network_document(), 7)
    assert network.version == 7
    assert network.terminal("00000011").branch == "G1"
    assert network.terminal("NOBODY00") is None
    assert network.branch_of("00000031").issuer == "FUEL"


def test_the_demo_network_is_sound():
    network = read_network(DEMO.read_bytes())
    assert set(network.issuers) == {"GROCER", "FUEL", "BOOKS"}
    assert not network.issuers["BOOKS"].in_odoo


def test_bytes_text_and_dict_are_read_alike():
    document = network_document()
    text = json.dumps(document)
    assert (
        read_network(text).document
        == read_network(text.encode()).document
        == read_network(document).document
    )


GIFT, BONUS, DISC, TEIKA = (f"$.programs[{n}]" for n in range(4))

SCHEMA_FAULTS = [
    ("$.format", 2, "$.format"),
    ("$.format", "1", "$.format"),
    ("$.name", 5, "$.name"),
    ("$.currency", "euro", "$.currency"),
    ("$.issuers[0].color", "red", "$.issuers[0]"),
    ("$.issuers[0].code", "low", "$.issuers[0].code"),
    ("$.issuers[0].code", "", "$.issuers[0].code"),
    ("$.issuers[0].code", "A" * 33, "$.issuers[0].code"),
    ("$.issuers[1].code", "GROCER", "$.issuers[1].code"),
    ("$.issuers[0].in_odoo", "yes", "$.issuers[0].in_odoo"),
    ("$.issuers[0].slip_header", "text", "$.issuers[0].slip_header"),
    ("$.coalitions[0].issuers[1]", "NOBODY", "$.coalitions[0].issuers[1]"),
    ("$.branches[0].issuer", "NOBODY", "$.branches[0].issuer"),
    ("$.branches[1].code", "G1", "$.branches[1].code"),
    ("$.branches[0].cutoff", "24:00", "$.branches[0].cutoff"),
    ("$.branches[0].cutoff", "4:30", "$.branches[0].cutoff"),
    ("$.branches[0].time_zone", "Europe/Nowhere", "$.branches[0].time_zone"),
    ("$.branches[0].time_zone", "../../etc/passwd", "$.branches[0].time_zone"),
    ("$.branches[0].time_zone", "", "$.branches[0].time_zone"),
    ("$.branches[0].tax_rate_bp", 10001, "$.branches[0].tax_rate_bp"),
    ("$.branches[0].tax_rate_bp", -1, "$.branches[0].tax_rate_bp"),
    ("$.goods_groups[1].code", "food", "$.goods_groups[1].code"),
    ("$.goods_groups[1].code", "", "$.goods_groups[1].code"),
    ("$.goods_groups[2].tax_rate_bp", 10001, "$.goods_groups[2].tax_rate_bp"),
    (f"{GIFT}.kind", "gift_horse", f"{GIFT}.kind"),
    (f"{GIFT}.issuer", "NOBODY", f"{GIFT}.issuer"),
    (f"{GIFT}.parameters.colour", 1, f"{GIFT}.parameters"),
    (f"{GIFT}.parameters.min_load", "5", f"{GIFT}.parameters.min_load"),
    (f"{GIFT}.parameters.min_load", 0, f"{GIFT}.parameters.min_load"),
    (f"{GIFT}.parameters.accept_at", "moon", f"{GIFT}.parameters.accept_at"),
    (f"{BONUS}.parameters", {}, f"{BONUS}.parameters"),
    (f"{BONUS}.parameters.step", 0, f"{BONUS}.parameters.step"),
    (f"{BONUS}.parameters.step", 5.5, f"{BONUS}.parameters.step"),
    (f"{DISC}.parameters.max_rate", 10001, f"{DISC}.parameters.max_rate"),
    (f"{DISC}.branches", ["F1"], f"{DISC}.branches[0]"),
    (f"{DISC}.branches", ["NOWHERE"], f"{DISC}.branches[0]"),
    (f"{DISC}.combine", "multiply", f"{DISC}.combine"),
    (f"{DISC}.valid_from", "yesterday", f"{DISC}.valid_from"),
    (f"{DISC}.valid_from", "2026-01-01T00:00:00", f"{DISC}.valid_from"),
    (f"{DISC}.code", "BONUS", f"{DISC}.code"),
    (f"{TEIKA}.overrides", "NOTHING", f"{TEIKA}.overrides"),
    (f"{TEIKA}.overrides", "BONUS", f"{TEIKA}.overrides"),
    (f"{TEIKA}.overrides", "DISC-TEIKA", f"{TEIKA}.overrides"),
    (f"{TEIKA}.branches", [], f"{TEIKA}.branches"),
    (f"{DISC}.weekdays", [0], f"{DISC}.weekdays"),
    (f"{DISC}.weekdays", [8], f"{DISC}.weekdays"),
    (f"{DISC}.weekdays", [1, 1], f"{DISC}.weekdays"),
    (f"{DISC}.hours", [{"from": "9:00", "to": "10:00"}], f"{DISC}.hours[0]"),
    (f"{DISC}.hours", [{"from": "22:00", "to": "06:00"}], f"{DISC}.hours[0]"),
    (f"{DISC}.hours", [{"from": "24:00", "to": "24:00"}], f"{DISC}.hours[0]"),
    (f"{DISC}.min_age_of_card", -1, f"{DISC}.min_age_of_card"),
    (f"{DISC}.consent", "By Mail", f"{DISC}.consent"),
    ("$.card_types[0].qualify_amount", -1, "$.card_types[0].qualify_amount"),
    ("$.card_types[0].issuer", "NOBODY", "$.card_types[0].issuer"),
    ("$.card_types[0].programs[0]", "FUEL-DISC", "$.card_types[0].programs[0]"),
    ("$.card_types[0].programs[0]", "DISC-TEIKA", "$.card_types[0].programs[0]"),
    ("$.card_types[0].programs[0]", "NOTHING", "$.card_types[0].programs[0]"),
    ("$.card_types[0].access_code", "maybe", "$.card_types[0].access_code"),
    ("$.card_types[0].ranges[0].kind", "face", "$.card_types[0].ranges[0].kind"),
    ("$.card_types[0].ranges[0].to", "", "$.card_types[0].ranges[0]"),
    ("$.card_types[0].ranges[0].to", "9", "$.card_types[0].ranges[0]"),
    ("$.card_types[0].ranges[0].to", "9990000999999999", "$.card_types[0].ranges[0]"),
    ("$.terminals[0].id", "0000001", "$.terminals[0].id"),
    ("$.terminals[0].id", "0000001a", "$.terminals[0].id"),
    ("$.terminals[1].id", "00000011", "$.terminals[1].id"),
    ("$.terminals[0].branch", "NOWHERE", "$.terminals[0].branch"),
    ("$.terminals[0].hold_s", 0, "$.terminals[0].hold_s"),
    ("$.terminals[0].hold_s", 86401, "$.terminals[0].hold_s"),
    ("$.terminals[0].key_version", 0, "$.terminals[0].key_version"),
    ("$.terminals[0].protocol", "telex", "$.terminals[0].protocol"),
    ("$.terminals[0].mac", "des", "$.terminals[0].mac"),
]


@pytest.mark.parametrize("read", [dict, json.dumps], ids=["dict", "text"])
@pytest.mark.parametrize(
    ("place", "value", "path"),
    SCHEMA_FAULTS,
    ids=[f"{place}={value}" for place, value, _ in SCHEMA_FAULTS],
)
def test_a_fault_is_named_by_its_path(place: str, value: Any, path: str, read):
    assert path in faults(read(planted(place, value)))


@pytest.mark.parametrize("room", ["issuers", "branches", "programs", "card_types"])
def test_a_missing_room_is_named(room: str):
    document = network_document()
    del document[room]
    with pytest.raises(NetworkInvalid, match=room):
        read_network(document)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"x"', "\xff", b"\xff", '{"a":' * 5000]
)
def test_what_is_no_document_is_refused(text: str | bytes):
    assert faults(text) == ["$"]


@pytest.mark.parametrize("value", [7, True, ["x"], {"x": 1}, None])
@pytest.mark.parametrize(
    ("kind", "name", "usual"),
    [
        (
            "exchange",
            "points_of",
            {"goods": [{"product": "x", "points": 1, "price": 1}]},
        ),
        ("bonus_prize", "tiers", {}),
    ],
)
def test_a_reference_of_another_type_is_a_fault_like_any_other(
    kind: str, name: str, usual: dict[str, Any], value: Any
):
    document = network_document()
    program = document["programs"][0]
    document["programs"] = [
        {"code": "ODD", "issuer": program["issuer"], "name": "x", "kind": kind}
        | {"parameters": {**usual, name: value}}
    ]
    assert any(
        fault.startswith("$.programs[0].parameters") for fault in faults(document)
    )


def test_a_fault_quotes_what_is_wrong_but_no_card_number():
    place = "$.card_types[0].ranges[0].kind"
    told = []
    for value in ("9990001000000019", "face"):
        with pytest.raises(NetworkInvalid) as fault:
            read_network(planted(place, value))
        told.append(str(fault.value))
    assert [place in one for one in told] == [True, True]
    assert "999" not in told[0]
    assert "face" in told[1]


def test_all_faults_are_told_at_once():
    document = planted("$.branches[0].cutoff", "x")
    document["terminals"][0]["hold_s"] = 0
    document["programs"][0]["parameters"]["min_load"] = 0
    assert faults(document) == [
        "$.branches[0].cutoff",
        "$.programs[0].parameters.min_load",
        "$.terminals[0].hold_s",
    ]


def test_holds_of_weeks_are_for_odoos_own_terminals():
    document = planted("$.terminals[0].hold_s", 7_776_000)
    with pytest.raises(NetworkInvalid, match="1 to 86400 seconds"):
        read_network(document)
    document["terminals"][0]["protocol"] = "odoo"
    assert read_network(document)
    document["terminals"][0]["hold_s"] += 1
    with pytest.raises(NetworkInvalid, match="1 to 7776000 seconds"):
        read_network(document)


def test_a_period_must_have_a_beginning_before_its_end():
    document = planted(f"{DISC}.valid_from", "2026-01-02T00:00:00Z")
    document["programs"][2]["valid_to"] = "2026-01-02T00:00:00Z"
    assert faults(document) == [f"{DISC}.valid_to"]
    document["programs"][2]["valid_to"] = "2026-01-02T00:00:01Z"
    assert read_network(document)


def test_two_overrides_of_one_branch_contradict_each_other():
    document = network_document()
    second = copy.deepcopy(document["programs"][3]) | {"code": "TEIKA-2"}
    document["programs"].append(second)
    assert "$.programs[7].branches" in faults(document)
    second["branches"] = ["G1"]
    assert read_network(document)


def test_an_override_is_not_overridden_again():
    document = network_document()
    second = copy.deepcopy(document["programs"][3])
    document["programs"].append(second | {"code": "TEIKA-2", "overrides": "DISC-TEIKA"})
    assert "$.programs[7].overrides" in faults(document)


def test_goods_groups_of_programs_are_known_groups():
    """A misspelt group is a discount that nobody ever gets."""
    document = planted("$.programs[4].parameters.groups", ["feul"])
    assert faults(document) == ["$.programs[4].parameters.groups"]


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2026-11-20T21:59:59Z", date(2026, 11, 20)),
        ("2026-11-20T22:00:00Z", date(2026, 11, 21)),
        ("2026-07-01T20:59:59Z", date(2026, 7, 1)),
        ("2026-07-01T21:00:00Z", date(2026, 7, 2)),
    ],
)
def test_a_business_day_is_the_branchs_own(at: str, day: date):
    network = read_network(network_document())
    moment = datetime.fromisoformat(at.replace("Z", "+00:00"))
    assert network.business_day(network.branches["G1"], moment) == day


@pytest.mark.parametrize(
    ("at", "day"),
    [("02:29:59", date(2026, 11, 20)), ("02:30:00", date(2026, 11, 21))],
)
def test_a_late_cutoff_belongs_to_the_evening_before(at: str, day: date):
    network = read_network(planted("$.branches[0].cutoff", "04:30"))
    hours, minutes, seconds = map(int, at.split(":"))
    moment = datetime(2026, 11, 21, hours, minutes, seconds, tzinfo=timezone.utc)
    assert network.business_day(network.branches["G1"], moment) == day


def test_goods_without_a_group_have_the_branchs_tax():
    network = read_network(planted("$.branches[0].tax_rate_bp", 1200))
    branch = network.branches["G1"]
    assert network.tax_rate_bp(branch, "") == 1200
    assert network.tax_rate_bp(branch, "books") == 500
    assert network.tax_rate_bp(branch, "unheard") == 1200


def test_credit_is_not_lent_to_whoever_shows_a_number():
    document = network_document()
    document["programs"].append(
        {
            "code": "CREDIT",
            "issuer": "GROCER",
            "kind": "credit_card",
            "name": "Credit",
            "parameters": {"credit_limit": 1},
        }
    )
    club = document["card_types"][0]
    club["programs"] = [*club["programs"], "CREDIT"]
    with pytest.raises(NetworkInvalid) as refused:
        read_network(document)
    assert [path for path, _ in refused.value.faults] == [
        "$.card_types[0].auto_register"
    ]
    club["auto_register"] = False
    assert read_network(document).programs["CREDIT"].kind == "credit_card"
