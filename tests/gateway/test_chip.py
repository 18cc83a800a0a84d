"""Chip cards that keep their account, over PC/SC: made, used, torn, copied, locked."""

import asyncio
import importlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ekarte_auth_gateway.__main__ import main
from ekarte_core import CardRef
from ekarte_core.__main__ import main as core_main
from ekarte_terminal.screen import Screen
from ekarte_terminal.script import do, row_of
from tests.gateway import town
from tests.gateway.cashier import SIZE, Cashier
from tests.gateway.chip_reader import ChipReader
from tests.gateway.chip_room import READER
from tests.gateway.conftest import publish
from tests.gateway.gateway_process import PATIENCE_S, ROOT, GatewayProcess
from tests.gateway.lone_till import Shop
from tests.gateway.shop import ask

CHIPS = "99900090"
LIMITS = {"amount_max": 3000, "card_day_max": 4000, "count_max": 6}
TILLS = ("00000090", "00000091")
CHIP_TYPE = {
    "code": "GRO-CHIP",
    "issuer": "GROCER",
    "name": "Chip",
    "ranges": [
        {"kind": "chip", "from": f"{CHIPS}00000000", "to": f"{CHIPS}99999999"},
    ],
    "programs": ["GRO-GIFT"],
}
TIMES, SEEN_S = 30, 1.0
_batches = itertools.count(5000, 100)
_serial = itertools.count(1)
_PROGRAM = [sys.executable, "-m", "ekarte_terminal"]


@pytest.fixture(scope="module")
def host(
    new_ledger: Any, keyring: Any, keyring_file: Path, tmp_path_factory: Any
) -> Iterator[GatewayProcess]:
    """A gateway that tells parameters, and two tills with limits."""
    folder = tmp_path_factory.mktemp("chips")
    assert main(["parameters-key", str(folder / "parameters.pem")]) == 0
    dsn = new_ledger()
    till = {"branch": "G1", "protocol": "http", "offline": LIMITS}
    document = town.document()
    publish(
        dsn,
        folder,
        terminals=[*document["terminals"], *({"id": one, **till} for one in TILLS)],
        card_types=[*document["card_types"], CHIP_TYPE],
    )
    process = GatewayProcess(
        dsn,
        keyring,
        keyring_file,
        folder,
        EKARTE_PARAMETERS_KEY_FILE=str(folder / "parameters.pem"),
        EKARTE_PARAMETERS_EVERY_S="0.1",
    ).start_ready()
    told = "SELECT count(*) FROM ekarte.parameters WHERE branch = 'G1'"
    process.wait_until(lambda: process.sql(told) != [(0,)], "parameters")
    yield process
    assert process.stop() == 0
    assert process.broken_invariants() == []


@pytest.fixture(scope="module")
def reader(tmp_path_factory: Any) -> Iterator[ChipReader]:
    made = ChipReader(tmp_path_factory.mktemp("reader") / "room")
    with pytest.MonkeyPatch.context() as here:
        here.setenv("PCSCLITE_CSOCK_NAME", made.door)
        for folder in made.path:
            here.syspath_prepend(folder)
        yield made
    made.close()


@pytest.fixture(scope="module")
def key_file(keyring_file: Path, tmp_path_factory: Any) -> Path:
    file: Path = tmp_path_factory.mktemp("issuer") / "chip.key"
    told = ["chip-key", "--keyring", str(keyring_file), "--issuer", "GROCER"]
    assert core_main([*told, str(file)]) == 0
    assert core_main([*told, str(file)]) == 1, "never over one"
    return file


@pytest.fixture
def shops(
    host: GatewayProcess, reader: ChipReader, key_file: Path, tmp_path: Path
) -> Iterator[Callable[..., list[Shop]]]:
    made: list[Shop] = []
    chip = {"chip_reader": READER, "chip_key_file": str(key_file)}

    def make(count: int = 1) -> list[Shop]:
        for number in TILLS[:count]:
            folder = tmp_path / number
            (folder / "state").mkdir(parents=True)
            batch = next(_batches)
            first = folder / "state" / f"batch-{batch:06d}.jsonl"
            first.write_text(f'{{"batch": {batch}, "next": 1}}\n')
            made.append(Shop(host, folder, number, **chip))
            learn(made[-1])
        return made

    yield make
    for shop in made:
        shop.switch_off()
        shop.cable.close()


@pytest.fixture
def shop(shops: Callable[..., list[Shop]]) -> Shop:
    return shops()[0]


def learn(shop: Shop) -> None:
    assert shop.session.run("echo").kind == "approved"
    shop.session.tend_all()


class Hand:
    """Puts a card into the reader and waits until the reader has seen it."""

    def __init__(self, reader: ChipReader, shop: Shop) -> None:
        self._reader, self._shop = reader, shop
        pcsc = importlib.import_module("ekarte_terminal.chip.pcsc")  # has pyscard now
        self._seen = pcsc.Reader(READER)

    def insert(self, name: str) -> None:
        """pcscd looks every 0.4 seconds: what it misses it is shown once more."""
        for _ in range(TIMES):
            self._reader("remove")
            self._sees(present=False)
            self._reader("insert", name)
            if self._sees(present=True):
                return
        raise AssertionError("the reader does not see the card")

    def remove(self) -> None:
        self._reader("remove")
        assert self._sees(present=False)

    def _sees(self, *, present: bool) -> bool:
        patience = time.monotonic() + SEEN_S
        while self._seen.present() is not present:
            if time.monotonic() > patience:
                return False
            time.sleep(0.02)
        return True

    def made(self, money: int = 5000, spend_max: str = "30.00", count: int = 3) -> str:
        """A new card, in the reader and loaded; returns its number."""
        number = town.number(CHIPS, next(_serial))
        self._reader("new", number, kind="sle4442")
        self.insert(number)
        wish = {"card": number, "spend_max": spend_max, "count_max": count}
        assert told(self._shop, "chip_make", **wish)["outcome"] == "approved"
        loaded = told(self._shop, "activate", card="chip", amount=money)
        assert loaded["outcome"] == "approved", loaded
        return number

    def torn(self, number: str, after: int) -> None:
        """The card will be pulled out after so many bytes more are written."""
        self._reader("tear", number, after=after)


@pytest.fixture
def hand(reader: ChipReader, shop: Shop) -> Hand:
    return Hand(reader, shop)


def told(shop: Shop, command: str, **row: Any) -> dict[str, Any]:
    """Do it as a script does; the last answer."""
    return row_of(do(shop.session, command, row)[-1])


def chip(shop: Shop) -> dict[str, Any]:
    """What the card in the reader says."""
    return dict(told(shop, "chip")["chip"])


def balance(host: GatewayProcess, number: str) -> int:
    answer = ask(host.http(), "inquire", card=CardRef(kind="chip", value=number))
    return int(answer.balances[0].value)


def exceptions(host: GatewayProcess, shop: Shop) -> list[tuple[str, int]]:
    return host.sql(
        "SELECT x.kind, x.amount FROM ekarte.offline_exception AS x"
        " JOIN ekarte.operation AS o ON o.id = x.operation_id"
        " WHERE o.terminal = %s AND o.batch = %s ORDER BY x.operation_id, x.line",
        shop.number,
        shop.journal.batch,
    )


def rc(row: dict[str, Any]) -> str:
    return str(row.get("answer", {}).get("rc", row["outcome"]))


# --- with and without a line


def test_a_chip_pays_with_a_line_and_without(
    host: GatewayProcess, shop: Shop, hand: Hand
) -> None:
    number = hand.made(money=5000)
    assert told(shop, "sale", card="chip", amount=1200)["outcome"] == "approved"
    says = chip(shop)
    assert (says["balance"], says["spent"], says["left"]) == (3800, 0, 3000)
    assert number not in json.dumps(says), "masked"

    shop.cable.cut = True
    alone = told(shop, "sale", card="chip", amount=1000)
    assert (rc(alone), alone["alone"]) == ("00", True)
    assert alone["answer"]["tendered"] == {"gift": 1000}
    says = chip(shop)
    assert (says["spent"], says["left"], says["count"]) == (1000, 2000, 1)
    assert balance(host, number) == 3800, "nobody has told the ledger"
    assert number.encode() not in shop.disk()

    (advice,) = shop.mend()
    assert advice.answer.exceptions == ()
    assert balance(host, number) == 2800
    told(shop, "inquire", card="chip")
    says = chip(shop)
    assert (says["balance"], says["spent"], says["asked"]) == (2800, 0, False)
    assert told(shop, "close")["outcome"] == "approved"


def test_a_card_that_is_looked_at_before_all_is_told_spends_nothing_twice(
    host: GatewayProcess, shop: Shop, hand: Hand
) -> None:
    number = hand.made(money=5000, spend_max="30.00")
    shop.cable.cut = True
    assert rc(told(shop, "sale", card="chip", amount=2000)) == "00"
    assert chip(shop)["left"] == 1000
    shop.cable.cut = False
    shop.session.try_again()  # nothing has been told yet
    assert told(shop, "inquire", card="chip")["outcome"] == "approved"
    assert shop.session.journal.waiting() == []
    says = chip(shop)
    assert (says["balance"], says["spent"]) == (3000, 0)
    assert balance(host, number) == 3000


def test_what_the_card_has_left_bounds_what_it_pays_alone(
    host: GatewayProcess, shop: Shop, hand: Hand
) -> None:
    hand.made(money=2500, spend_max="20.00", count=2)
    shop.cable.cut = True
    assert rc(told(shop, "sale", card="chip", amount=2001)) in ("51", "in_doubt")
    shop.mend()
    told(shop, "inquire", card="chip")
    shop.cable.cut = True
    told(shop, "sale", card=town.club_number(), amount=1)  # now the line is dead
    assert rc(told(shop, "sale", card="chip", amount=2001)) == "51"
    assert rc(told(shop, "sale", card="chip", amount=900)) == "00"
    assert rc(told(shop, "sale", card="chip", amount=1101)) == "51"
    assert rc(told(shop, "sale", card="chip", amount=100)) == "00"
    assert rc(told(shop, "sale", card="chip", amount=100)) == "51", "twice is enough"
    assert [one.answer.exceptions for one in shop.mend()] == [()] * 3


def test_a_line_that_dies_in_the_middle_takes_it_once(
    host: GatewayProcess, shop: Shop, hand: Hand
) -> None:
    number = hand.made(money=3000)
    shop.cable.mute = True  # booked there, and nobody hears of it
    row = told(shop, "sale", card="chip", amount=1000)
    assert (rc(row), row["alone"]) == ("00", True)
    assert chip(shop)["spent"] == 1000
    (advice,) = shop.mend()
    assert advice.answer.exceptions == ()
    assert balance(host, number) == 2000


# --- torn


def test_a_card_that_is_pulled_before_the_host_is_asked_buys_nothing(
    host: GatewayProcess, shop: Shop, hand: Hand
) -> None:
    number = hand.made(money=3000)
    before = host.operations()
    for after in (0, 43):
        hand.torn(number, after)
        row = told(shop, "sale", card="chip", amount=1000)
        assert row["outcome"] == "refused_here"
        hand.insert(number)
        assert chip(shop)["left"] == 3000, "the older copy counts"
    assert host.operations() == before
    assert told(shop, "sale", card="chip", amount=1000)["outcome"] == "approved"
    assert balance(host, number) == 2000


def test_a_card_that_is_pulled_without_a_line_buys_nothing(
    host: GatewayProcess, shop: Shop, hand: Hand
) -> None:
    number = hand.made(money=3000)
    shop.cable.cut = True
    told(shop, "sale", card=town.club_number(), amount=1)
    for after in (0, 55):
        hand.torn(number, after)
        row = told(shop, "sale", card="chip", amount=1000)
        assert rc(row) == "91"
        hand.insert(number)
        assert chip(shop)["spent"] == 0
    assert len(shop.mend()) == 1, "the other card's"
    assert balance(host, number) == 3000
    assert told(shop, "close")["outcome"] == "approved"


def test_a_card_that_is_pulled_before_it_hears_the_answer_asks_next_time(
    host: GatewayProcess, shop: Shop, hand: Hand
) -> None:
    number = hand.made(money=3000)
    hand.torn(number, 56 + 10)  # marked, booked, and then
    row = told(shop, "sale", card="chip", amount=1000)
    assert row["outcome"] == "approved"
    assert shop.slot.pulled
    hand.insert(number)
    says = chip(shop)
    assert (says["asked"], says["left"]) == (True, 0), "nothing to spend twice"
    shop.cable.cut = True
    told(shop, "sale", card=town.club_number(), amount=1)
    assert rc(told(shop, "sale", card="chip", amount=100)) == "51"
    shop.mend()
    told(shop, "inquire", card="chip")
    assert not shop.slot.pulled
    assert chip(shop)["left"] == balance(host, number) == 2000


# --- copied


def test_an_old_image_that_is_played_back_stops_the_card(
    host: GatewayProcess, shop: Shop, hand: Hand, reader: ChipReader
) -> None:
    number = hand.made(money=3000)
    other = hand.made(money=3000)
    hand.insert(number)
    reader("copy", number, to="image")
    version = shop.alone.version
    shop.cable.cut = True
    assert rc(told(shop, "sale", card="chip", amount=1000)) == "00"
    reader("copy", "image", to=number)
    assert chip(shop)["spent"] == 0, "it does not know what it bought"
    assert rc(told(shop, "sale", card="chip", amount=1500)) == "00"
    first, second = shop.mend()
    assert (first.answer.exceptions, second.answer.exceptions) == ((), ("counter",))
    assert balance(host, number) == 500, "both are paid for"
    assert exceptions(host, shop) == [("counter", 0)]
    assert rc(told(shop, "sale", card="chip", amount=100)) == "62"
    assert chip(shop)["left"] == 0, "the host said so"

    def listed() -> bool:
        learn(shop)
        return shop.alone.version > version

    host.wait_until(listed, "a newer list")
    shop.cable.cut = True
    told(shop, "sale", card=town.club_number(), amount=1)
    reader("copy", "image", to=number)
    assert rc(told(shop, "sale", card="chip", amount=100)) == "62", "on the stop list"
    hand.insert(other)
    assert rc(told(shop, "sale", card="chip", amount=100)) == "00"
    assert [one.answer.exceptions for one in shop.mend()] == [(), ()]


def test_a_cloned_card_gains_no_more_than_the_tills_allow(
    host: GatewayProcess, shops: Callable[..., list[Shop]], reader: ChipReader
) -> None:
    tills = shops(2)
    hand = Hand(reader, tills[0])
    number = hand.made(money=2500, spend_max="25.00", count=9)
    reader("copy", number, to="clone")
    taken = 0
    for name, till in zip((number, "clone"), tills, strict=True):
        till.cable.cut = True
        told(till, "sale", card=town.club_number(), amount=1)
        hand.insert(name)
        for amount in (1500, 1500, 1000, 1000):
            row = told(till, "sale", card="chip", amount=amount)
            taken += amount if rc(row) == "00" else 0
    assert taken == 2 * 2500, "each copy gives what it says, once"
    told_of = [one.answer.exceptions for till in tills for one in till.mend()]
    assert told_of[:3] == [()] * 3
    assert all("counter" in kinds and "funds" in kinds for kinds in told_of[4:])
    assert balance(host, number) == 0, "never below"
    lost = [amount for kind, amount in exceptions(host, tills[1]) if kind == "funds"]
    assert sum(lost) == 2500 <= LIMITS["card_day_max"]


# --- codes and strangers


def test_a_card_with_a_strange_code_is_read_and_not_written(
    host: GatewayProcess, shop: Shop, hand: Hand, reader: ChipReader
) -> None:
    number = hand.made(money=3000)
    before = host.operations()
    reader("code", number, code="010203")
    for said in ("tries left: 2", "tries left: 1", "no code any more"):
        row = told(shop, "sale", card="chip", amount=1000)
        assert (row["outcome"], said in row["fault"]) == ("refused_here", True)
    assert reader("look", number)["tries"] == 0
    assert host.operations() == before
    assert chip(shop)["balance"] == 3000


def test_a_blank_card_and_another_issuers_are_no_accounts(
    host: GatewayProcess, shop: Shop, hand: Hand, reader: ChipReader
) -> None:
    reader("new", "blank", kind="sle4442")
    hand.insert("blank")
    assert "no account" in told(shop, "chip")["fault"]
    with pytest.raises(ValueError, match="no account"):
        told(shop, "sale", card="chip", amount=100)
    hand.made()
    mine, shop.slot._key = shop.slot._key, bytes(32)
    assert "no account" in told(shop, "chip")["fault"]
    shop.slot._key = mine
    wish = {"card": f"{CHIPS}00009999", "spend_max": "1.00", "count_max": 1}
    with pytest.raises(ValueError, match="has an account"):
        told(shop, "chip_make", **wish)
    with pytest.raises(ValueError, match="count up to 255"):
        told(shop, "chip_make", **{**wish, "count_max": 256})


# --- on the screen, and as a program


def test_the_screen_reads_a_chip_that_is_put_in(
    host: GatewayProcess, shop: Shop, hand: Hand
) -> None:
    number = hand.made(money=3000)
    hand.remove()

    async def scene(cashier: Cashier) -> None:
        await cashier.press("1000", "enter")
        await asyncio.to_thread(hand.insert, number)
        await cashier.until(lambda: cashier.screen.counter.told is not None)
        await cashier.rest()
        assert "30.00 EUR" in cashier.reads("card")
        await cashier.press("enter")
        assert cashier.screen.counter.outcome.kind == "approved"
        await asyncio.to_thread(hand.remove)
        shop.cable.cut = True
        shop.session._silent_at = shop.now()  # the line is known to be dead
        await asyncio.to_thread(hand.insert, number)
        await cashier.until(lambda: "the chip says" in cashier.reads("entry"))
        assert "20.00 EUR" in cashier.reads("card")
        assert "NOT SENT" not in cashier.reads("banner")
        assert number not in cashier.everything()
        await cashier.press(town.club_number(), "enter")
        assert "the chip says" not in cashier.reads("entry"), "it has none"
        assert "NOT SENT" in cashier.reads("banner")

    async def whole() -> None:
        screen = Screen(shop.session)
        async with screen.run_test(size=SIZE) as pilot:
            cashier = Cashier(screen, pilot)
            await cashier.rest()
            await scene(cashier)

    asyncio.run(whole())


def test_the_program_makes_a_card_and_reads_it_with_nobody_there(
    shop: Shop, hand: Hand, reader: ChipReader, key_file: Path, tmp_path: Path
) -> None:
    number = town.number(CHIPS, next(_serial))
    reader("new", number, kind="sle4442")
    hand.insert(number)
    config = tmp_path / "till.ini"
    config.write_text(
        "[terminal]\nnumber = 00000090\nconnect = http://127.0.0.1:9\n"
        f"chip_reader = {READER}\nchip_key_file = {key_file}\n"
        f"state = {tmp_path / 'apart'}\n"
    )
    rows = [
        {"command": "chip_make", "card": number, "spend_max": "5.00", "count_max": 2},
        {"command": "chip"},
    ]
    done = subprocess.run(
        [*_PROGRAM, "--config", str(config), "--script", "-"],
        cwd=ROOT,
        env={**os.environ, **reader.environment()},
        input="\n".join(map(json.dumps, rows)),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert number not in done.stdout
    made, read = map(json.loads, done.stdout.splitlines())
    assert made["chip"] == read["chip"]
    assert (read["chip"]["counter"], read["chip"]["spend_max"]) == (1, 500)
