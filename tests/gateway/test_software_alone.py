"""The software terminal without a line: it decides within limits, and tells later."""

import asyncio
import itertools
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ekarte_auth_gateway.__main__ import main
from ekarte_core import Answer, CardRef
from ekarte_terminal.alone import Alone
from ekarte_terminal.screen import Screen
from ekarte_terminal.script import do, row_of
from ekarte_terminal.vault import VaultBroken
from tests.gateway import town
from tests.gateway.cashier import SIZE, Cashier
from tests.gateway.conftest import publish
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.lone_till import Shop
from tests.gateway.shop import ask

LIMITS = {"amount_max": 3000, "card_day_max": 4000, "count_max": 6}
TILLS = [f"{place:08d}" for place in range(90, 98)]
ISO, FRAME = "00000098", "00000099"
_batches = itertools.count(2000, 100)


@pytest.fixture(scope="module")
def host(
    new_ledger: Any, keyring: Any, keyring_file: Path, tmp_path_factory: Any
) -> Iterator[GatewayProcess]:
    """A gateway that tells parameters, and tills with limits."""
    folder = tmp_path_factory.mktemp("alone")
    assert main(["parameters-key", str(folder / "parameters.pem")]) == 0
    dsn = new_ledger()
    limited = {"branch": "G1", "protocol": "http", "offline": LIMITS}
    terminals = [
        *town.document()["terminals"],
        *({"id": number, **limited} for number in TILLS),
        {"id": ISO, **limited, "protocol": "iso8583"},
        {"id": FRAME, **limited, "protocol": "serial"},
    ]
    publish(dsn, folder, terminals=terminals)
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


@pytest.fixture
def shops(host: GatewayProcess, tmp_path: Path) -> Iterator[Callable[..., list[Shop]]]:
    made: list[Shop] = []

    def make(count: int = 1) -> list[Shop]:
        for number in TILLS[:count]:
            folder = tmp_path / number
            (folder / "state").mkdir(parents=True)
            batch = next(_batches)
            first = folder / "state" / f"batch-{batch:06d}.jsonl"
            first.write_text(f'{{"batch": {batch}, "next": 1}}\n')
            made.append(Shop(host, folder, number))
            assert made[-1].session.run("echo").kind == "approved"
            made[-1].session.tend_all()
            assert made[-1].alone.version
        return made

    yield make
    for shop in made:
        shop.switch_off()
        shop.cable.close()


@pytest.fixture
def shop(shops: Callable[..., list[Shop]]) -> Shop:
    return shops()[0]


def loaded(host: GatewayProcess, amount: int) -> str:
    card = town.gift_number()
    assert ask(host.http(), "activate", card=card, amount=amount).rc == "00"
    return card


def balance(host: GatewayProcess, card: str) -> int:
    answer = ask(host.http(), "inquire", card=card)
    return int(answer.balances[0].value)


def exceptions(host: GatewayProcess, shop: Shop) -> list[tuple[str, int]]:
    return host.sql(
        "SELECT x.kind, x.amount FROM ekarte.offline_exception AS x"
        " JOIN ekarte.operation AS o ON o.id = x.operation_id"
        " WHERE o.terminal = %s AND o.batch = %s ORDER BY x.operation_id, x.line",
        shop.number,
        shop.journal.batch,
    )


# --- the line is cut, the line is back


def test_sales_go_on_without_a_line_and_are_told_when_it_is_back(
    host: GatewayProcess, shop: Shop
) -> None:
    gift, club = loaded(host, 5000), town.club_number()
    shop.cable.cut = True
    paid = shop.sale(gift, 2000)
    assert (paid.kind, paid.alone) == ("approved", True)
    assert paid.answer.amount_due == 0, "the card pays"
    assert paid.answer.copies == 2, "one to sign"
    asked = shop.cable.messages
    lowered = shop.sale(club, 1000)
    assert lowered.answer.discount == 50, "the rules are the host's"
    assert any("without a line" in line.text for line in lowered.answer.slip)
    assert shop.cable.messages == asked, "a dead line makes nobody wait"
    assert balance(host, gift) == 5000
    for number in (gift, club):
        assert number.encode() not in shop.disk(), "sealed"

    told = shop.mend()
    assert [(one.kind, one.answer.exceptions) for one in told] == [("approved", ())] * 2
    assert balance(host, gift) == 3000
    assert exceptions(host, shop) == []
    assert shop.session.close_batch().answer.rc == "00", "the totals are the host's"
    assert not list(shop.settings.state.glob("offline/*.sealed")), "nothing is left"


def test_a_switched_off_till_still_tells(host: GatewayProcess, shop: Shop) -> None:
    gift = loaded(host, 5000)
    shop.cable.cut = True
    assert shop.sale(gift, 1500).kind == "approved"
    shop.switch_off()
    shop.switch_on()
    assert shop.sale(gift, 1500).alone
    refused = shop.sale(gift, 1500)
    assert refused.answer.rc == "61", "the card's day is remembered"
    shop.mend()
    assert balance(host, gift) == 2000
    assert shop.session.close_batch().answer.rc == "00"


def test_an_answer_that_was_lost_is_not_booked_twice(
    host: GatewayProcess, shop: Shop
) -> None:
    gift = loaded(host, 5000)
    shop.cable.mute = True
    assert shop.sale(gift, 2000).alone, "booked by the host, decided here too"
    (told,) = shop.mend()
    assert told.answer.exceptions == ()
    assert balance(host, gift) == 3000
    assert shop.session.close_batch().answer.rc == "00"


def test_what_is_told_too_fast_is_told_later(host: GatewayProcess, shop: Shop) -> None:
    gift = loaded(host, 5000)
    shop.cable.cut = True
    assert shop.sale(gift, 2000).alone
    shop.cable.cut, shop.cable.slowed = False, True
    shop.session.try_again()
    assert [one.kind for one in shop.session.tend_all()] == ["in_doubt"]
    assert len(shop.journal.waiting()) == 1
    assert len(shop.journal.entries) == 1, "under its own number still"
    (told,) = shop.mend()
    assert (told.kind, told.answer.exceptions) == ("approved", ())
    assert balance(host, gift) == 3000


def test_what_the_host_refused_and_the_till_gave_is_flagged(
    host: GatewayProcess, shop: Shop
) -> None:
    gift = loaded(host, 500)
    shop.cable.mute = True
    assert shop.sale(gift, 2000).alone, "the host's refusal was lost"
    (told,) = shop.mend()
    assert told.answer.exceptions == ("funds",)
    assert balance(host, gift) == 0
    assert exceptions(host, shop) == [("funds", 1500)]
    assert shop.session.tend_all() == [], "told once"
    assert shop.session.close_batch().answer.rc == "00"


def test_a_slip_that_says_otherwise_is_flagged(
    host: GatewayProcess, shop: Shop
) -> None:
    club = town.club_number()
    assert ask(host.http(), "sale", card=club, amount=20000).rc == "00"
    shop.cable.mute = True
    assert shop.sale(club, 1000).answer.discount == 50, "what it has come to is unknown"
    (told,) = shop.mend()
    assert told.answer.discount > 50
    assert told.answer.exceptions == ("figures",)


def test_a_batch_that_the_host_counts_otherwise_is_told_once_more(
    host: GatewayProcess, shop: Shop
) -> None:
    gift = loaded(host, 5000)
    shop.cable.cut = True
    shop.sale(gift, 1000)
    advice = shop.alone.vault.advice(shop.journal.batch, 2 + 1)
    shop.cable.cut = False
    shop.journal.told(advice.operation, Answer(rc="00", amount=900))  # a wrong figure
    shop.session.try_again()
    assert shop.session.close_batch().answer.rc == "00"
    assert balance(host, gift) == 4000


def test_a_power_cut_before_the_decision_is_on_the_disk_gives_nothing(
    host: GatewayProcess, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    gift = loaded(host, 5000)
    shop.cable.cut = True
    with monkeypatch.context() as power:
        power.setattr(shop.journal, "decide", _power_cut)
        with pytest.raises(KeyboardInterrupt):
            shop.sale(gift, 2500)
    shop.switch_off()
    shop.switch_on()
    assert shop.sale(gift, 2000).answer.rc == "61", "counted, for nobody knows"
    shop.mend()
    assert shop.session.close_batch().answer.rc == "00"
    assert balance(host, gift) == 5000
    assert not list(shop.settings.state.glob("offline/*.sealed"))


def _power_cut(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_what_was_decided_alone_is_cancelled_with_a_line(
    host: GatewayProcess, shop: Shop
) -> None:
    gift = loaded(host, 5000)
    shop.cable.cut = True
    shop.sale(gift, 2000)
    assert shop.session.cancel().kind == "refused_here", "nothing was sent"
    assert shop.session.close_batch().kind == "refused_here"
    shop.cable.cut = False
    assert shop.session.cancel().kind == "approved"
    assert shop.session.close_batch().answer.rc == "00"
    assert balance(host, gift) == 5000


def test_what_waits_is_told_before_anything_new(
    host: GatewayProcess, shop: Shop
) -> None:
    gift = loaded(host, 1000)
    shop.cable.cut = True
    shop.sale(gift, 2000)
    shop.cable.cut = False
    named = CardRef(kind="keyed", value=gift)
    loads = shop.session.run("top_up", card=named, amount=1500)
    assert loads.kind == "approved"
    assert balance(host, gift) == 1500
    assert exceptions(host, shop) == [("funds", 1000)], "the load came after"


def test_a_script_goes_on_without_a_line_too(host: GatewayProcess, shop: Shop) -> None:
    row = {"card": loaded(host, 1000), "amount": "5.00"}
    shop.cable.cut = True
    kinds = []
    for _ in range(2):
        kinds.append(row_of(do(shop.session, "sale", dict(row))[-1]))
        shop.later += timedelta(seconds=30)  # the line is tried again, in vain
    assert [(one["outcome"], one["alone"]) for one in kinds] == [("approved", True)] * 2
    assert do(shop.session, "top_up", dict(row))[-1].kind != "approved"
    shop.later = timedelta(0)
    shop.mend()
    assert balance(host, row["card"]) == 0


# --- refused and allowed


def _alone(shop: Shop, card: str, amount: int, **told: Any) -> str:
    shop.cable.cut = True
    outcome = shop.sale(card, amount, **told)
    assert outcome.alone or outcome.kind == "in_doubt", outcome
    return "" if outcome.answer is None else str(outcome.answer.rc)


def test_limits_of_amount_and_day_hold(host: GatewayProcess, shop: Shop) -> None:
    first, second = loaded(host, 100), loaded(host, 100)
    _alone(shop, town.club_number(), 1)  # the line is known to be dead from here on
    assert _alone(shop, first, 3001) == "61"
    assert _alone(shop, first, 3000) == "00"
    assert _alone(shop, first, 1001) == "61"
    assert _alone(shop, second, 1001) == "00"
    assert _alone(shop, first, 1000) == "00"
    shop.later = timedelta(hours=25)
    assert _alone(shop, first, 3000) == "91", "the list is too old for another day"


def test_so_many_in_a_row_and_no_more(shop: Shop) -> None:
    codes = [_alone(shop, town.club_number(), 100) for _ in range(7)]
    assert codes == ["00"] * 6 + ["91"]
    shop.mend()
    assert _alone(shop, town.club_number(), 100) in ("00", "")


def test_a_stopped_card_is_refused_and_a_good_one_is_not(
    host: GatewayProcess, shop: Shop
) -> None:
    stolen, good = loaded(host, 1000), loaded(host, 1000)
    before = shop.alone.version
    assert ask(host.http(), "block", card=stolen, reason="stolen").rc == "00"

    def listed() -> bool:
        shop.session.run("echo")
        shop.session.tend_all()
        return shop.alone.version > before

    host.wait_until(listed, "a newer list")
    _alone(shop, town.club_number(), 1)
    assert _alone(shop, stolen, 100) == "43"
    assert _alone(shop, good, 100) == "00"


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        ("top_up", {"amount": 1000}),
        ("voucher", {"tender": {"voucher": "A1"}}),
        ("sale", {"amount": 100, "tender": {"voucher": "A1"}}),
        ("sale", {"amount": 100, "tender": {"credit": 100}}),
    ],
)
def test_what_only_the_ledger_knows_waits_for_it(
    shop: Shop, command: str, fields: dict[str, Any]
) -> None:
    _alone(shop, town.club_number(), 1)
    card = CardRef(kind="keyed", value=town.gift_number())
    outcome = shop.session.run(command, card=card, **fields)
    assert outcome.kind != "approved"


def test_a_till_without_limits_decides_nothing(
    host: GatewayProcess, tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir()
    shop = Shop(host, tmp_path, town.HTTP_1)
    shop.session.run("echo")
    shop.session.tend_all()
    shop.cable.cut = True
    assert shop.sale(town.club_number(), 100).kind == "in_doubt"
    shop.switch_off()
    shop.cable.close()


@pytest.mark.parametrize("number", [ISO, FRAME])
def test_other_transports_bring_parameters_and_advices_too(
    host: GatewayProcess, tmp_path: Path, number: str
) -> None:
    scheme, port = (
        ("iso", host.iso_port) if number == ISO else ("frame", host.frame_port)
    )
    shop = Shop(host, tmp_path, number, f"{scheme}://127.0.0.1:{port}")
    gift = loaded(host, 5000)
    shop.session.tend_all()
    shop.cable.cut = True
    assert shop.sale(gift, 1000).alone
    shop.mend()
    assert balance(host, gift) == 4000
    assert shop.session.close_batch().answer.rc == "00"
    shop.switch_off()
    shop.cable.close()


def test_another_key_does_not_open_what_was_sealed_and_the_day_goes_on(
    host: GatewayProcess, shop: Shop
) -> None:
    _alone(shop, town.club_number(), 100)
    other = Alone(shop.settings, host.key(town.HTTP_1), shop.now)
    (waiting,) = shop.journal.waiting()
    with pytest.raises(VaultBroken, match="another key"):
        other.vault.advice(shop.journal.batch, waiting.operation)
    mine, shop.alone.vault = shop.alone.vault, other.vault
    (told,) = shop.mend()
    assert (told.kind, told.answer) == ("refused_here", None)
    assert shop.sale(town.club_number(), 100).kind == "approved", "with a line"
    assert shop.session.close_batch().kind == "refused_here", "not before it is told"
    shop.alone.vault = mine
    assert shop.session.close_batch().kind == "approved"


def test_a_till_that_may_not_decide_any_more_says_what_it_has_to_tell(
    host: GatewayProcess, shop: Shop, tmp_path: Path
) -> None:
    gift = loaded(host, 5000)
    assert _alone(shop, gift, 1500) == "00"
    shop.switch_off()
    key = tmp_path / "terminal.key"
    key.write_text(host.key(shop.number).hex())
    key.chmod(0o600)
    ini = tmp_path / "till.ini"
    told = {"number": shop.number, "connect": host.url, "key_file": str(key)}
    told |= {"state": str(shop.settings.state)}
    full = {
        "branch": "G1",
        "parameters_keys": " ".join(one.hex() for one in shop.settings.parameters_keys),
    }

    def resolve(**more: str) -> subprocess.CompletedProcess[str]:
        rows = [f"{name} = {value}" for name, value in (told | more).items()]
        ini.write_text("\n".join(["[terminal]", *rows]))
        command = [sys.executable, "-m", "ekarte_terminal", "--config", str(ini)]
        return subprocess.run(
            [*command, "resolve"],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )

    refused = resolve()
    assert refused.returncode != 0
    assert "1 operation decided without a line has not been told" in refused.stderr
    assert "set branch again" in refused.stderr
    assert balance(host, gift) == 5000
    assert resolve(**full).returncode == 0
    assert balance(host, gift) == 3500
    assert resolve().returncode == 0, "nothing waits any more"
    shop.switch_on()


# --- on the screen


def test_the_screen_goes_on_without_a_line_and_shows_what_came_of_it(
    host: GatewayProcess, shop: Shop
) -> None:
    gift = loaded(host, 500)

    async def scene(cashier: Cashier) -> None:
        shop.cable.cut = True
        await cashier.press("1000", "enter", gift, "enter")
        assert cashier.screen.counter.due == 0, "a quote without a line"
        await cashier.press("enter")
        assert "WITHOUT A LINE" in cashier.reads("banner")
        assert "Without a line" in cashier.reads("keys")
        await cashier.press("3100", "enter", gift, "enter", "f1")
        assert "61" in cashier.reads("banner"), "over the limit"
        assert gift not in cashier.everything()
        shop.cable.cut = False
        await cashier.press("escape")
        shop.session.try_again()
        await cashier.until(lambda: not shop.journal.waiting())
        await cashier.rest()
        await cashier.press("f11", "8", "enter")
        assert "the card had less" in cashier.reads("card")
        assert "⚠ 1" in cashier.reads("keys")

    async def whole() -> None:
        screen = Screen(shop.session)
        async with screen.run_test(size=SIZE) as pilot:
            cashier = Cashier(screen, pilot)
            await cashier.rest()
            await scene(cashier)

    asyncio.run(whole())


# --- how much can be lost


def test_cut_off_tills_lose_no_more_than_their_limits_together(
    host: GatewayProcess, shops: Callable[..., list[Shop]]
) -> None:
    """Somebody goes from till to till with one card, in bad faith."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    tills = shops(3)
    has = chance.randrange(0, 6000)
    card = loaded(host, max(has, 100))
    has = max(has, 100)
    for till in tills:
        till.cable.cut, till.cable.mute = True, False
        till.sale(town.club_number(), 1)
    taken = 0
    for _ in range(20):
        till = chance.choice(tills)
        if chance.random() < 0.1:
            till.switch_off()
            till.switch_on()
            till.cable.cut = True
            till.session.run("echo")
        amount = chance.choice([1, 500, 999, 1500, 2999, 3000, 3001, 4000])
        outcome = till.sale(card, amount)
        if outcome.kind == "approved":
            taken += sum(outcome.answer.tendered.values())
    bound = len(tills) * LIMITS["card_day_max"]
    assert taken <= bound
    for till in chance.sample(tills, len(tills)):
        assert all(one.kind == "approved" for one in till.mend())
    lost = sum(
        amount
        for till in tills
        for kind, amount in exceptions(host, till)
        if kind == "funds"
    )
    assert balance(host, card) == max(has - taken, 0), f"seed {seed}"
    assert lost == max(taken - has, 0) <= bound, f"seed {seed}"
    for till in tills:
        assert till.session.close_batch().answer.rc == "00", f"seed {seed}"
