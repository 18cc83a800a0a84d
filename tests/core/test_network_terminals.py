"""Terminals and banks of the network document: what is wrong is named by its path."""

from typing import Any

import pytest

from ekarte_core import NetworkInvalid, read_network
from tests.core.shop import network_document

PRINT = "a" * 64
BANK: dict[str, Any] = {
    "code": "BANK",
    "name": "Bank",
    "host": "bank.example",
    "port": 9000,
}


def network_of(acquirer: dict[str, Any] | None = None, **terminal: Any):
    document = network_document()
    document["terminals"][0] |= terminal
    document["acquirers"] = [BANK | (acquirer or {})]
    return read_network(document)


def faults_of(acquirer: dict[str, Any] | None = None, **terminal: Any) -> list[str]:
    with pytest.raises(NetworkInvalid) as fault:
        network_of(acquirer, **terminal)
    return [path for path, _message in fault.value.faults]


AT_BANK = {"bank": "BANK", "bank_terminal": "LV000017", "bank_acceptor": "4711"}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"profile": "C"}, "profile"),
        ({"mac": "md5"}, "mac"),
        ({"certificates": [PRINT.upper()]}, "certificates[0]"),
        ({"certificates": [PRINT[1:]]}, "certificates[0]"),
        ({"certificates": [PRINT, PRINT]}, "certificates[1]"),
        ({"certificates": [PRINT, "b" * 64, "c" * 64]}, "certificates"),
        ({"columns": 23}, "columns"),
        ({"columns": 65}, "columns"),
        ({"printer": "lpt1"}, "printer"),
        ({"printer": "tcp://printer"}, "printer"),
        ({"printer": "tcp://printer:0"}, "printer"),
        ({"printer": "tcp://printer:65536"}, "printer"),
        ({"printer": "serial:///etc/passwd"}, "printer"),
        ({"printer": "serial:///dev/ttyS0?speed=1"}, "printer"),
        ({"printer_profile": ""}, "printer_profile"),
        ({"printer_profile": "../x"}, "printer_profile"),
        ({"close_at": "24:00"}, "close_at"),
        ({"close_at": "9:30"}, "close_at"),
        ({"offline": {"amount_max": -1}}, "offline.amount_max"),
        ({"offline": {"card_day_max": -1}}, "offline.card_day_max"),
        ({"offline": {"count_max": -1}}, "offline.count_max"),
        ({"offline": {"count_max": 100_001}}, "offline.count_max"),
        ({"offline": {"age_h_max": 0}}, "offline.age_h_max"),
        ({"offline": {"age_h_max": 8785}}, "offline.age_h_max"),
        ({"offline": {"stop_list_age_h_max": 0}}, "offline.stop_list_age_h_max"),
        (AT_BANK | {"bank": "OTHER"}, "bank"),
        (AT_BANK | {"bank_terminal": ""}, "bank_terminal"),
        (AT_BANK | {"bank_terminal": "123456789"}, "bank_terminal"),
        (AT_BANK | {"bank_acceptor": ""}, "bank_acceptor"),
        (AT_BANK | {"bank_acceptor": "1" * 16}, "bank_acceptor"),
    ],
)
def test_a_fault_of_a_terminal_is_named_by_its_path(fields: dict, path: str):
    assert faults_of(**fields) == [f"$.terminals[0].{path}"]


@pytest.mark.parametrize(
    "fields",
    [
        {"protocol": "serial"},
        {"protocol": "nexo"},
        {"profile": "B", "mac": "x9.19"},
        {"mac": "aes-cmac"},
        {"certificates": [PRINT, "b" * 64]},
        {"columns": 24},
        {"columns": 64},
        {"printer": "tcp://192.0.2.7:9100", "printer_profile": "TM-T88III"},
        {"printer": "tcp://[2001:db8::7]:9100"},
        {"printer": "serial:///dev/ttyUSB0?baud=9600"},
        {"printer": "serial:///dev/ttyS0"},
        {"close_at": "23:59", "pump": True},
        {"offline": {}},
        {"offline": {"amount_max": 0, "count_max": 100_000, "age_h_max": 8784}},
        AT_BANK,
    ],
)
def test_the_last_value_inside_a_limit_is_taken(fields: dict):
    assert network_of(**fields).terminal("00000011")


def test_a_certificate_stands_for_one_terminal_only():
    document = network_document()
    document["terminals"][0]["certificates"] = [PRINT]
    document["terminals"][1]["certificates"] = ["b" * 64]
    assert read_network(document)
    document["terminals"][1]["certificates"] = [PRINT]
    with pytest.raises(NetworkInvalid) as fault:
        read_network(document)
    assert [path for path, _ in fault.value.faults] == [
        "$.terminals[1].certificates[0]"
    ]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"code": "low"}, "code"),
        ({"host": ""}, "host"),
        ({"host": "bank example"}, "host"),
        ({"port": 0}, "port"),
        ({"port": 65_536}, "port"),
        ({"profile": "C"}, "profile"),
        ({"mac": "md5"}, "mac"),
        ({"key": "00"}, ""),
    ],
)
def test_a_fault_of_an_acquirer_is_named_by_its_path(fields: dict, path: str):
    assert faults_of(fields) == [f"$.acquirers[0].{path}".rstrip(".")]


def test_acquirers_are_known_by_their_codes():
    assert network_of().acquirers["BANK"].port == 9000


def slips_of(issuer: dict[str, Any]):
    document = network_document()
    document["issuers"][0] |= issuer
    return read_network(document)


@pytest.mark.parametrize(
    ("issuer", "path"),
    [
        ({"slip_texts": {"fi": {}}}, "slip_texts"),
        ({"slip_texts": {"lv": {"header": ["a\tb"]}}}, "slip_texts.lv"),
        ({"slip_texts": {"lv": {"top": []}}}, "slip_texts[...]"),
        ({"slip_barcode": "ean13"}, "slip_barcode"),
    ],
)
def test_a_fault_of_an_issuers_slips_is_named_by_its_path(issuer: dict, path: str):
    with pytest.raises(NetworkInvalid) as fault:
        slips_of(issuer)
    assert [path for path, _ in fault.value.faults] == [f"$.issuers[0].{path}"]


def test_an_issuer_has_slips_in_four_languages():
    texts = {name: {"footer": ["Paldies!"]} for name in ("lv", "ru", "en", "et")}
    network = slips_of({"slip_texts": texts, "slip_barcode": "qr"})
    assert network.issuers["GROCER"].slip_texts["et"].footer == ("Paldies!",)
