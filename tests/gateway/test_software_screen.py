"""The cashier's screen, driven key by key, against a real gateway."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest
from textual.css.query import NoMatches

from ekarte_core import Answer, Voucher
from ekarte_terminal import Journal, Session, load_settings
from ekarte_terminal.counter import Counter
from ekarte_terminal.line import open_line
from ekarte_terminal.screen import Screen
from tests.gateway import town
from tests.gateway.cashier import SIZE, Cashier
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.modem import OpenEnd
from tests.gateway.slips_printer import TcpPrinter
from tests.gateway.software_terminal import Till

Play = Callable[["Cashier"], Awaitable[None]]


def _now() -> datetime:
    return datetime.now().astimezone()


@pytest.fixture
def play(gateway: GatewayProcess, tmp_path: Path) -> Callable[..., None]:
    """Run a scene at a till of its own, with these settings on top."""

    def run(scene: Play, **told: str) -> None:
        till = Till(gateway, tmp_path, town.HTTP_2, gateway.url)
        settings = load_settings(till.config, told)
        line, journal = open_line(settings), Journal(till.state, _now)

        async def whole() -> None:
            screen = Screen(Session(settings, line, journal, _now))
            async with screen.run_test(size=SIZE) as pilot:
                cashier = Cashier(screen, pilot)
                await cashier.rest()
                await scene(cashier)

        try:
            asyncio.run(whole())
        finally:
            line.close()
            journal.close()

    return run


def test_a_sale_takes_a_sum_a_card_and_enter(play: Callable[..., None]) -> None:
    card = town.club_number()

    async def scene(cashier: Cashier) -> None:
        await cashier.press("1750", "enter", card)
        assert card not in cashier.everything(), "masked while it is typed"
        await cashier.press("enter")
        assert cashier.screen.counter.due == 1662, "the quote before the sale"
        await cashier.press("enter")
        assert "APPROVED" in cashier.reads("banner")
        assert "To pay" in cashier.reads("slip")
        assert card not in cashier.everything()

    play(scene)


def test_a_card_that_lacks_money_is_declined_in_words(
    play: Callable[..., None],
) -> None:
    card = town.gift_number()

    async def scene(cashier: Cashier) -> None:
        await cashier.press("2000", "enter", card, "enter")
        assert "Activate the card first" in cashier.reads("banner")
        await cashier.press("f5")
        assert "APPROVED" in cashier.reads("banner"), cashier.reads("banner")
        await cashier.press("5000", "enter", card, "enter", "f1")
        assert "DECLINED" in cashier.reads("banner")
        assert "51" in cashier.reads("banner")
        assert "smaller sum" in cashier.reads("banner"), "what to do"
        await cashier.press("500", "enter", card, "enter", "f2", "enter")
        assert "APPROVED" in cashier.reads("banner")
        assert cashier.screen.counter.due == 0, "the card has paid all of it"

    play(scene)


def test_nothing_goes_out_without_what_it_needs(play: Callable[..., None]) -> None:
    async def scene(cashier: Cashier) -> None:
        await cashier.press("f1")
        assert "Read the card first" in cashier.reads("entry")
        await cashier.press("hello", "enter")
        assert "Neither a sum nor a card" in cashier.reads("entry")
        assert not cashier.screen.session.journal.entries

    play(scene)


def test_the_last_sale_is_cancelled_after_a_question(
    play: Callable[..., None],
) -> None:
    card = town.club_number()

    async def scene(cashier: Cashier) -> None:
        await cashier.press("100", "enter", card, "enter", "enter", "f9")
        assert len(cashier.screen.session.journal.entries) == 1, "asked first"
        await cashier.press("enter")
        assert "APPROVED" in cashier.reads("banner")
        await cashier.press("f12", "enter")
        assert "APPROVED" in cashier.reads("banner"), "the totals are the host's"

    play(scene)


def test_the_screen_speaks_four_languages(play: Callable[..., None]) -> None:
    async def scene(cashier: Cashier) -> None:
        seen = set()
        for _ in range(4):
            seen.add(cashier.reads("do-sale"))
            cashier.screen.action_language()
        assert len(seen) == 4

    play(scene)


def test_after_a_refusal_the_sum_and_the_card_stay(play: Callable[..., None]) -> None:
    card, empty = town.gift_number(), town.gift_number()

    async def scene(cashier: Cashier) -> None:
        await cashier.press("500", "enter", card, "enter", "f5")
        assert "APPROVED" in cashier.reads("banner")
        await cashier.press("700", "enter", card, "enter", "f1")
        assert "51" in cashier.reads("banner")
        counter = cashier.screen.counter
        assert counter.amount == 700
        await cashier.press("f2", "enter")  # what it has; the rest is due
        assert "APPROVED" in cashier.reads("banner"), cashier.reads("banner")
        assert counter.due == 200
        await cashier.press("300", "enter", empty, "enter", "f1")
        assert "DECLINED" in cashier.reads("banner")
        await cashier.press(town.club_number(), "enter", "enter")
        assert "APPROVED" in cashier.reads("banner"), "the sum was typed once"
        assert counter.shown is not None
        assert counter.shown.amount == 300

    play(scene)


def test_the_menu_blocks_and_frees_a_card_and_changes_its_code(
    play: Callable[..., None],
) -> None:
    card = town.gift_number()

    async def scene(cashier: Cashier) -> None:
        await cashier.press("2000", "enter", card, "enter", "f5", "escape")
        await cashier.press(card, "enter", "f11")
        assert "Block the card" in cashier.reads("card")
        await cashier.press("6", "enter", "0", "enter")
        assert "APPROVED" in cashier.reads("banner"), cashier.reads("banner")
        await cashier.press("100", "enter", card, "enter", "f1")
        assert "DECLINED" in cashier.reads("banner"), "blocked"
        await cashier.press("*", "7", "enter")
        assert "APPROVED" in cashier.reads("banner"), cashier.reads("banner")
        await cashier.press(card, "enter", "f11", "5", "enter", "1234", "enter")
        assert "1234" not in cashier.everything()
        await cashier.press("4321", "enter")
        assert "The codes differ" in cashier.reads("entry")
        await cashier.press("f11", "5", "enter", "1234", "enter", "1234", "enter")
        assert "APPROVED" in cashier.reads("banner"), cashier.reads("banner")
        await cashier.press("100", "enter", card, "enter", "f2", "enter")
        assert "access code" in cashier.reads("entry")
        await cashier.press("1234", "enter")
        assert "APPROVED" in cashier.reads("banner"), cashier.reads("banner")

    play(scene)


def test_a_reservation_is_confirmed_from_the_menu(play: Callable[..., None]) -> None:
    card = town.club_number()

    async def scene(cashier: Cashier) -> None:
        await cashier.press("1000", "enter", card, "enter", "f11", "1", "enter")
        assert "APPROVED" in cashier.reads("banner"), cashier.reads("banner")
        assert "Reserve" in cashier.reads("banner")
        await cashier.press("escape", "f11", "2", "enter", "enter")
        assert "APPROVED" in cashier.reads("banner"), cashier.reads("banner")
        assert cashier.screen.counter.shown is not None
        assert cashier.screen.counter.shown.amount == 1000

    play(scene)


def test_a_card_is_read_on_a_line_and_the_slip_is_printed(
    play: Callable[..., None],
) -> None:
    card, line, printer = town.club_number(), OpenEnd(), TcpPrinter()

    async def scene(cashier: Cashier) -> None:
        await cashier.press("1750", "enter")
        line.write(f";{card}=29122010000000000?\r\n".encode())
        await cashier.until(lambda: cashier.screen.counter.card is not None)
        await cashier.rest()
        await cashier.press("enter")
        assert "APPROVED" in cashier.reads("banner")
        assert "printed" in cashier.reads("entry")
        printer.paper_out = True
        await cashier.press("f10")
        assert "printer does not print" in cashier.reads("entry")
        printer.paper_out = False
        await cashier.press("f10")
        assert "printed" in cashier.reads("entry")

    try:
        reader = f"serial://{line.path}?baud=9600"
        play(scene, reader=reader, printer=printer.address)
        slips = printer.wait_for(2)
    finally:
        line.close()
        printer.stop()
    assert b"16.62" in slips[0]
    assert card.encode() not in b"".join(slips)
    assert b"COPY" in slips[-1]


def test_brackets_and_noise_are_only_text(play: Callable[..., None]) -> None:
    async def scene(cashier: Cashier) -> None:
        for noise in ("[/b]", "[link=x", "a\\[b", "12345678[/"):
            await cashier.press(*noise)
            assert cashier.screen.is_running
            await cashier.press("enter")
        assert "Neither a sum nor a card" in cashier.reads("entry")

    play(scene)


CARD = "9990001000000019"


def fail(*_: object) -> None:
    raise RuntimeError(f"what is wrong with {CARD}?")


def test_a_fault_in_a_key_shows_no_card(
    play: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def scene(cashier: Cashier) -> None:
        monkeypatch.setattr(Counter, "enter", fail)
        with contextlib.suppress(NoMatches):  # the screen goes while it is asked
            await cashier.press("1", "enter")
        assert cashier.screen.return_code == 4

    play(scene)
    said = capsys.readouterr()
    assert "RuntimeError" in said.out + said.err
    assert CARD not in said.out + said.err


def test_a_fault_of_the_console_shows_no_card(
    play: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    async def scene(cashier: Cashier) -> None:
        cashier.screen.call_later(fail)
        await cashier.until(lambda: not cashier.screen.is_running)

    with pytest.raises(RuntimeError, match=CARD):  # the pilot raises it again, for us
        play(scene)
    said = capsys.readouterr()
    assert "start again" in said.out + said.err
    assert CARD not in said.out + said.err


def test_vouchers_are_listed_with_their_worth(play: Callable[..., None]) -> None:
    end = datetime(2026, 12, 24, 20, 0, tzinfo=timezone.utc)
    money = Voucher(code="A1", program="P", kind="money", value=500, valid_until=end)
    goods = Voucher(code="B2", program="P", kind="goods", product="Coffee [large]")

    async def scene(cashier: Cashier) -> None:
        told = Answer(rc="00", vouchers=(money, goods))
        cashier.screen.counter.told = told
        cashier.screen.action_language()
        cashier.screen.action_language()
        shown = cashier.reads("card")
        assert "5,00 EUR  # A1  до 24.12.2026" in shown.replace("\xa0", " ")
        assert "Coffee [large]" in shown

    play(scene)
