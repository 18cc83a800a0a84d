"""A gateway is started anew with changed keyrings, as docs/OPERATIONS.md tells it."""

from pathlib import Path

import pytest

from tests.gateway.shop import ask, balance, gift_card, order

SECOND = f"card_token 2 {'5e' * 32}"


@pytest.fixture
def keyrings(keyring_file: Path, tmp_path: Path):
    """Write a keyring with other lines for card tokens."""
    lines = keyring_file.read_text().splitlines()

    def write(*tokens: str) -> str:
        kept = [line for line in lines if not line.startswith("card_token")]
        file = tmp_path / "changed"
        file.touch(mode=0o600)
        file.write_text("\n".join([*tokens, *kept]) + "\n")
        return str(file)

    write.first = next(line for line in lines if line.startswith("card_token"))
    return write


def test_a_key_is_changed_and_nobody_notices(make_gateway, keyrings):
    gateway = make_gateway().start_ready()
    card = gift_card(gateway.http(), 1000, code="4711")
    sale = order("sale", gateway.http(), card=card, amount=100, access_code="4711")
    assert gateway.http().send(sale).rc == "00"
    for step, tokens in enumerate(
        ([keyrings.first, f"{SECOND} spare"], [keyrings.first, SECOND], [SECOND])
    ):
        assert gateway.stop() == 0
        gateway.start_ready(EKARTE_KEYRING=keyrings(*tokens))
        if SECOND not in tokens[:1]:
            assert gateway.http().send(sale).rc == "00"  # a repeat
        assert balance(gateway.http(), card) == 900 - 100 * step
        spent = ask(gateway.iso(), "sale", card=card, amount=100, access_code="4711")
        assert spent.rc == "00"
    assert gateway.sql("SELECT token_key FROM ekarte.card") == [(2,)]
    assert gateway.broken_invariants() == []


def test_a_gateway_without_a_key_in_use_serves_nobody_until_it_is_back(
    make_gateway, keyrings
):
    gateway = make_gateway().start_ready()
    card = gift_card(gateway.http(), 1000)
    assert gateway.stop() == 0
    gateway.start(EKARTE_KEYRING=keyrings(SECOND))
    away = gateway.wait_for_event("ledger away")
    assert "lacks keys in use: card_token 1 (1 cards)" in away["reason"]
    assert not gateway.ready()["ready"]
    assert ask(gateway.http(), "sale", card=card, amount=100).rc == "91"
    assert gateway.stop() == 0
    gateway.start_ready(EKARTE_KEYRING=keyrings(keyrings.first, SECOND))
    assert ask(gateway.http(), "sale", card=card, amount=100).rc == "00"
