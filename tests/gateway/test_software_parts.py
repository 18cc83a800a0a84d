"""Parts of the software terminal that need no gateway: readings, sums, the journal."""

import os
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

import pytest

from ekarte_auth_gateway.testing import TerminalError
from ekarte_core import Answer, CardRef, Original, Request
from ekarte_terminal import Journal, JournalBroken, JournalTaken, Session, Settings
from ekarte_terminal.amounts import read_amount, typed_amount
from ekarte_terminal.cards import masked, read_card, read_original
from ekarte_terminal.reader import Reader
from ekarte_terminal.texts import _TEXTS
from tests.gateway.modem import OpenEnd

NUMBER = "9990001000000019"


def _now() -> datetime:
    return datetime(2026, 11, 22, 10, 0, tzinfo=timezone.utc)


def _sale(amount: int = 700) -> Request:
    card = CardRef(kind="keyed", value=NUMBER)
    return Request(command="sale", terminal="00000011", card=card, amount=amount)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (NUMBER, "barcode"),
        (f";{NUMBER}=29122010000000000?", "track2"),
        (f"{NUMBER}=2912", "track2"),
        (f"%B{NUMBER}^NAME/A^29122010000?", "track1"),
        (f"%B{NUMBER}^NAME/A^29122010000?;{NUMBER}=2912?", "track2"),
        ("+371 20000000", "phone"),
    ],
)
def test_what_readers_send_is_a_card(text: str, kind: str) -> None:
    assert read_card(text + "\r\n").kind == kind


@pytest.mark.parametrize("text", ["", "12", "%B^", ";=?", "hello"])
def test_what_is_no_card_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="read the card again"):
        read_card(text)


def test_a_card_is_shown_by_its_end() -> None:
    assert masked(read_card(NUMBER)) == "**** 0019"


def test_sums_are_read_as_people_write_them() -> None:
    assert [read_amount(t) for t in ("17.50", "17,5", "17", "0.05")] == [
        1750,
        1750,
        1700,
        5,
    ]
    assert [typed_amount(t) for t in ("1750", "17.5", "5")] == [1750, 1750, 5]


@pytest.mark.parametrize("text", ["", "-1", "1.234", "1e3", "١٢.3x"])
def test_what_is_no_sum_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write a sum"):
        read_amount(text)


def test_the_code_of_a_slip_names_its_operation() -> None:
    named = Original(batch=3, operation=412, terminal="00000021")
    assert read_original("EKARTE:77:00000021:3:412", 9) == named
    assert read_original("412", 9) == Original(batch=9, operation=412)
    with pytest.raises(ValueError, match="batch/operation"):
        read_original("yesterday's", 9)


def test_what_was_not_answered_is_still_open_after_a_restart(tmp_path: Path) -> None:
    journal = Journal(tmp_path, _now)
    answered = journal.begin(_sale(), "**** 0019")
    journal.end(answered.operation, Answer(rc="00", amount=700))
    journal.begin(_sale(300), "**** 0019")
    batch, totals = journal.batch, journal.totals()
    journal.close()

    again = Journal(tmp_path, _now)
    assert [e.amount for e in again.open_entries()] == [300]
    assert (again.batch, again.totals()) == (batch, totals)
    assert again.begin(_sale(), "").operation == answered.operation + 2
    text = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert NUMBER.encode() not in text
    again.close()


def test_after_the_last_number_batches_begin_again_and_nothing_is_forgotten(
    tmp_path: Path,
) -> None:
    last = tmp_path / "batch-999999.jsonl"
    last.write_text('{"batch": 999999, "next": 41}\n')
    (tmp_path / "batch-000001.jsonl").write_text('{"batch": 1, "next": 1}\n')
    journal = Journal(tmp_path, _now)
    close = journal.begin(Request(command="close", terminal="00000011"), "")
    journal.end(close.operation, Answer(rc="00"))
    journal.next_batch()
    doubt = journal.begin(_sale(), "")
    assert (journal.batch, doubt.operation) == (1, 42)
    journal.close()
    for _ in range(2):
        again = Journal(tmp_path, _now)
        assert again.batch == 1
        assert [e.operation for e in again.open_entries()] == [42]
        again.close()
    assert (tmp_path / "batch-000001.before").exists()  # two years old, and kept


def test_without_the_note_the_highest_batch_is_the_newest(tmp_path: Path) -> None:
    for number in (7, 8):
        head = f'{{"batch": {number}, "next": {number}}}\n'
        (tmp_path / f"batch-{number:06d}.jsonl").write_text(head)
    (tmp_path / "newest").write_text("batch-000005.jsonl\n")  # it is not there
    journal = Journal(tmp_path, _now)
    assert journal.batch == 8
    journal.close()


class Saying:
    """A line at whose end somebody says what the test has written down."""

    def __init__(self, *says: str) -> None:
        self._says = iter(says)

    def send(self, request: Request, *, repeat: bool) -> Answer:
        said = next(self._says)
        if not said:
            raise TerminalError("no answer")
        return Answer(rc=said)

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        (("65",), "declined"),  # it was not looked at, and nothing was before it
        (("", "65", "65"), "in_doubt"),  # the first may have been booked
        (("", "58", "63"), "in_doubt"),
        (("", "51"), "declined"),  # stored: so it says what became of it
        (("91", "00"), "approved"),
    ],
)
def test_after_silence_a_refusal_that_is_not_stored_proves_nothing(
    tmp_path: Path, says: tuple[str, ...], kind: str
) -> None:
    settings = Settings("00000011", "http://127.0.0.1:1", tmp_path, tries=3)
    journal = Journal(tmp_path / "state", _now)
    session = Session(settings, Saying(*says), journal, _now, lambda _: None)
    outcome = session.run("sale", card=CardRef(kind="keyed", value=NUMBER), amount=1)
    assert outcome.kind == kind
    assert bool(journal.open_entries()) is (kind == "in_doubt")
    journal.close()


@pytest.mark.parametrize(
    ("rc", "kind"),
    [
        *(("65", "in_doubt"), ("63", "in_doubt"), ("58", "in_doubt")),
        ("03", "in_doubt"),
        ("12", "declined"),  # it never could be
        ("51", "declined"),
        ("00", "approved"),
    ],
)
def test_a_doubt_is_not_ended_by_who_did_not_look_at_it(
    tmp_path: Path, rc: str, kind: str
) -> None:
    """A refund that was booked and has no answer is given back once, not twice."""
    settings = Settings("00000011", "http://127.0.0.1:1", tmp_path, tries=1)
    journal = Journal(tmp_path / "state", _now)
    session = Session(settings, Saying("", rc), journal, _now, lambda _: None)
    bought = Original(batch=journal.batch, operation=1)
    assert session.run("refund", original=bought, amount=500).kind == "in_doubt"
    assert [outcome.kind for outcome in session.resolve()] == [kind]
    assert bool(journal.open_entries()) is (kind == "in_doubt")
    journal.close()


def test_a_line_that_the_power_cut_short_was_never_sent(tmp_path: Path) -> None:
    journal = Journal(tmp_path, _now)
    first = journal.begin(_sale(), "")
    journal.close()
    (file,) = tmp_path.glob("batch-*.jsonl")
    with file.open("ab") as out:
        out.write(b'{"sent": 2, "comm')
    again = Journal(tmp_path, _now)
    assert [e.operation for e in again.open_entries()] == [first.operation]
    assert again.begin(_sale(), "").operation == first.operation + 1
    again.close()
    Journal(tmp_path, _now).close()  # the torn line is gone, all else can be read


def test_a_spoilt_line_in_the_middle_is_told(tmp_path: Path) -> None:
    journal = Journal(tmp_path, _now)
    journal.close()
    (file,) = tmp_path.glob("batch-*.jsonl")
    with file.open("ab") as out:
        out.write(b"spoilt\n")
    with pytest.raises(JournalBroken, match=file.name):
        Journal(tmp_path, _now)


def test_a_journal_has_one_owner(tmp_path: Path) -> None:
    journal = Journal(tmp_path, _now)
    with pytest.raises(JournalTaken):
        Journal(tmp_path, _now)
    journal.close()
    Journal(tmp_path, _now).close()


def test_a_serial_reader_hands_over_each_line() -> None:
    line, got, two = OpenEnd(), [], threading.Event()

    def take(text: str) -> None:
        got.append(text)
        if len(got) == 2:
            two.set()

    reader = Reader(f"serial://{line.path}?baud=9600", take)
    reader.start()
    try:
        # What came before the line was opened is thrown away by its driver.
        assert reader.listens.wait(20)
        os.write(line.handle, f";{NUMBER}=2912?\r\n{NUMBER}\r".encode())
        assert two.wait(20)
    finally:
        reader.stop()
        line.close()
    assert [read_card(text).kind for text in got] == ["track2", "barcode"]


def test_who_stops_a_reader_does_not_wait_for_what_it_hands_over() -> None:
    """The screen stops it on the loop that the handing over waits for."""
    comes, may_go = threading.Event(), threading.Event()

    def take(_: str) -> None:
        comes.set()
        may_go.wait(60)

    line = OpenEnd()
    reader = Reader(f"serial://{line.path}", take)
    reader.start()
    try:
        assert reader.listens.wait(20)
        line.write(b"4711\n")
        assert comes.wait(20)
        began = time.monotonic()
        reader.stop()
        assert time.monotonic() - began < 30
    finally:
        may_go.set()
        line.close()


def test_every_text_has_four_languages_and_says_something() -> None:
    assert [key for key, row in _TEXTS.items() if len(row) != 4 or not all(row)] == []
