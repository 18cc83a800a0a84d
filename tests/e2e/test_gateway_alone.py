"""The day on the gateway and the ledger alone: the network comes from a file."""

import random
import threading
from dataclasses import replace

import psycopg2
import pytest

from ekarte_stack import day as player
from ekarte_stack import report as reports
from ekarte_stack import report_html, report_text
from ekarte_stack.day_check import differences
from ekarte_stack.day_file import UNSTORED, demo_network, read_day
from ekarte_stack.day_player import Player, devices
from ekarte_stack.report_figures import from_file
from ekarte_stack.report_ledger import Ledger
from tests.e2e.ledger_alone import core
from tests.e2e.secrets_search import dump, found_in, secrets_of

SEED = 20261121
KILLS = 3


def broken(report):
    return [(check.text, check.details) for check in report.checks if not check.good]


def test_the_day_plays_and_every_check_holds(new_ledger, tmp_path):
    ledger = new_ledger()
    report = player.play_and_gather(ledger.run())

    assert broken(report) == []
    assert not report.again
    assert report.operations == len(read_day())
    assert {one.name: one.terminals for one in report.transports} == {
        "HTTP": 6,
        "ISO 8583": 4,
    }
    file = from_file(read_day(), demo_network())
    assert report.issuers == file.issuers
    assert report.issuers["GROCER"].gift_spent_elsewhere > 0
    assert report.issuers["GROCER"].bonus_used_elsewhere > 0
    assert report.issuers["FUEL"].bonus_used_elsewhere > 0
    assert report.issuers["FUEL"].credit_used_elsewhere > 0
    assert report.issuers["GROCER"].exchanged_elsewhere > 0
    assert all(row.figures for row in report.kinds)

    # The live rules, asked once more, decide everything as they did.
    assert "\n0 operations decided otherwise" in core("replay", "--dsn", ledger.dsn)

    # The day a second time: the same answers, nothing booked.
    before = ledger.gateway.operations()
    second = player.play_and_gather(ledger.run())
    assert broken(second) == []
    assert second.again
    assert ledger.gateway.operations() == before
    assert second.issuers == report.issuers

    text = "\n".join(report_text.lines(report, colour=False))
    page = report_html.page(report)
    paths = reports.write_files(report, tmp_path, page)
    written = paths["json"].read_text() + paths["html"].read_text() + text
    assert "\x1b" not in text
    assert "✗" not in text
    assert "http" not in page.lower().replace(">http:", "").replace("over http", "")

    # Numbers and codes went through all of it and are nowhere to be read.
    hidden = secrets_of(read_day())
    assert len(hidden) > 100
    assert found_in(ledger.gateway.log_text(), hidden) == set()
    assert found_in(dump(ledger.owner_dsn), hidden) == set()
    assert found_in(written, hidden) == set()


def test_the_search_for_secrets_finds_one():
    hidden = secrets_of(read_day())
    number = next(iter(hidden))
    assert found_in(f"card {number} refused", hidden) == {number}
    assert found_in(f"digest {number}ab", hidden) == set()
    licence = next(one for one in hidden if not one.isdigit())
    assert found_in(f"card={licence}", hidden) == {licence}
    assert found_in(f"card=****{licence[-4:]}", hidden) == set()


def test_a_wrong_expectation_is_noticed(new_ledger):
    day = read_day()
    played = player.play_rows(new_ledger().run(), day)
    assert differences(played, again=False) == []

    def with_wrong(place, **changes):
        told = list(played.told)
        row = told[place].row
        wrong = replace(row, wanted=replace(row.wanted, **changes))
        told[place] = replace(told[place], row=wrong)
        return differences(replace(played, told=told), again=False)

    sale = next(
        row for row in day if row.request.command == "sale" and row.wanted.points
    )
    gift = next(row for row in day if "GRO-GIFT" in row.wanted.taken)
    close = next(row for row in day if row.request.command == "close")
    twice = next(row for row in day if row.send == "repeat")
    for row, changes in (
        (sale, {"rc": "51"}),
        (sale, {"discount": sale.wanted.discount + 1}),
        (sale, {"amount_due": sale.wanted.amount_due - 1}),
        (sale, {"points": {}}),
        (sale, {"rate": sale.wanted.rate + 100}),
        (sale, {"converted": 100}),
        (gift, {"taken": {"GRO-GIFT": 1}}),
        (gift, {"balances": {"GRO-GIFT": 1}}),
        (gift, {"amount": gift.wanted.amount + 1}),
        (gift, {"vouchers": ("GRO-PRIZE/money/1",)}),
        (close, {"totals": ()}),
    ):
        [told] = with_wrong(row.place, **changes)
        assert told.startswith(row.name)
    told = list(played.told)
    told[twice.place] = replace(told[twice.place], raw=b"{}")
    assert len(differences(replace(played, told=told), again=False)) == 1


def test_a_killed_gateway_loses_nothing_and_books_nothing_twice(new_ledger):
    ledger = new_ledger()
    day = read_day()
    chance = random.Random(SEED)
    print(f"seed {SEED}")
    at = sorted(chance.sample(range(40, len(day) - 40), KILLS))
    print(f"killed after {at} answers")
    lock = threading.Lock()

    def kill_at(count):
        with lock:
            if at and count >= at[0]:
                at.pop(0)
                ledger.gateway.kill()
                ledger.gateway.start()

    # The ports stay the same, so the terminals find the gateway again.
    played = Player(day, devices(ledger.run()), kill_at).play()

    assert at == []
    assert differences(played, again=False) == []
    assert any(told.tries > 1 for told in played.told), "no kill was felt"
    with Ledger(ledger.dsn) as reader:
        report = reports.gather(played, day, reader, demo_network(), None, again=False)
        stored = set(reader.answers(day))
    assert broken(report) == []
    assert stored == {row.key for row in day if row.request.command not in UNSTORED}


def test_the_gateway_s_role_sees_its_schema_and_nothing_else(new_ledger):
    ledger = new_ledger()
    owner = psycopg2.connect(ledger.owner_dsn)
    with owner, owner.cursor() as cursor:
        cursor.execute("CREATE TABLE public.payroll AS SELECT 1 AS wage")
    owner.close()
    role = psycopg2.connect(ledger.dsn)
    role.autocommit = True
    with role.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ekarte.operation")
        assert cursor.fetchone() == (0,)
        for refused in (
            "SELECT * FROM public.payroll",
            "UPDATE ekarte.operation SET amount = 0",
            "DELETE FROM ekarte.entry",
            "CREATE TABLE ekarte.mine (id integer)",
        ):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(refused)
    role.close()
