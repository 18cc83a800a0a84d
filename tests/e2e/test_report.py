"""The report must show a fault as plainly as it shows that all is well."""

from dataclasses import replace

import pytest

from ekarte_stack import report_html, report_text
from ekarte_stack.day_file import demo_network
from ekarte_stack.report import Report
from ekarte_stack.report_books import Books, Entry, cents
from ekarte_stack.report_checks import Check, books_checks, check
from ekarte_stack.report_figures import Figures, Issuer, KindRow
from ekarte_stack.report_text import euros

GROCER, FUEL, BOOKS = (
    demo_network().names[code] for code in ("GROCER", "FUEL", "BOOKS")
)


class Purses:
    """A ledger that owes 10.00 on gift cards and 2.00 on bonuses."""

    def rows(self, query):
        assert query == "carried"
        return [("GROCER", "GRO-GIFT", 1000), ("GROCER", "GRO-BONUS", 200)]


CLAIMS = {
    ("GROCER", "FUEL"): 500,
    ("FUEL", "GROCER"): -500,
    ("GROCER", "BOOKS"): -300,
    ("BOOKS", "GROCER"): 300,
}


def entry(company, name="EKART/2026/11/0001"):
    return Entry(name, company, "2026-11-20", "2026-11-20", 1, 4, 1000, "posted")


def sound():
    """Books that agree with the purses and the claims above."""
    return Books(
        entries=[entry(GROCER), entry(FUEL)],
        balances={
            (GROCER, "LGC", ""): -1000,
            (GROCER, "LBN", ""): -200,
            (GROCER, "CLR", FUEL): 500,
            (GROCER, "CLR", BOOKS): -300,
            (FUEL, "CLR", GROCER): -500,
        },
        companies=[GROCER, FUEL],
    )


def failing(books):
    found = books_checks(books, Purses(), CLAIMS, demo_network())
    return [one.text for one in found if not one.good]


def test_sound_books_pass_every_check():
    assert failing(sound()) == []


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ((GROCER, "LGC", ""), "V1 gift"),
        ((GROCER, "LBN", ""), "V1 bonus"),
        ((FUEL, "TND", ""), "card tender"),
        ((GROCER, "CLR", BOOKS), "V3 clearing"),
        ((GROCER, "CLR", "Somebody"), "V3 clearing sums"),
    ],
)
def test_a_cent_too_much_is_noticed(place, told):
    books = sound()
    books.balances[place] = books.balances.get(place, 0) + 1
    assert any(text.startswith(told) or told in text for text in failing(books))


def test_what_is_missing_waiting_or_posted_twice_is_noticed():
    late = sound()
    late.missing.append("3 operations are in no settlement")
    waiting = sound()
    waiting.waiting.append("settlement 2: no account")
    twice = sound()
    twice.entries.append(entry(FUEL, "EKART/2026/11/0002"))
    alone = sound()
    del alone.entries[0]
    for books in (late, waiting, twice, alone):
        assert len(failing(books)) == 1


def make(checks):
    figures = Figures({code: Issuer() for code in demo_network().names})
    return Report(
        again=False,
        operations=2,
        seconds=0.5,
        retried=0,
        names=demo_network().names,
        issuers=figures.issuers,
        kinds=[KindRow("gift_card", 2, {"loaded": 1000, "used": 400})],
        saved=[("A discount", "GROCER", 250)],
        codes=[("00", "approved", 2)],
        hours=[(8, 2)],
        transports=[],
        claims=[],
        entries=[entry(GROCER)],
        checks=checks,
    )


def test_a_failed_check_shows_in_text_and_page_with_its_reason():
    good, bad = Check("it holds", good=True), check("it does not", ["5, not <6>"])
    report = make([good, bad])
    text = "\n".join(report_text.lines(report, colour=False))
    page = report_html.page(report)
    assert not report.good
    assert "✓ it holds" in text
    assert "✗ it does not" in text
    assert "5, not <6>" in text
    assert "1 of 2 checks failed" in text
    assert "5, not &lt;6&gt;" in page
    assert "some checks failed" in page
    mended = replace(report, checks=[good])
    assert mended.good
    assert "all 1 checks hold" in report_html.page(mended)


def test_colour_is_for_people_only():
    report = make([Check("it holds", good=True)])
    assert "\x1b[" in "\n".join(report_text.lines(report, colour=True))
    assert "\x1b[" not in "\n".join(report_text.lines(report, colour=False))


def test_a_long_list_of_faults_is_cut():
    found = check("all", [str(number) for number in range(30)])
    assert len(found.details) == 9
    assert found.details[-1] == "and 22 more"


def test_sums_are_written_for_reading():
    assert [euros(value) for value in (0, 5, 1234567, -100)] == [
        "–",
        "0.05",
        "12 345.67",
        "-1.00",
    ]
    assert cents(1682.62) == 168262
