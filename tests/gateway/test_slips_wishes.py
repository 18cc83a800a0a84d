"""The slip in the form that the request asks for, over the wire."""

import pytest

from ekarte_core import SlipLine
from tests.gateway import shop, town
from tests.gateway.slips_picture import slip_picture

KINDS = ["http", "iso8583"]


@pytest.fixture(params=KINDS)
def terminal(request, gateway):
    return gateway.http() if request.param == "http" else gateway.iso()


def texts(slip: tuple[SlipLine, ...]) -> list[str]:
    return [line.text for line in slip]


@pytest.mark.parametrize("columns", [24, 32, 42, 64])
def test_rows_of_so_many_columns_hold_both_copies(terminal, columns):
    card = shop.gift_card(terminal, 5000)
    answer = shop.ask(
        terminal, "sale", card=card, amount=1750, slip=f"text:{columns}", language="lv"
    )
    assert answer.copies == 1
    rows = texts(answer.slip)
    assert max(len(row) for row in rows) == columns
    assert {line.align for line in answer.slip} == {"left"}
    assert {line.style for line in answer.slip} <= {"", "bold", "cut"}
    assert [line.style for line in answer.slip].count("cut") == 1
    due = next(row for row in rows if row.startswith("Apmaksai"))
    assert due == "Apmaksai" + "0,00 EUR".rjust(columns - len("Apmaksai"))
    assert "Tirgotāja eksemplārs" in "\n".join(rows)
    assert rows[-1].strip() == "Pircēja eksemplārs"


def test_bytes_for_a_printer_come_in_place_of_lines(gateway):
    terminal = gateway.http()
    card = shop.gift_card(terminal, 5000)
    answer = shop.ask(
        terminal, "sale", card=card, amount=1750, slip="escpos:POS-5890", language="ru"
    )
    assert (answer.slip, answer.copies) == ((), 1)
    paper = slip_picture(answer.slip_bytes, "POS-5890", 32)
    assert paper.unknown == []
    assert "К оплате" + "0,00 EUR".rjust(24) in paper.text
    assert "Экземпляр продавца" in "\n".join(paper.text)


def test_a_repeat_has_the_form_that_it_asks_for(gateway):
    terminal = gateway.http()
    card = shop.gift_card(terminal, 5000)
    sale = shop.order("sale", terminal, card=card, amount=1750, slip="text:40")
    first = terminal.send(sale)
    assert max(len(row) for row in texts(first.slip)) == 40
    again = shop.order(
        "sale", terminal, card=card, amount=1750, operation=sale.operation
    )
    stored = terminal.send(again)
    assert (stored.txn, stored.copies) == (first.txn, 2)
    assert any(line.right for line in stored.slip)
    assert terminal.send(sale) == first


def test_status_renders_the_stored_slip_as_a_copy(terminal):
    card = shop.gift_card(terminal, 5000)
    sale = shop.order("sale", terminal, card=card, amount=1750, slip="text:32")
    first = terminal.send(sale)
    told = shop.ask(terminal, "status", original=sale.operation, slip="text:32")
    rows = texts(told.original.slip)
    assert rows[0].strip() == "COPY"
    assert [row for row in rows if row.strip() != "COPY"] == texts(first.slip)
    plain = shop.ask(terminal, "status", original=sale.operation)
    assert "COPY" not in texts(plain.original.slip)


def test_an_inquiry_has_a_slip_only_where_one_is_printed(terminal):
    card = shop.gift_card(terminal, 5000)
    assert shop.ask(terminal, "inquire", card=card).slip == ()
    rows = texts(shop.ask(terminal, "inquire", card=card, slip="text:32").slip)
    assert "Gift card" + "50.00 EUR".rjust(23) in rows


def test_a_batch_list_comes_with_the_close(terminal):
    answer = shop.ask(terminal, "close", batch=town.operation() + 500, slip="text:32")
    rows = texts(answer.slip)
    assert "Batch closed" in [row.strip() for row in rows]
    assert "No operations" in rows


def test_an_unknown_kind_of_printer_is_refused_and_nothing_is_booked(gateway, terminal):
    card = shop.gift_card(terminal, 5000)
    before = gateway.operations()
    answer = shop.ask(terminal, "sale", card=card, amount=100, slip="escpos:TM-T8")
    assert (answer.rc, answer.field) == ("30", "slip")
    assert "profile" in answer.message
    assert gateway.operations() == before
    assert shop.ask(terminal, "sale", card=card, amount=100).rc == "00"


@pytest.mark.parametrize("wish", ["text:23", "text:65", "text:", "escpos:", "pdf"])
def test_a_wish_that_nobody_knows_is_refused(terminal, wish):
    answer = shop.ask(terminal, "echo", slip=wish)
    assert answer.rc == "30"


def test_who_wants_no_slip_gets_none(terminal):
    card = shop.gift_card(terminal, 5000)
    answer = shop.ask(terminal, "sale", card=card, amount=100, slip="none")
    assert (answer.rc, answer.slip, answer.slip_bytes) == ("00", (), b"")
