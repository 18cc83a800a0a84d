"""A terminal's key changes over the wire: told wrapped, in force once it was used."""

import asyncio
from datetime import datetime, timezone
from types import SimpleNamespace

import pytest

from ekarte_auth_gateway.flow import Board, KeyBook, LedgerAway
from ekarte_auth_gateway.testing import TerminalError
from tests.gateway import town
from tests.gateway.conftest import publish
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.modem import NullModem
from tests.gateway.shop import ask, gift_card

FIRST = 10_001
WAYS = {
    "http": lambda g: g.http(),
    "iso A": lambda g: g.iso(),
    "iso A, cmac": lambda g: g.iso(town.ISO_CMAC, mac="aes-cmac"),
    "iso A, x9.19": lambda g: g.iso(town.ISO_RETAIL, mac="x9.19"),
    "iso B": lambda g: g.iso(town.ISO_B, profile="B"),
    "iso B, x9.19": lambda g: g.iso(town.ISO_B_RETAIL, mac="x9.19", profile="B"),
    "frame": lambda g: g.frame(),
    "frame, cmac": lambda g: g.frame(town.SERIAL_CMAC, mac="aes-cmac"),
}


@pytest.fixture(scope="module")
def keyed(new_ledger, keyring, keyring_file, tmp_path_factory):
    """A gateway whose terminals change their keys."""
    folder = tmp_path_factory.mktemp("keyed")
    process = GatewayProcess(new_ledger(), keyring, keyring_file, folder)
    process.start_ready()
    yield process
    assert process.stop() == 0
    assert process.broken_invariants() == []


def rc_of(terminal) -> str:
    """What an echo is answered; 63 also where its answer has another key's MAC."""
    try:
        return ask(terminal, "echo").rc
    except TerminalError as fault:
        return "63" if "wrong MAC" in str(fault) else str(fault)


def change(terminal) -> tuple[int, bytes, bytes]:
    """Change a terminal's key and use it; returns version, old key and new one."""
    old = terminal._key
    version, new = terminal.ask_key()
    terminal.use_key(new)
    assert rc_of(terminal) == "00"
    return version, old, new


def rows(gateway, terminal) -> list[int]:
    query = "SELECT version FROM ekarte.terminal_key WHERE terminal = %s ORDER BY id"
    return [version for (version,) in gateway.sql(query, terminal)]


@pytest.mark.parametrize("way", WAYS)
def test_the_next_key_is_told_and_replaces_the_old_one_when_it_is_used(keyed, way):
    gateway = keyed
    terminal = WAYS[way](gateway)
    old = terminal._key
    version, new = terminal.ask_key()
    assert (version, new) == (
        FIRST,
        gateway.keyring.terminal_key(terminal.terminal_id, FIRST),
    )
    assert terminal.ask_key() == (version, new)  # the answer was lost: the same again
    assert rc_of(terminal) == "00"  # nothing has changed yet
    assert rows(gateway, terminal.terminal_id) == []
    terminal.use_key(new)
    assert rc_of(terminal) == "00"
    terminal.use_key(old)
    assert rc_of(terminal) == "63"
    terminal.use_key(new)
    assert rc_of(terminal) == "00"
    gateway.wait_until(
        lambda: rows(gateway, terminal.terminal_id) == [FIRST], "noted", 10
    )


def test_on_a_serial_line_too(make_gateway, tmp_path):
    modem = NullModem(tmp_path)
    gateway = make_gateway(
        EKARTE_SERIAL=f"{modem.gateway_path}={town.SERIAL_1}@115200"
    ).start_ready()
    terminal = gateway.on_line(modem.terminal_path)
    version, old, new = change(terminal)
    assert version == FIRST
    terminal.use_key(old)
    assert rc_of(terminal) == "63"
    terminal.use_key(new)
    assert rc_of(terminal) == "00"
    terminal.close()
    assert gateway.stop() == 0
    modem.close()


@pytest.mark.parametrize("way", ["iso", "frame"])
def test_access_codes_travel_under_the_new_key(make_gateway, way):
    gateway = make_gateway().start_ready()
    card = gift_card(gateway.http(), 1000, code="4711")
    terminal = gateway.iso() if way == "iso" else gateway.frame()
    change(terminal)
    paid = ask(terminal, "sale", card=card, amount=300, access_code="4711")
    assert (paid.rc, paid.amount) == ("00", 300)
    assert ask(terminal, "sale", card=card, amount=1, access_code="4712").rc == "55"


def test_each_key_brings_the_next_one(make_gateway):
    gateway = make_gateway().start_ready()
    terminal = gateway.http()
    versions = [change(terminal)[0] for _ in range(3)]
    assert versions == [FIRST, FIRST + 1, FIRST + 2]
    gateway.wait_until(lambda: rows(gateway, town.HTTP_1) == versions, "noted", 10)


def test_a_restarted_gateway_knows_which_keys_are_old(make_gateway):
    gateway = make_gateway().start_ready()
    terminal = gateway.http()
    _, old, new = change(terminal)
    assert gateway.stop() == 0
    assert rows(gateway, town.HTTP_1) == [FIRST]
    gateway.start_ready()
    assert ask(gateway.http(key=old), "echo").rc == "63"
    assert ask(gateway.http(key=new), "echo").rc == "00"


def test_gateways_on_one_ledger_agree(make_gateway, keyring, keyring_file, tmp_path):
    one = make_gateway().start_ready()
    (tmp_path / "two").mkdir()
    two = GatewayProcess(one.dsn, keyring, keyring_file, tmp_path / "two")
    try:
        two.start_ready()
        terminal = one.http()
        _, old, new = change(terminal)
        assert ask(two.http(town.HTTP_2), "echo").rc == "00"
        stale = two.http(key=old)
        two.wait_until(lambda: ask(stale, "echo").rc == "63", "old there too", 10)
        assert ask(two.http(key=new), "echo").rc == "00"
        # The other way round: who has not heard of a key yet takes it at once.
        other = one.iso()
        version, newer = other.ask_key()
        assert version == FIRST
        assert ask(two.iso(key=newer), "echo").rc == "00"
    finally:
        two.kill()


def test_a_key_by_hand_shuts_out_all_that_was_told_over_the_wire(
    make_gateway, tmp_path
):
    gateway = make_gateway().start_ready()
    thief = gateway.http()
    _, first, second = change(thief)
    _, third = thief.ask_key()
    terminals = town.document()["terminals"]
    terminals[0]["key_version"] = 2
    publish(gateway.dsn, tmp_path, terminals=terminals)
    gateway.wait_until(lambda: gateway.ready()["network_version"] == 2, "in use", 5)
    for known in (first, second, third):
        assert ask(gateway.http(key=known), "echo").rc == "63"
    by_hand = gateway.http(key=gateway.keyring.terminal_key(town.HTTP_1, 2))
    assert ask(by_hand, "echo").rc == "00"
    assert change(by_hand)[0] == 20_001


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda g: g.http(town.HTTP_2, key=bytes(32)), "signature is wrong"),
        (lambda g: g.http(town.HTTP_BLOCKED), "blocked"),
        (lambda g: g.iso(town.ISO_2, key=bytes(32)), "MAC"),
        (lambda g: g.iso(town.ISO_BLOCKED), "58"),
        (lambda g: g.iso(town.ISO_PLAIN, mac="none"), "12"),
        (lambda g: g.frame(town.SERIAL_PLAIN, mac="none"), "12"),
        (lambda g: g.frame(town.SERIAL_BLOCKED), "58"),
    ],
)
def test_who_is_not_certain_gets_no_key(keyed, make, why):
    with pytest.raises(TerminalError, match=why):
        make(keyed).ask_key()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (f'{{"terminal": "{town.HTTP_2}"}}', 200),
        (f'{{"terminal": "{town.HTTP_1}"}}', 401),
        (f'{{"terminal": "{town.HTTP_2}", "more": 1}}', 400),
        ("[]", 400),
        ("\x00", 400),
    ],
)
def test_a_body_that_asks_for_something_else_is_refused(keyed, body, status):
    terminal = keyed.http(town.HTTP_2)
    terminal.exchange("key", body.encode())
    assert terminal.last_status == status


def test_no_key_reaches_the_logs(make_gateway):
    gateway = make_gateway(EKARTE_LOG_LEVEL="DEBUG").start_ready()
    keys = []
    for terminal in (gateway.http(), gateway.iso(), gateway.frame()):
        keys += change(terminal)[1:]
        keys.append(terminal.ask_key()[1])
    assert gateway.stop() == 0
    log = gateway.log_text().lower()
    assert "key in force" in log
    assert [key for key in keys if key.hex()[:16] in log] == []


class Away:
    """A ledger's thread that is away some times, then notes what it is given."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.noted: list[tuple[str, int]] = []

    async def call(self, job):
        if self.times:
            self.times -= 1
            raise LedgerAway("for a test")
        return job(SimpleNamespace(lend=lambda work: work(self)))

    rowcount = 1

    def execute(self, _query, values):
        self.noted.append((values["terminal"], values["version"]))


def test_a_key_that_came_while_the_ledger_was_away_is_noted_later():
    thread = Away(times=2)
    keyring = SimpleNamespace(terminal_key=lambda terminal, version: bytes(32))
    board = Board(keyring, 0)

    async def act() -> None:
        book = KeyBook(thread, board, lambda: datetime.now(timezone.utc))
        board.on_key("00000011", FIRST)
        board.on_key("00000012", FIRST)
        await asyncio.sleep(0.01)
        assert thread.noted == []
        with pytest.raises(LedgerAway):
            await book.write()
        await book.write()
        await book.stop()

    asyncio.run(act())
    assert thread.noted == [("00000011", FIRST), ("00000012", FIRST)]
