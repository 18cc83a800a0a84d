"""What the trials with Odoo find in its books, and that a held answer is not heard."""

import dataclasses
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from ekarte_stack.chaos.odoo_books import Books, Entry, Kept, Paper, differences
from ekarte_stack.chaos.odoo_wire import Wire
from ekarte_stack.ports import LOOPBACK

SALE = {"day": "2026-11-21", "amount": 1000, "carry": 0, "tendered": 500}
TAKEN_BACK = {"day": "2026-11-22", "amount": 0, "carry": 0, "tendered": 0}
FIRST = {"id": 1, "lines": [SALE]}
SECOND = {"id": 2, "lines": [SALE | {"day": "2026-11-20"}, SALE, TAKEN_BACK]}
WAIT_S = 5.0


def books() -> Books:
    """Two documents, of one day and of two, as they should be."""
    return Books(
        papers={
            1: Paper(FIRST, {"created": True, "moves": ["E/1"]}),
            2: Paper(SECOND, {"created": False, "moves": ["E/2", "E/3"]}),
        },
        kept=[Kept(1, "posted", FIRST), Kept(2, "posted", SECOND)],
        entries=[
            Entry(1, "E/1", "2026-11-21", "posted"),
            Entry(2, "E/2", "2026-11-20", "posted"),
            Entry(2, "E/3", "2026-11-21", "posted"),
        ],
        booked={"LGC": -500, "TND": 0},
        owed={"LGC": -500, "TND": 0},
    )


def booked_twice(one: Books) -> Books:
    twice = [*one.entries, Entry(1, "E/4", "2026-11-21", "posted")]
    return dataclasses.replace(one, entries=twice)


def kept_twice(one: Books) -> Books:
    return dataclasses.replace(one, kept=[*one.kept, one.kept[0]])


def never_booked(one: Books) -> Books:
    return dataclasses.replace(one, entries=one.entries[1:])


def never_kept(one: Books) -> Books:
    return dataclasses.replace(one, kept=one.kept[1:])


def never_accepted(one: Books) -> Books:
    papers = {**one.papers, 1: Paper(FIRST, None)}
    return dataclasses.replace(one, papers=papers)


def of_another_day(one: Books) -> Books:
    moved = dataclasses.replace(one.entries[0], day="2026-11-19")
    return dataclasses.replace(one, entries=[moved, *one.entries[1:]])


def not_posted(one: Books) -> Books:
    draft = dataclasses.replace(one.entries[0], state="draft")
    return dataclasses.replace(one, entries=[draft, *one.entries[1:]])


def waits(one: Books) -> Books:
    waiting = dataclasses.replace(one.kept[0], state="waiting")
    return dataclasses.replace(one, kept=[waiting, *one.kept[1:]])


def changed(one: Books) -> Books:
    other = dataclasses.replace(one.kept[0], body={"id": 1, "lines": []})
    return dataclasses.replace(one, kept=[other, *one.kept[1:]])


def in_odoo_alone(one: Books) -> Books:
    strange = Kept(3, "posted", {"id": 3, "lines": []})
    return dataclasses.replace(one, kept=[*one.kept, strange])


def told_otherwise(one: Books) -> Books:
    papers = {**one.papers, 1: Paper(FIRST, {"created": True, "moves": ["E/9"]})}
    return dataclasses.replace(one, papers=papers)


def a_cent_more(one: Books) -> Books:
    return dataclasses.replace(one, booked={"LGC": -501, "TND": 0})


def nothing_at_all(one: Books) -> Books:
    return dataclasses.replace(one, papers={}, kept=[], entries=[])


def test_books_that_hold_each_document_once_have_no_difference() -> None:
    assert list(differences(books())) == []


@pytest.mark.parametrize(
    "plant",
    [
        booked_twice,
        kept_twice,
        never_booked,
        never_kept,
        never_accepted,
        of_another_day,
        not_posted,
        waits,
        changed,
        in_odoo_alone,
        told_otherwise,
        a_cent_more,
        nothing_at_all,
    ],
)
def test_a_planted_fault_is_found(plant: Callable[[Books], Books]) -> None:
    assert list(differences(plant(books())))


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.close()


@pytest.fixture
def echo(wire: Wire) -> Iterator[socket.socket]:
    """Somebody behind the wire who answers each message with itself."""
    with socket.create_server((LOOPBACK, 0)) as server:
        wire.target = server.getsockname()[1]

        def serve() -> None:
            caller, _ = server.accept()
            with caller:
                while chunk := caller.recv(100):
                    caller.sendall(chunk)

        threading.Thread(target=serve, daemon=True).start()
        yield server


def call(wire: Wire) -> socket.socket:
    return socket.create_connection((LOOPBACK, wire.port), WAIT_S)


@pytest.mark.usefixtures("echo")
def test_the_wire_carries_what_is_said(wire: Wire) -> None:
    with closing(call(wire)) as line:
        line.sendall(b"settle")
        assert line.recv(100) == b"settle"
    assert not wire.came.is_set()


@pytest.mark.usefixtures("echo")
def test_an_answer_that_is_held_back_came_and_is_never_heard(wire: Wire) -> None:
    with closing(call(wire)) as line:
        wire.hold()
        line.sendall(b"settle")
        assert wire.came.wait(WAIT_S)
        wire.drop()
        assert line.recv(100) == b""


def test_who_finds_nobody_behind_the_wire_is_hung_up_on(wire: Wire) -> None:
    with socket.create_server((LOOPBACK, 0)) as gone:
        wire.target = gone.getsockname()[1]
    with closing(call(wire)) as line:
        assert line.recv(100) == b""
