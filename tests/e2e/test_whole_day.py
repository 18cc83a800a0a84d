"""The day on the whole stack: terminals, gateway, ledger, Odoo and its accounting."""

import json
import re
from pathlib import Path

import msgspec
import psycopg2
import pytest

from ekarte_core import BatchTotal, CardRef, Request, read_network
from ekarte_stack import day as player
from ekarte_stack.day_file import NETWORK, demo_network, read_day
from ekarte_stack.day_settle import wait_until_settled
from ekarte_stack.report_books import read_books
from ekarte_stack.report_checks import books_checks
from ekarte_stack.report_figures import all_claims
from ekarte_stack.report_ledger import Ledger
from tests.e2e.secrets_search import dump, found_in, secrets_of
from tests.e2e.whole_stack import WholeStack, wait_until

TILL = "00000011"
ENTRY = re.compile(r"EKART/\d{4}/\d{2}/\d{4}")


@pytest.fixture(scope="module")
def stack(run_file):
    return WholeStack(run_file)


@pytest.fixture(scope="module")
def report(stack):
    return player.play_and_gather(stack.run)


def broken(checks):
    return [(check.text, check.details) for check in checks if not check.good]


def books_agree(stack):
    """The checks of the books as they are now; returns the books."""
    run = stack.run
    books = read_books(run)
    with Ledger(run["postgres"]["ledger_dsn"]) as ledger:
        network = demo_network()
        checks = list(books_checks(books, ledger, all_claims(ledger), network))
    assert len(checks) >= 7
    assert broken(checks) == []
    return books


def test_the_day_settles_into_the_books_of_both_companies(report):
    assert broken(report.checks) == []
    network = demo_network()
    inside = {network.names[code] for code in ("GROCER", "FUEL")}
    assert {entry.company for entry in report.entries} == inside
    assert all(ENTRY.fullmatch(entry.name) for entry in report.entries)
    assert all(entry.debit > 0 for entry in report.entries)
    assert ("GROCER", "BOOKS") in {(a, b) for a, b, _ in report.claims}


def test_odoo_publishes_the_network_of_the_file(stack, report):
    [(body,)] = stack.rows(
        "SELECT body FROM ekarte.network_document ORDER BY version LIMIT 1"
    )
    theirs, mine = meaning(body), meaning(NETWORK.read_bytes())
    assert "GRO-DISC" in mine["GRO-CLUB at G2"], "the comparison looks at nothing"
    for room, parts in mine.items():
        assert theirs[room] == parts, room
    assert theirs.keys() == mine.keys()


def meaning(body):
    """A network as the core understands it: defaults filled in, what runs where.

    The order of lists says nothing, and people may word things otherwise in Odoo.
    Back offices are terminals that Odoo adds for itself.
    """
    network = read_network(body)
    document = network.document
    plain = {
        room: {part.code: parts_of(part) for part in getattr(document, room)}
        for room in ("coalitions", "issuers", "branches", "goods_groups", "card_types")
    }
    plain["terminals"] = {
        part.id: parts_of(part)
        for part in document.terminals
        if part.protocol != "odoo"
    }
    for branch in document.branches:
        for card_type in document.card_types:
            running = network.running(branch, [card_type.code])
            plain[f"{card_type.code} at {branch.code}"] = {
                program.code: parts_of(program) for program in running
            }
    return plain


WORDS = ("name", "slip_header", "slip_footer", "address")


def parts_of(part):
    plain = msgspec.to_builtins(part)
    for name, value in plain.items():
        if isinstance(value, list | tuple):
            plain[name] = sorted(value, key=repr)
    return {name: value for name, value in plain.items() if name not in WORDS}


def test_settlements_wait_while_odoo_is_down_and_are_posted_once(
    stack, report, tmp_path
):
    [(batch,)] = stack.rows(
        "SELECT max(batch) + 1 FROM ekarte.operation WHERE terminal = %s", TILL
    )
    known = {number for (number,) in stack.rows("SELECT id FROM ekarte.settlement")}
    before = books_agree(stack).entries

    argv = stack.stop_odoo()
    answers = stack.send(
        [
            request("sale", batch, 1, card=card_of("sale"), amount=1000),
            request("top_up", batch, 2, card=card_of("activate"), amount=500),
            request("close", batch, 3, totals=TOTALS),
        ]
    )
    # Terminals are served while Odoo is down.
    assert [answer.rc for answer in answers] == ["00", "00", "00"]
    wait_until(lambda: bool(failed(stack, known)), "a delivery that fails")
    assert not accepted(stack, known)

    stack.start_odoo(argv, tmp_path / "odoo.log")
    with Ledger(stack.run["postgres"]["ledger_dsn"]) as ledger:
        wait_until_settled(ledger)
    after = books_agree(stack).entries
    new = [entry for entry in after if entry not in before]
    assert accepted(stack, known) == failed(stack, known)
    # One document: both operations were closed together, of one company.
    assert [entry.settlement for entry in new] == sorted(accepted(stack, known))
    assert {entry.company for entry in new} == {demo_network().names["GROCER"]}


TOTALS = (
    BatchTotal(command="sale", count=1, amount=1000),
    BatchTotal(command="top_up", count=1, amount=500),
)


def request(command, batch, operation, **fields):
    return Request(
        command=command, terminal=TILL, batch=batch, operation=operation, **fields
    )


def card_of(command):
    """A club or gift card of the day for which this was approved at the till."""
    shows = {"sale": "GRO-BONUS.points", "activate": "GRO-GIFT"}[command]
    row = next(
        row
        for row in read_day()
        if row.request.command == command
        and row.request.terminal == TILL
        and row.wanted.rc == "00"
        and shows in row.wanted.balances
    )
    assert row.request.card is not None
    return CardRef(kind="pan", value=row.request.card.value)


def failed(stack, known):
    rows = stack.rows("SELECT DISTINCT settlement_id FROM ekarte.settlement_attempt")
    return {number for (number,) in rows} - known


def accepted(stack, known):
    rows = stack.rows("SELECT settlement_id FROM ekarte.settlement_accepted")
    return {number for (number,) in rows} - known


def test_a_settlement_handed_in_twice_is_posted_once(stack, report):
    before = books_agree(stack)
    [(body, reply)] = stack.rows(
        "SELECT s.body, a.reply FROM ekarte.settlement AS s"
        " JOIN ekarte.settlement_accepted AS a ON a.settlement_id = s.id"
        " ORDER BY s.id LIMIT 1"
    )
    status, again = stack.hand_in(json.loads(body))
    assert status == 200
    assert not again["created"]
    assert again["moves"] == json.loads(reply)["moves"]
    assert books_agree(stack) == before

    # The same number with other content is refused and changes nothing either.
    other = json.loads(body)
    other["lines"][0]["amount"] += 1
    status, _ = stack.hand_in(other)
    assert status == 422
    assert books_agree(stack) == before


def test_the_gateway_s_role_reads_the_ledger_and_nothing_of_odoo(stack, report):
    connection = psycopg2.connect(stack.run["postgres"]["ledger_dsn"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ekarte.operation")
        assert cursor.fetchone()[0] > 500
        for table in (
            "res_users",
            "res_partner",
            "account_move",
            "ir_config_parameter",
        ):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(f"SELECT 1 FROM public.{table} LIMIT 1")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("UPDATE ekarte.operation SET amount = 0")
    connection.close()


def test_the_day_a_second_time_books_nothing(stack, report):
    before = books_agree(stack)
    again = player.play_and_gather(stack.run)
    assert again.again
    assert broken(again.checks) == []
    assert again.issuers == report.issuers
    assert books_agree(stack) == before


def test_no_number_and_no_code_is_kept_anywhere(stack, report):
    hidden = secrets_of(read_day())
    assert found_in(dump(stack.admin_dsn), hidden) == set()
    logs = sorted((stack.home / "log").glob("*.log"))
    names = {path.name for path in logs}
    assert {"gateway.log", "odoo.log", "postgres.log"} <= names
    for path in logs:
        assert found_in(path.read_text(errors="replace"), hidden) == set(), path.name
    assert found_in(json.dumps(stack.run), hidden) == set()
    keys = [Path(entry["key_file"]).read_text() for entry in stack.run["terminals"]]
    text = json.dumps(stack.run) + "".join(
        path.read_text(errors="replace") for path in logs
    )
    assert not [key for key in keys if key.strip() in text]
