"""Printers that the gateway drives, over real sockets and a real tty."""

import time
from datetime import datetime, timezone

import pytest

from ekarte_auth_gateway.slips import Patience
from ekarte_auth_gateway.slips.devices import print_slip
from ekarte_core import Offline
from tests.gateway import shop, town
from tests.gateway.conftest import publish
from tests.gateway.slips_day import document
from tests.gateway.slips_picture import slip_picture
from tests.gateway.slips_printer import SerialPrinter, TcpPrinter

PROFILE = "TM-T88V"


@pytest.fixture
def printer():
    made = TcpPrinter()
    yield made
    made.stop()


@pytest.fixture
def serial_printer():
    made = SerialPrinter()
    yield made
    made.stop()


@pytest.fixture
def start(make_gateway, tmp_path):
    """Start a gateway whose first HTTP terminal has its slips printed."""

    def starting(address: str, profile: str = PROFILE, **env: str):
        network = document("lv")
        for terminal in network["terminals"]:
            if terminal["id"] in (town.HTTP_1, town.ISO_1):
                terminal |= {
                    "printer": address,
                    "printer_profile": profile,
                    "columns": 42,
                }
        gateway = make_gateway(**env)
        publish(gateway.dsn, tmp_path, **network)
        return gateway.start_ready()

    return starting


def words(slip: bytes) -> str:
    paper = slip_picture(slip, PROFILE, 42)
    assert paper.unknown == []
    return "\n".join(paper.text)


def test_a_sale_is_printed_once_in_two_copies_and_a_repeat_is_not(start, printer):
    gateway = start(printer.address)
    terminal = gateway.http()
    card = shop.gift_card(terminal, 5000)
    (loaded,) = printer.wait_for(1)
    assert "50,00 EUR" in words(loaded)
    sale = shop.order("sale", terminal, card=card, amount=1750)
    first = terminal.send(sale)
    assert (first.copies, first.slip[0].text) == (2, 'SIA "Zaļais grozs"')
    slips = printer.wait_for(3)
    assert "Tirgotāja eksemplārs" in words(slips[1])
    assert "Pircēja eksemplārs" in words(slips[2])
    assert terminal.send(sale) == first
    terminal.send(shop.order("echo", terminal))
    assert len(printer.wait_for(4, wait_s=1)) == 3
    gateway.wait_until(
        lambda: gateway.metric("ekarte_slips_total") == 2, "both slips are counted"
    )


def test_an_iso_terminal_has_its_slips_printed_too(start, printer):
    gateway = start(printer.address)
    shop.gift_card(gateway.iso(), 5000)
    (slip,) = printer.wait_for(1)
    assert "Karte aktivizēta" in words(slip)


def test_a_serial_printer_prints_the_same(start, serial_printer):
    gateway = start(serial_printer.address)
    shop.gift_card(gateway.http(), 5000)
    (slip,) = serial_printer.wait_for(1)
    assert "50,00 EUR" in words(slip)


def test_status_prints_a_copy_and_says_so(start, printer):
    gateway = start(printer.address)
    terminal = gateway.http()
    load = shop.order(
        "activate", terminal, card=shop.card(town.gift_number()), amount=5000
    )
    terminal.send(load)
    (first,) = printer.wait_for(1)
    assert "KOPIJA" not in words(first)
    gateway.wait_until(
        lambda: gateway.metric("ekarte_slips_total") == 1, "it is known to be printed"
    )
    for asked in ("text", "none"):
        shop.ask(terminal, "status", original=load.operation, slip=asked)
    again = printer.wait_for(3, wait_s=2)
    assert len(again) == 2
    assert words(again[1]).replace("KOPIJA", "").split() == words(first).split()
    assert "KOPIJA" in words(again[1])


@pytest.mark.parametrize("slip", ["none", "text"])
def test_a_draft_and_an_unwanted_slip_stay_away(start, printer, slip):
    terminal = start(printer.address).http()
    card = shop.gift_card(terminal, 5000)
    printer.wait_for(1)
    if slip == "text":
        shop.ask(terminal, "authorize", card=card, amount=100)
        shop.ask(terminal, "inquire", card=card)
    else:
        shop.ask(terminal, "sale", card=card, amount=100, slip="none")
    assert len(printer.wait_for(2, wait_s=1)) == 1


def test_what_was_done_offline_had_its_paper_then(start, printer):
    terminal = start(printer.address).http()
    card = shop.gift_card(terminal, 5000)
    printer.wait_for(1)
    told = shop.ask(
        terminal,
        "advice",
        card=card,
        amount=700,
        local_time=datetime.now(timezone.utc),
        offline=Offline(command="sale", tendered={"gift": 700}),
    )
    assert (told.rc, told.slip) == ("00", ())
    assert len(printer.wait_for(2, wait_s=1)) == 1


def test_a_refusal_is_printed_but_not_one_that_is_forgotten(start, printer):
    terminal = start(printer.address).http()
    shop.ask(terminal, "sale", card=town.gift_number(), amount=100)
    (slip,) = printer.wait_for(1)
    assert "Noraidīts" in words(slip)
    shop.ask(terminal, "sale", amount=100)  # no card: not even booked
    assert len(printer.wait_for(2, wait_s=1)) == 1


@pytest.mark.parametrize("trouble", ["paper_out", "offline"])
def test_a_printer_without_paper_keeps_no_answer_back_and_prints_later(
    start, printer, trouble
):
    gateway = start(printer.address)
    terminal = gateway.http()
    setattr(printer, trouble, True)
    asked_s = time.monotonic()
    for _ in range(3):
        shop.gift_card(terminal, 5000)
    assert time.monotonic() - asked_s < 3
    told = gateway.wait_for_event("printer does not print")
    assert (told["printer"], told["reason"]) == (
        printer.address,
        trouble.replace("_", " "),
    )
    assert gateway.metric("ekarte_printers_away") == 1
    assert gateway.metric("ekarte_slips_waiting") == 3
    assert printer.slips() == []
    setattr(printer, trouble, False)
    assert len(printer.wait_for(3)) == 3
    gateway.wait_for_event("printer prints again")
    gateway.wait_until(
        lambda: gateway.metric("ekarte_printers_away") == 0, "it is told to be back"
    )


def test_slips_wait_for_a_printer_that_is_switched_off_and_on(start, printer):
    gateway = start(printer.address)
    terminal = gateway.http()
    shop.gift_card(terminal, 1000)
    assert len(printer.wait_for(1)) == 1
    printer.stop()
    shop.gift_card(terminal, 2000)
    shop.gift_card(terminal, 3000)
    assert "cannot be reached" in gateway.wait_for_event("does not print")["reason"]
    printer.start()
    slips = printer.wait_for(3)
    assert len(printer.wait_for(4, wait_s=1)) == 3
    sums = [words(slip).split("Papildināts")[1].split()[0] for slip in slips]
    assert sums == ["10,00", "20,00", "30,00"]


def test_a_slip_that_waited_too_long_is_given_up_and_told(start, printer):
    gateway = start(printer.address, EKARTE_PRINTER_GIVE_UP_S="1")
    terminal = gateway.http()
    printer.paper_out = True
    load = shop.order(
        "activate", terminal, card=shop.card(town.gift_number()), amount=5000
    )
    terminal.send(load)
    told = gateway.wait_for_event("slip not printed")
    assert told["operation"] == f"{town.HTTP_1}/1/{load.operation}"
    assert told["reason"] == "paper out"
    printer.paper_out = False
    # Asked for, it is printed, and it is the first: not marked as a copy.
    shop.ask(terminal, "status", original=load.operation)
    (slip,) = printer.wait_for(1)
    assert "KOPIJA" not in words(slip)


def test_more_than_may_wait_is_given_up_at_once(start, printer):
    gateway = start(printer.address, EKARTE_PRINTER_QUEUE_MAX="2")
    printer.paper_out = True
    for _ in range(3):
        shop.gift_card(gateway.http(), 5000)
    assert gateway.wait_for_event("slip not printed")["reason"] == "too many slips wait"
    printer.paper_out = False
    assert len(printer.wait_for(2)) == 2


def test_a_slip_in_doubt_is_told_and_not_printed_twice(start, printer):
    gateway = start(printer.address)
    printer.hang_up_after_slip = True
    terminal = gateway.http()
    load = shop.order(
        "activate", terminal, card=shop.card(town.gift_number()), amount=5000
    )
    terminal.send(load)
    told = gateway.wait_for_event("slip in doubt")
    assert told["operation"].endswith(f"/{load.operation}")
    printer.hang_up_after_slip = False
    assert len(printer.wait_for(2, wait_s=2)) == 1
    shop.ask(terminal, "status", original=load.operation)
    assert "KOPIJA" in words(printer.wait_for(2)[1])


@pytest.mark.parametrize("kind", ["mute", "plain"])
def test_a_printer_that_cannot_answer_is_believed(start, printer, kind):
    """Many cheap ones say nothing at all; others know only the real-time question."""
    gateway = start(printer.address)
    printer.mute = kind == "mute"
    printer.knows_gs_r = False
    terminal = gateway.http()
    shop.gift_card(terminal, 5000)
    assert len(printer.wait_for(1)) == 1
    assert not [x for x in gateway.logs() if "slip" in x["event"]]


@pytest.mark.parametrize(
    "address", ["parallel://lpt1", "serial:///dev/ttyS0?flow=all", "tcp://", ""]
)
def test_an_address_that_names_no_printer_is_refused(address: str):
    with pytest.raises(ValueError, match=r"printer's address|flow"):
        print_slip(address, b"", Patience())


def test_a_printer_that_was_never_there_is_told_and_answers_go_on(start):
    gateway = start("serial:///dev/ttyNOBODY?baud=9600")
    shop.gift_card(gateway.http(), 5000)
    told = gateway.wait_for_event("printer does not print")
    assert told["reason"].startswith("cannot be reached")


def test_a_kind_of_printer_that_nobody_knows_prints_as_the_usual_one(printer, start):
    gateway = start(printer.address, profile="TM-T8")
    shop.gift_card(gateway.http(), 5000)
    assert "50,00 EUR" in words(printer.wait_for(1)[0])
    assert gateway.wait_for_event("no such kind of printer")["profile"] == "TM-T8"


def test_a_stop_names_the_slips_that_were_not_printed(start, printer):
    gateway = start(printer.address)
    printer.paper_out = True
    shop.gift_card(gateway.http(), 5000)
    gateway.wait_for_event("does not print")
    assert gateway.stop() == 0
    assert [
        x["reason"] for x in gateway.logs() if x["event"] == "slip not printed"
    ] == ["paper out"]


def test_after_a_kill_nothing_is_printed_by_itself_and_status_prints_what_waited(
    start, printer
):
    gateway = start(printer.address)
    printer.paper_out = True
    terminal = gateway.http()
    load = shop.order(
        "activate", terminal, card=shop.card(town.gift_number()), amount=5000
    )
    told = terminal.send(load)
    gateway.wait_for_event("does not print")
    gateway.kill()
    printer.paper_out = False
    gateway.start_ready()
    terminal = gateway.http()
    assert terminal.send(load) == told
    assert len(printer.wait_for(1, wait_s=1)) == 0
    shop.ask(terminal, "status", original=load.operation)
    (slip,) = printer.wait_for(1)
    assert "KOPIJA" in words(slip)
    assert "50,00 EUR" in words(slip)


def test_a_stop_lets_a_slip_be_printed_to_its_end(start, printer):
    gateway = start(printer.address)
    shop.gift_card(gateway.http(), 5000)
    assert gateway.stop() == 0
    assert len(printer.slips()) == 1


def test_no_secret_of_a_card_comes_to_paper_or_log(start, printer):
    gateway = start(printer.address)
    card = shop.gift_card(gateway.http(), 5000, code="471147")
    (slip,) = printer.wait_for(1)
    assert card not in words(slip)
    assert "471147" not in words(slip)
    assert card not in gateway.log_text()
