"""What a document holds: the branch's rules as the host has them, and a stop list."""

import base64
import json
from datetime import datetime, timezone
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ekarte_auth_gateway.parameters import (
    Document,
    Download,
    ParametersRefused,
    Signer,
    Sources,
    build,
    canonical,
    delta,
    read_document,
)
from ekarte_core import (
    CardRef,
    Network,
    NetworkInvalid,
    Parameters,
    ParametersKey,
    Stopped,
    read_network,
    stop_mark,
    stop_token,
)
from tests.gateway import town
from tests.gateway.gateway_process import ROOT

AT = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
KEY = bytes(range(32))
NUMBER = "9990001000000019"


@pytest.fixture(scope="module")
def demo() -> Network:
    """The demonstration's network: three issuers, every kind of program."""
    return read_network((ROOT / "demo" / "network.json").read_bytes(), 7)


def stopped(number: str, rc: str, *issuers: str, kind: str = "number") -> Stopped:
    mark = stop_mark(stop_token(KEY, kind, number))
    return Stopped(mark, 1, rc, frozenset(issuers))


def made(
    network: Network, branch: str, *cards: Stopped, keys: Any = ()
) -> tuple[dict[str, Any], Document]:
    sources = Sources(network, cards, {1: KEY}, keys)
    return build(sources, branch, 3, AT), read_document(sources.text(branch, 3, AT))


def test_the_text_is_the_same_whoever_writes_it(demo: Network):
    sources = Sources(demo, (), {}, ())
    text = sources.text("G1", 3, AT)
    again = json.dumps(
        json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert text == again.encode() == canonical(json.loads(text))


@pytest.mark.parametrize("branch", ["G1", "G2", "G3", "F1", "F2", "B1"])
def test_the_core_reads_the_network_of_every_branch(demo: Network, branch: str):
    _raw, document = made(demo, branch)
    cut = document.rules()
    assert list(cut.branches) == [branch]
    here, types = demo.branches[branch], list(demo.card_types)
    then = [one.code for one in demo.running(here, types)]
    assert [one.code for one in cut.running(cut.branches[branch], types)] == then
    for mine, theirs in zip(
        cut.running(cut.branches[branch], types), demo.running(here, types), strict=True
    ):
        assert mine.parameters == theirs.parameters
        assert (mine.hours, mine.weekdays) == (theirs.hours, theirs.weekdays)


def test_no_value_is_null_for_a_patch_could_not_say_it(demo: Network):
    def walk(value: Any) -> None:
        assert value is not None
        inner = value.values() if isinstance(value, dict) else value
        for part in inner if isinstance(value, (dict, list)) else ():
            walk(part)

    for branch in demo.branches:
        walk(made(demo, branch)[0])


def test_a_branch_is_not_told_what_is_between_issuers():
    whole = town.document(
        issuers=[
            {"code": "GROCER", "name": "G", "exposure_limit": 100},
            {"code": "OTHER", "name": "O", "exposure_limit": 5, "slip_footer": ["x"]},
            {"code": "FAR", "name": "Far away"},
        ],
        coalitions=[
            {
                "code": "LV",
                "name": "LV",
                "issuers": ["GROCER", "OTHER"],
                "operator": "OTHER",
                "terms": [{"issuer": "GROCER", "seller": "OTHER", "price_bp": 9000}],
            }
        ],
        acquirers=[{"code": "BANK", "name": "Bank", "host": "bank.test", "port": 1}],
        terminals=[
            {
                "id": town.HTTP_1,
                "branch": "G1",
                "bank": "BANK",
                "bank_terminal": "1",
                "bank_acceptor": "1",
                "offline": {"amount_max": 5000},
            },
            {"id": town.HTTP_2, "branch": "G2"},
            {"id": town.ODOO, "branch": "G1", "protocol": "odoo"},
        ],
    )
    raw, document = made(read_network(whole), "G1")
    text = canonical(raw).decode()
    for word in ("price_bp", "exposure_limit", "bank", "FAR", "Teika", "operator"):
        assert word not in text, word
    assert list(raw["network"]["terminals"]) == [town.HTTP_1]
    assert raw["network"]["terminals"][town.HTTP_1]["offline"] == {"amount_max": 5000}
    assert document.rules().terminals[town.HTTP_1].offline is not None


def test_texts_are_in_the_languages_of_the_issuer(demo: Network):
    _raw, document = made(demo, "G1")
    issuer = demo.issuers["GROCER"]
    assert set(document.texts) == {issuer.language, *issuer.slip_texts}
    for texts in document.texts.values():
        assert texts["rc.62"]
        assert texts["slip.discount"]


# --- the stop list


def test_a_terminal_knows_a_stopped_card_and_no_other(demo: Network):
    cards = [
        stopped(NUMBER, "41", "GROCER"),
        stopped("9990001000000027", "62", "FUEL"),
    ]
    _raw, document = made(demo, "G1", *cards)
    assert document.stopped(CardRef(value=NUMBER)) == "41"
    assert document.stopped(CardRef(kind="track2", value=f"{NUMBER}=2912")) == "41"
    assert document.stopped(CardRef(value="9990001000000027")) == "62"
    assert document.stopped(CardRef(value="9990001000000035")) == ""
    assert document.stop_list.count() == 2


def test_the_list_holds_no_number_and_nothing_quickly_made_of_one(demo: Network):
    raw, _document = made(demo, "G1", stopped(NUMBER, "41", "GROCER"))
    text = canonical(raw["stop_list"]).decode()
    assert NUMBER not in text
    quick = stop_token(KEY, "number", NUMBER)
    shelves = raw["stop_list"]["cards"]["41"]
    assert quick[:1].hex() not in shelves or quick[1:5] not in shelves.values()
    assert [len(rests) for rests in shelves.values()] == [8]  # 4 bytes in base64


def test_cards_of_issuers_that_are_not_in_the_coalition_are_not_told():
    whole = town.document(
        issuers=[{"code": "GROCER", "name": "G"}, {"code": "FAR", "name": "Far"}]
    )
    _raw, document = made(read_network(whole), "G1", stopped(NUMBER, "41", "FAR"))
    assert document.stop_list.count() == 0
    assert document.stop_list.keys == {}


@pytest.mark.parametrize("kind", ["phone", "document", "bank"])
def test_phones_documents_and_bank_cards_are_on_no_list(demo: Network, kind: str):
    """Their numbers are few, or not ours: nobody decides on them without asking."""
    _raw, document = made(demo, "G1", stopped("26000000", "41", "GROCER", kind=kind))
    assert document.stopped(CardRef(kind=kind, value="26000000")) == ""


def test_one_card_more_changes_one_shelf(demo: Network):
    many = [
        Stopped(bytes([n % 251, n % 256, n // 256, 7, 7]), 1, "62", frozenset({"FUEL"}))
        for n in range(5000)
    ]
    before, _ = made(demo, "G1", *many)
    after, _ = made(demo, "G1", *many, stopped(NUMBER, "41", "GROCER"))
    assert len(canonical(after)) > 25_000
    assert len(canonical(delta(before, after))) < 100


# --- what is no document


def test_another_format_is_refused(demo: Network):
    raw, _document = made(demo, "G1")
    read_document(canonical(raw))
    with pytest.raises(ParametersRefused, match="format"):
        read_document(canonical({**raw, "format": 2}))
    with pytest.raises(ParametersRefused, match="not a parameter document"):
        read_document(b"{}")


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("keys", {"0123": "Āā=="}),
        ("keys", {"0123": "AAAA"}),
        ("stop_list", {"keys": {"1": "no hex"}, "cards": {}}),
        ("stop_list", {"keys": {}, "cards": {"41": {"00": "no base64"}}}),
    ],
)
def test_what_is_no_key_and_no_shelf_is_refused_before_it_is_used(
    demo: Network, part: str, value: Any
):
    raw, _document = made(demo, "G1", stopped(NUMBER, "41", "GROCER"))
    read_document(canonical(raw))
    with pytest.raises(ParametersRefused, match=part):
        read_document(canonical({**raw, part: value}))


def test_a_signed_document_that_cannot_be_read_is_refused(demo: Network):
    raw, document = made(demo, "G1")
    for text in (b"{" + b"\xff" * 9, b'{"a":' * 5000):
        with pytest.raises(ParametersRefused):
            read_document(text)
    odd = read_document(canonical({**raw, "network": {"branches": "x"}}))
    with pytest.raises(NetworkInvalid):
        odd.rules()
    assert document.rules().branches


def test_a_patch_that_cannot_be_read_is_refused():
    signer = Signer([_key()])
    trusted = {signer.key_id: signer.public_keys[0]}
    for patch in (b"\xff", b'{"a":' * 5000, b'{"a":"\xff"}'):
        part = Parameters(
            version=2,
            kind="delta",
            chunks=1,
            chunk=0,
            data=base64.b64encode(patch).decode(),
            signature="",
            key_id=signer.key_id,
        )
        with pytest.raises(ParametersRefused, match="the patch is not JSON"):
            Download("G1", trusted).take(part)


def test_what_a_document_may_gain_later_does_not_disturb(demo: Network):
    raw, _document = made(demo, "G1")
    assert read_document(canonical({**raw, "weather": "rain"})).branch == "G1"


def test_public_keys_are_told(demo: Network):
    signer = Signer([_key()])
    keys = [ParametersKey(1, signer.key_id, signer.public_keys[0])]
    _raw, document = made(demo, "G1", keys=keys)
    assert list(document.keys) == [signer.key_id]


def _key() -> Any:
    return Ed25519PrivateKey.generate()
