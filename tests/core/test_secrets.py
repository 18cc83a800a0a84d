"""Card numbers, access codes and keys: not in the ledger, not in any text."""

import logging
import os
import stat
from pathlib import Path

import msgspec
import psycopg2
import pytest

from ekarte_core import (
    CardRef,
    Keyring,
    KeyringInvalid,
    LedgerConnection,
    Request,
    execute,
    load_keyring,
    write_new_keyring,
)
from ekarte_core.rules.identity import Identity
from ekarte_core.service.job import prepare
from tests.core.shop import CLUB, GIFT, Shop, number

KEYS = "card_token 1 {a}\naccess_code 1 {b}\nterminal 1 {c}\n".format(
    a="aa" * 32, b="bb" * 32, c="cc" * 32
)


def keyring_file(folder: Path, text: str = KEYS, mode: int = 0o600) -> Path:
    file = folder / "keyring"
    file.write_text(text)
    file.chmod(mode)
    return file


def test_the_whole_database_holds_no_number_and_no_code(shop: Shop):
    card, code = number(GIFT), "471147114711"
    shop.do("activate", card, 2000, access_code=code)
    shop.do("sale", card, 100, access_code=code)
    shop.do("sale", card, 100, access_code="990099009900")
    shop.do("inquire", card, access_code=code)
    hold = shop.request("authorize", card, 100, access_code=code)
    shop.send(hold)
    shop.do("confirm", card, original=hold)
    shop.do("sale", number(CLUB), 1000)
    shop.later(hours=1)
    shop.ledger.build_settlement(shop.network, shop.now, shop.now)
    shop.ledger.seal(shop.now)
    text = _everything(shop)
    assert len(text) > 5000
    for secret in (card, number(CLUB), code, "990099009900"):
        assert secret not in text
        assert secret.encode().hex() not in text


def _everything(shop: Shop) -> str:
    tables = shop.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'ekarte'")
    return "\n".join(
        str(row)
        for (table,) in tables
        for row in shop.sql(f"SELECT t::text FROM ekarte.{table} t")
    )


def test_nothing_prints_a_number_a_code_or_a_key(shop: Shop):
    card, code = number(GIFT), "471147114711"
    request = shop.request("sale", card, 100, access_code=code)
    shop.do("activate", card, 2000, access_code=code)
    shop.send(request)
    things = [
        request,
        request.card,
        shop.last,
        Identity("number", card),
        shop.keyring,
        shop.ledger,
        prepare(0, request, shop.network, shop.keyring),
    ]
    keys = [key.hex() for key in shop.keyring._keys.values()]
    for thing in things:
        for told in (repr(thing), str(thing), f"{thing}"):
            assert card not in told
            assert code not in told
            assert not any(key in told.lower() for key in keys)


def test_a_crash_is_logged_without_secrets(shop: Shop, caplog, monkeypatch):
    card, code = shop.gift(2000), "471147114711"

    def crash(*_args, **_kwargs):
        raise AssertionError("planted")

    monkeypatch.setattr("ekarte_core.service.execute.decide", crash)
    with caplog.at_level(logging.DEBUG):
        answer = shop.do("sale", card, 100, access_code=code)
    assert answer.rc == "96"
    assert "planted" in caplog.text
    assert card not in caplog.text
    assert code not in caplog.text


def test_a_database_error_is_logged_without_secrets(own_shop: Shop, caplog):
    """PostgreSQL's DETAIL repeats the row that it did not like."""
    shop, code = own_shop, "471147114711"
    card = number(GIFT)
    shop.sql("ALTER TABLE ekarte.card ADD CONSTRAINT planted CHECK (state <> 'new')")
    with caplog.at_level(logging.DEBUG):
        answer = shop.do("activate", card, 2000, access_code=code)
    assert answer.rc == "96"
    assert "planted" in caplog.text
    assert card not in caplog.text
    assert code not in caplog.text


def test_a_request_that_poisons_its_group_fails_alone(shop: Shop, caplog):
    card = shop.gift(2000)
    good = [shop.request("sale", card, 100) for _ in range(4)]
    bad = msgspec.structs.replace(
        shop.request("sale", card, 100), reference="planted\0poison"
    )
    answers = shop.run(good[0], good[1], bad, good[2], good[3])
    assert [a.rc for a in answers] == ["00", "00", "96", "00", "00"]
    assert shop.balance(card, "GIFT") == 1600
    assert shop.broken() == []


def test_equal_numbers_have_equal_tokens_and_other_spaces_others(keyring: Keyring):
    one = keyring.card_token("number", "12345678")
    assert one == keyring.card_token("number", "12345678")
    assert one != keyring.card_token("document", "12345678")
    assert one != keyring.card_token("number", "12345679")
    assert len(one) == 16


def test_another_keyring_gives_other_tokens_and_keys(keyring: Keyring, tmp_path: Path):
    other = load_keyring(keyring_file(tmp_path))
    assert other.card_token("number", "1") != keyring.card_token("number", "1")
    assert other.terminal_key("00000011", 1) != keyring.terminal_key("00000011", 1)
    assert other.body_digest(b"x") != keyring.body_digest(b"x")


def test_each_terminal_and_version_has_a_key_of_its_own(keyring: Keyring):
    keys = {
        keyring.terminal_key(terminal, version)
        for terminal in ("00000011", "00000012")
        for version in (1, 2, 11)
    }
    assert len(keys) == 6
    assert all(len(key) == 32 for key in keys)


def test_a_terminal_key_is_hkdf(tmp_path: Path):
    """Against an independent RFC 5869 implementation."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    ring = load_keyring(keyring_file(tmp_path))
    # Extraction: HMAC(salt, key material); the salt is the stored master key.
    derived = HKDF(
        algorithm=SHA256(),
        length=32,
        salt=bytes.fromhex("cc" * 32),
        info=b"terminal|00000011|1",
    ).derive(b"ekarte terminal key")
    assert ring.terminal_key("00000011", 1) == derived


def test_a_code_is_the_cards_own(keyring: Keyring):
    one, other = keyring.card_token("number", "1"), keyring.card_token("number", "2")
    digest = keyring.access_code_digest(one, "4711")
    assert keyring.same_code(one, "4711", digest)
    assert not keyring.same_code(one, "4712", digest)
    assert not keyring.same_code(other, "4711", digest)


def test_a_keyring_prints_its_numbers_only(tmp_path: Path):
    ring = load_keyring(keyring_file(tmp_path))
    assert repr(ring) == "Keyring(access_code/1, card_token/1, terminal/1)"


def test_a_new_keyring_is_for_its_owner_alone_and_never_the_same(tmp_path: Path):
    one, two = tmp_path / "one", tmp_path / "two"
    before = os.umask(0)
    try:
        write_new_keyring(one)
    finally:
        os.umask(before)
    write_new_keyring(two)
    assert stat.S_IMODE(one.stat().st_mode) == 0o600
    assert one.read_bytes() != two.read_bytes()
    assert load_keyring(one)


def test_a_keyring_is_never_overwritten(tmp_path: Path):
    file = keyring_file(tmp_path)
    with pytest.raises(FileExistsError):
        write_new_keyring(file)
    assert file.read_text() == KEYS


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640])
def test_a_keyring_that_others_cannot_read_is_read(tmp_path: Path, mode: int):
    assert load_keyring(keyring_file(tmp_path, mode=mode))


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o602, 0o601])
def test_a_keyring_that_is_open_to_others_is_refused(tmp_path: Path, mode: int):
    with pytest.raises(KeyringInvalid, match="open to others"):
        load_keyring(keyring_file(tmp_path, mode=mode))


def test_a_missing_keyring_is_told_with_what_to_do(tmp_path: Path):
    with pytest.raises(KeyringInvalid, match="python -m ekarte_core keyring"):
        load_keyring(tmp_path / "none")


@pytest.mark.parametrize("purpose", ["card_token", "access_code", "terminal"])
def test_a_missing_key_is_named(tmp_path: Path, purpose: str):
    text = "".join(row for row in KEYS.splitlines(True) if not row.startswith(purpose))
    with pytest.raises(KeyringInvalid, match=purpose):
        load_keyring(keyring_file(tmp_path, text))


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "card_token one " + "aa" * 32,
        "other 1 " + "aa" * 32,
        "card_token 2 zz",
        "card_token 2 aa",
        "card_token 2 " + "aa" * 31,
        "card_token 1 " + "dd" * 32,
    ],
    ids=["words", "no number", "no purpose", "no hex", "one byte", "31 bytes", "twice"],
)
def test_a_bad_line_is_named_by_its_number_without_the_key(tmp_path: Path, line: str):
    with pytest.raises(KeyringInvalid, match="line 5") as fault:
        load_keyring(keyring_file(tmp_path, f"{KEYS}# a remark\n{line}\n"))
    assert "aa" not in str(fault.value).replace(str(tmp_path), "")
    assert "dd" not in str(fault.value).replace(str(tmp_path), "")


def test_the_ledger_connection_keeps_its_password_to_itself(keyring: Keyring):
    ledger = LedgerConnection("host=127.0.0.1 port=1 password=hush", keyring)
    with pytest.raises(psycopg2.OperationalError) as fault:
        ledger.network(None)
    assert "hush" not in f"{ledger!r} {ledger} {fault.value}"


def test_a_lent_cursor_gets_no_secret_in_its_errors(shop: Shop):
    request = Request(
        command="sale",
        terminal="00000011",
        operation=1,
        card=CardRef(value=number(CLUB)),
        access_code="471147114711",
        amount=100,
        reference="planted\0poison",
    )
    connection = psycopg2.connect(shop.dsn)
    with connection.cursor() as cr, pytest.raises(ValueError, match="NUL") as fault:
        execute(cr, [request], shop.network, shop.keyring, shop.now)
    connection.close()
    assert number(CLUB) not in str(fault.value)
    assert "471147114711" not in str(fault.value)
