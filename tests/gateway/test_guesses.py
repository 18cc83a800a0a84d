"""Who tries out cards waits, each time longer; who sells does not notice."""

from datetime import datetime, timedelta, timezone

import pytest

from ekarte_auth_gateway.flow.guesses import Guesses, GuessLimits
from ekarte_core import CardRef, Guessed, Request

TILL, OTHER = "00000011", "00000013"
LIMITS = GuessLimits(free=5, free_advices=8, span=timedelta(seconds=60))
START = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def asked(command: str = "inquire", terminal: str = TILL) -> Request:
    card = CardRef(kind="pan", value="9990001000000017")
    return Request(command=command, terminal=terminal, operation=1, card=card)


def missed(count: int) -> Guesses:
    guesses = Guesses(LIMITS)
    for _ in range(count):
        guesses.note(asked(), "14", START)
    return guesses


@pytest.mark.parametrize(
    ("misses", "wait_s"), [(0, 0), (5, 0), (6, 2), (7, 4), (8, 8), (11, 64), (99, 900)]
)
def test_the_wait_doubles_with_each_miss_and_ends_somewhere(misses, wait_s):
    guesses = missed(misses)
    assert guesses.wait_s(asked(), START) == wait_s
    assert guesses.slowed(START) == (1 if wait_s else 0)


def test_the_wait_ends_to_the_second():
    guesses = missed(8)
    waits = [guesses.wait_s(asked(), at(s)) for s in (0.0, 0.5, 7.0, 7.5, 8.0, 9.0)]
    assert waits == [8, 8, 1, 1, 0, 3]  # one goes on, the next waits anew


@pytest.mark.parametrize("rc", ["14", "55", "75"])
def test_unknown_cards_and_wrong_codes_are_misses(rc):
    assert Guesses(LIMITS).note(asked(), rc, START)


@pytest.mark.parametrize("rc", ["00", "51", "63", "91", "57"])
def test_other_answers_are_none(rc):
    assert not Guesses(LIMITS).note(asked(), rc, START)


@pytest.mark.parametrize("command", ["confirm", "reverse", "status"])
def test_what_was_begun_may_be_ended(command):
    guesses = missed(50)
    assert guesses.wait_s(asked(command), START) == 0
    assert guesses.wait_s(asked("sale"), START) == 900
    assert not guesses.note(asked(command), "14", START)


def advised(count: int) -> Guesses:
    guesses = Guesses(LIMITS)
    for _ in range(count):
        assert guesses.note(asked("advice"), "14", START)
    return guesses


@pytest.mark.parametrize(("misses", "wait_s"), [(8, 0), (9, 2), (10, 4)])
def test_advices_have_a_larger_count_of_their_own(misses, wait_s):
    guesses = advised(misses)
    assert guesses.wait_s(asked("advice"), START) == wait_s
    assert guesses.wait_s(asked("sale"), START) == 0
    assert missed(50).wait_s(asked("advice"), START) == 0
    assert guesses.take_unshared() == {f"{TILL}/advice": misses * LIMITS.span}


def test_a_terminal_that_waits_twice_is_one_terminal():
    guesses = advised(50)
    for _ in range(50):
        guesses.note(asked(), "14", START)
    assert guesses.slowed(START) == 1


def test_what_names_no_card_guesses_nothing():
    plain = Request(command="sale", terminal=TILL, operation=1)
    assert missed(50).wait_s(plain, START) == 0


def test_another_terminal_does_not_wait():
    assert missed(50).wait_s(asked(terminal=OTHER), START) == 0


def test_a_busy_till_with_a_strange_card_each_minute_never_waits():
    guesses = Guesses(LIMITS)
    for minute in range(10_000):
        now = at(minute * 60)
        assert guesses.wait_s(asked(), now) == 0
        guesses.note(asked(), "14", now)


def test_who_guesses_all_day_gets_as_far_as_is_forgotten():
    guesses, second, tried = Guesses(LIMITS), 0, 0
    while second < 86_400:
        wait_s = guesses.wait_s(asked(), at(second))
        second += wait_s
        if not wait_s:
            guesses.note(asked(), "14", at(second))
            tried += 1
    assert 86_400 / 60 / 2 < tried < 86_400 / 60 + 20


def test_gateways_share_what_they_count():
    one, two = missed(4), missed(3)
    spans = [guesses.take_unshared()[TILL] for guesses in (one, two)]
    assert spans == [timedelta(minutes=4), timedelta(minutes=3)]
    shared = {TILL: Guessed(START, START + spans[0] + spans[1])}
    for guesses in (one, two):
        assert guesses.wait_s(asked(), START) == 0
        guesses.learn(shared, START)
        assert guesses.wait_s(asked(), START) == 4
        assert guesses.take_unshared() == {}


def test_what_came_meanwhile_or_could_not_be_told_is_not_lost():
    guesses = missed(4)
    taken = guesses.take_unshared()
    guesses.note(asked(), "55", START)
    guesses.put_back(taken)
    guesses.learn({}, START)
    guesses.note(asked(), "55", START)
    assert guesses.wait_s(asked(), START) == 2
    assert guesses.take_unshared() == {TILL: timedelta(minutes=6)}


def test_many_at_once_win_nothing():
    guesses = missed(11)
    assert guesses.wait_s(asked(), START) == 64
    waits = [guesses.wait_s(asked(), at(64)) for _ in range(1000)]
    assert waits[0] == 0
    assert all(waits[1:])
    guesses.learn({TILL: Guessed(START, at(11 * 60))}, at(65))
    assert guesses.wait_s(asked(), at(65)) > 0
