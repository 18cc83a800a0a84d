"""Publishing the network document, and the core's command line."""

import json
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest

from ekarte_core import (
    Keyring,
    LedgerConnection,
    NetworkInvalid,
    NetworkMissing,
    current_network,
    load_keyring,
    network_version,
    publish,
    read_network,
)
from ekarte_core.__main__ import main
from tests.core.conftest import NOON, raze
from tests.core.shop import Shop, changed, network_document, number

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo" / "network.json"


@pytest.fixture
def cr(dsn: str):
    connection = psycopg2.connect(dsn)
    with connection, connection.cursor() as cursor:
        yield cursor
    connection.close()


def test_versions_rise_by_one(cr):
    assert network_version(cr) == 0
    assert publish(cr, network_document(), NOON) == 1
    assert publish(cr, changed("DISC", base_rate=100), NOON) == 2
    assert network_version(cr) == 2
    assert current_network(cr).version == 2


def test_the_same_content_keeps_its_version(cr):
    document = network_document()
    assert publish(cr, document, NOON) == 1
    assert publish(cr, json.dumps(document, indent=4), NOON) == 1
    assert publish(cr, json.dumps(document).encode(), NOON) == 1
    reordered = dict(reversed(document.items()))
    assert publish(cr, reordered, NOON) == 1


def test_an_old_content_published_again_is_a_new_version(cr):
    publish(cr, network_document(), NOON)
    publish(cr, changed("DISC", base_rate=100), NOON)
    assert publish(cr, network_document(), NOON) == 3


def test_a_document_with_faults_leaves_the_old_one(cr):
    publish(cr, network_document(), NOON)
    with pytest.raises(NetworkInvalid):
        publish(cr, changed("DISC", base_rate=-1), NOON)
    assert network_version(cr) == 1


def test_what_was_published_is_what_is_read(cr):
    document = network_document()
    publish(cr, document, NOON)
    assert current_network(cr).document == read_network(document).document


def test_before_anything_is_published_the_message_tells_what_to_do(cr):
    with pytest.raises(NetworkMissing, match="publish"):
        current_network(cr)


def test_a_connection_reloads_when_there_is_something_new(shop: Shop):
    first = shop.network
    assert shop.ledger.network(first) is first
    with psycopg2.connect(shop.dsn) as connection, connection.cursor() as cr:
        publish(cr, changed("DISC", base_rate=100), shop.now)
    connection.close()
    second = shop.ledger.network(first)
    assert (first.version, second.version) == (1, 2)


def test_a_network_that_lost_a_program_still_answers(shop: Shop):
    """The purses stay; nothing of them is shown wrongly or lost."""
    card = shop.club(6000)
    document = network_document()
    document["programs"] = [p for p in document["programs"] if p["code"] != "BONUS"]
    document["card_types"][0]["programs"] = ["DISC"]
    shop.publish(document)
    assert shop.do("sale", card, 1000).rc == "00"
    shop.publish(network_document())
    assert shop.balance(card, "BONUS") == 100
    assert shop.broken() == []


def test_a_network_that_lost_a_branch_still_settles(shop: Shop):
    shop.do("sale", number("999000300000"), 1000, terminal="00000031")
    document = network_document()
    document["branches"] = [b for b in document["branches"] if b["code"] != "F1"]
    document["terminals"] = [t for t in document["terminals"] if t["branch"] != "F1"]
    shop.publish(document)
    shop.later(hours=1)
    assert shop.ledger.build_settlement(shop.network, shop.now, shop.now) is not None


def test_the_command_line_builds_a_ledger_from_nothing(
    bench_dsn: str, tmp_path: Path, capsys
):
    raze(bench_dsn)
    own_dsn, ring = bench_dsn, tmp_path / "keyring"
    assert main(["migrate", "--dsn", own_dsn]) == 0
    assert main(["keyring", str(ring)]) == 0
    assert main(["publish", str(DEMO), "--dsn", own_dsn]) == 0
    assert main(["verify", "--dsn", own_dsn]) == 0
    told = capsys.readouterr().out
    assert "network document version 1 is current" in told
    assert "BROKEN" not in told
    assert isinstance(load_keyring(ring), Keyring)
    ledger = LedgerConnection(own_dsn, load_keyring(ring))
    assert ledger.network(None).document.name == "Baltā karte"
    ledger.close()


def test_the_command_line_names_the_faults_of_a_document(
    dsn: str, tmp_path: Path, capsys
):
    file = tmp_path / "network.json"
    file.write_text(json.dumps(changed("DISC", base_rate=-1)))
    assert main(["publish", str(file), "--dsn", dsn]) == 1
    assert "$.programs[2].parameters.max_rate" in capsys.readouterr().err


def test_the_command_line_says_that_a_file_is_missing(dsn: str, tmp_path, capsys):
    assert main(["publish", str(tmp_path / "none"), "--dsn", dsn]) == 1
    assert "no file" in capsys.readouterr().err


def test_the_command_line_says_that_the_database_is_away(capsys):
    assert main(["verify", "--dsn", "host=127.0.0.1 port=1 password=hush"]) == 1
    told = capsys.readouterr().err
    assert "cannot be reached" in told
    assert "hush" not in told


def test_the_command_line_leaves_a_keyring_as_it_is(tmp_path: Path, capsys):
    ring = tmp_path / "keyring"
    main(["keyring", str(ring)])
    before = ring.read_bytes()
    assert main(["keyring", str(ring)]) == 0
    assert ring.read_bytes() == before
    assert "left as it is" in capsys.readouterr().out


def test_the_command_line_is_a_program():
    done = subprocess.run(
        [sys.executable, "-m", "ekarte_core", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for command in ("migrate", "grant", "publish", "verify", "keyring"):
        assert command in done.stdout


def test_verify_on_the_command_line_fails_on_a_broken_ledger(own_shop: Shop, capsys):
    own_shop.gift(2000)
    own_shop.sql("UPDATE ekarte.purse SET posted = posted + 1")
    assert main(["verify", "--dsn", own_shop.dsn]) == 1
    assert "BROKEN I2" in capsys.readouterr().out
