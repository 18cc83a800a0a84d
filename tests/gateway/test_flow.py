"""The desk and its lanes, with a ledger that does what the test says."""

import asyncio
import time
from datetime import datetime, timezone
from types import SimpleNamespace

import psycopg2
import pytest

from ekarte_auth_gateway.flow import Board, Counters, Desk, Device, LedgerThread, Limits
from ekarte_auth_gateway.messages import Task
from ekarte_core import CommitInDoubt, Request, read_network
from tests.gateway import town
from tests.gateway.fakes import FakeLedger, outcome

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=timezone.utc)
NETWORK = read_network(town.document(), 1)


async def open_for_business(desk: Desk) -> None:
    while desk.faults:  # noqa: ASYNC110 - as a probe of /readyz would
        await asyncio.sleep(0.005)


class Stage:
    """A desk on a fake ledger, inside a running loop."""

    def __init__(self, ledger: FakeLedger, **limits) -> None:
        self.ledger = ledger
        self.counters = Counters()
        self.board = Board(SimpleNamespace(), 0)
        self.board.hang(NETWORK)
        self.side = LedgerThread(lambda: ledger, "side")
        self.desk = Desk(
            lambda: ledger,
            self.side,
            self.board,
            lambda: NOW,
            self.counters,
            Limits(**{"wait_s": 5.0, "retry_s": 0.01, **limits}),
        )

    async def __aenter__(self) -> "Stage":
        self.desk.start()
        await open_for_business(self.desk)
        return self

    async def __aexit__(self, *_) -> None:
        self.ledger.gate.set()
        await self.desk.stop()
        await self.side.stop()

    def submit(
        self,
        number: int,
        nonce: str | None = None,
        born_s: float | None = None,
        command: str = "sale",
    ):
        future = asyncio.get_running_loop().create_future()
        request = Request(command=command, terminal=town.ISO_1, operation=number)
        born_s = time.monotonic() if born_s is None else born_s
        self.desk.submit(Task(request, "iso8583", future.set_result, born_s, nonce))
        return future


def play(ledger: FakeLedger, act, **limits):
    async def run():
        async with Stage(ledger, **limits) as stage:
            return await act(stage)

    return asyncio.run(asyncio.wait_for(run(), 20))


def codes(verdicts) -> list[str]:
    return [verdict.rc for verdict in verdicts]


def test_everything_that_waits_becomes_one_group():
    ledger = FakeLedger()

    async def act(stage):
        ledger.gate.clear()
        first = stage.submit(0)
        await asyncio.sleep(0.05)
        rest = [stage.submit(n) for n in range(1, 200)]
        ledger.gate.set()
        return await asyncio.gather(first, *rest)

    verdicts = play(ledger, act)
    assert codes(verdicts) == ["00"] * 200
    assert [len(group) for group in ledger.groups] == [1, 128, 71]
    order = [request.operation for group in ledger.groups for request in group]
    assert order == list(range(200))


def test_a_full_queue_refuses_at_once_with_91_and_recovers():
    ledger = FakeLedger()

    async def act(stage):
        ledger.gate.clear()
        held = [stage.submit(0)]
        await asyncio.sleep(0.05)
        held += [stage.submit(n) for n in range(1, 11)]
        refused = [stage.submit(n) for n in range(11, 20)]
        assert all(future.done() for future in refused)
        ledger.gate.set()
        held = await asyncio.gather(*held)
        after = await stage.submit(99)
        return held, [future.result() for future in refused], after

    held, refused, after = play(ledger, act, queue_max=10)
    assert codes(held) == ["00"] * 11
    assert codes(refused) == ["91"] * 9
    assert {verdict.status for verdict in refused} == {"unavailable"}
    assert after.rc == "00"


def test_what_would_take_too_long_is_refused_at_once_and_taken_when_it_would_not():
    ledger = FakeLedger()

    def slowly(requests):
        time.sleep(0.02 * len(requests))
        return [outcome(request) for request in requests]

    async def act(stage):
        patient = await asyncio.gather(*[stage.submit(n) for n in range(40)])
        ledger.behave = slowly
        for first in (100, 120, 140):
            await asyncio.gather(*[stage.submit(first + n) for n in range(8)])
        slow = [stage.submit(n) for n in range(200, 300)]
        refused = [future.result() for future in slow if future.done()]
        assert stage.desk.is_full
        slow = await asyncio.gather(*slow)
        ledger.behave = None
        for number in range(400, 440):
            await stage.submit(number)
        assert not stage.desk.is_full
        after = await asyncio.gather(*[stage.submit(n) for n in range(500, 540)])
        return patient, refused, slow, after

    patient, refused, slow, after = play(ledger, act, queue_s=0.2)
    assert codes(patient + after) == ["00"] * 80
    assert len(refused) >= 60
    assert codes(slow) == ["00"] * (100 - len(refused)) + ["91"] * len(refused)


def test_who_is_answered_and_comes_again_at_once_is_in_the_next_group():
    ledger = FakeLedger()

    async def keep_asking(stage, first):
        for number in range(10):
            await stage.submit(first + number)

    async def act(stage):
        ledger.behave = lambda requests: (
            time.sleep(0.005) or [outcome(request) for request in requests]
        )
        await asyncio.gather(*[keep_asking(stage, 100 * who) for who in range(20)])

    play(ledger, act)
    assert sum(len(group) for group in ledger.groups) == 200
    assert len(ledger.groups) <= 14  # two sets that take turns would need twice as many


def test_a_close_is_counted_when_it_is_executed_and_not_when_it_is_repeated():
    ledger = FakeLedger()

    async def act(stage):
        count = stage.counters.registry.get_sample_value
        for status in ("new", "repeat"):
            ledger.behave = lambda requests, status=status: [
                outcome(request, status=status) for request in requests
            ]
            await stage.submit(7, command="close")
        return count("ekarte_batches_closed_total", {"how": "terminal"})

    assert play(ledger, act) == 1


def test_one_that_asks_alone_never_waits_for_others():
    ledger = FakeLedger()

    async def act(stage):
        began_s = time.monotonic()
        for number in range(50):
            await stage.submit(number)
        return time.monotonic() - began_s

    assert play(ledger, act) < 0.4  # with a wait of 10 ms each it would be 0.5


def test_a_task_that_waited_too_long_is_answered_91_and_never_executed():
    ledger = FakeLedger()

    async def act(stage):
        old = stage.submit(1, born_s=time.monotonic() - 6)
        new = stage.submit(2)
        return await asyncio.gather(old, new)

    assert codes(play(ledger, act)) == ["91", "00"]
    assert [r.operation for group in ledger.groups for r in group] == [2]


def test_a_busy_card_is_tried_again_until_it_is_free():
    ledger = FakeLedger()
    tries: list[int] = []

    def behave(requests):
        tries.append(len(requests))
        status = "busy" if len(tries) < 5 else "new"
        rc = "91" if status == "busy" else "00"
        return [outcome(request, rc, status) for request in requests]

    ledger.behave = behave
    assert play(ledger, lambda stage: stage.submit(1)).rc == "00"
    assert len(tries) == 5


def test_a_crowd_at_one_busy_card_is_refused_and_others_are_served():
    ledger = FakeLedger()

    def behave(requests):
        return [
            outcome(r, "91", "busy") if r.operation < 100 else outcome(r)
            for r in requests
        ]

    ledger.behave = behave

    async def act(stage):
        crowd = []
        for n in range(8):
            crowd.append(stage.submit(n))
            await asyncio.sleep(0.02)  # the queue itself is short here as well
        other = await stage.submit(100)
        refused = [future for future in crowd if future.done()]
        ledger.behave = None
        await asyncio.gather(*crowd)
        return other, [f.result().rc for f in refused], [f.result().rc for f in crowd]

    other, refused, crowd = play(ledger, act, queue_max=5)
    assert other.rc == "00"
    assert refused == ["91"] * 3
    assert crowd.count("00") == 5


def test_a_busy_card_is_given_up_when_its_time_is_over():
    ledger = FakeLedger()
    ledger.behave = lambda requests: [outcome(r, "91", "busy") for r in requests]
    started = time.monotonic()
    verdict = play(ledger, lambda stage: stage.submit(1), wait_s=0.3)
    assert (verdict.rc, verdict.status) == ("91", "unavailable")
    assert 0.3 <= time.monotonic() - started < 8


@pytest.mark.parametrize(
    "fault",
    [
        psycopg2.OperationalError("server closed the connection"),
        psycopg2.InterfaceError("connection already closed"),
        CommitInDoubt("fate unknown"),
    ],
)
def test_a_lost_connection_is_asked_again_by_key(fault):
    """The first commit may have gone through: the second asks and gets the answer."""
    ledger = FakeLedger()
    seen: list[int] = []

    def behave(requests):
        seen.append(len(requests))
        if len(seen) == 1:
            raise fault
        return [outcome(request, "00", "repeat") for request in requests]

    ledger.behave = behave
    verdict = play(ledger, lambda stage: stage.submit(1))
    assert (verdict.rc, verdict.status) == ("00", "repeat")
    assert ledger.closed >= 1


def test_a_ledger_that_stays_away_means_91_and_then_refusal_at_once():
    ledger = FakeLedger()
    stage_ledger: list = [ledger]

    def open_ledger():
        if stage_ledger[0] is None:
            raise psycopg2.OperationalError("no server")
        return stage_ledger[0]

    def behave(requests):
        stage_ledger[0] = None
        raise psycopg2.OperationalError("gone")

    ledger.behave = behave

    async def act():
        counters, board = Counters(), Board(SimpleNamespace(), 0)
        board.hang(NETWORK)
        side = LedgerThread(open_ledger, "side")
        desk = Desk(open_ledger, side, board, lambda: NOW, counters, Limits(wait_s=0.4))
        desk.start()
        await open_for_business(desk)
        stage = SimpleNamespace(desk=desk)
        submit = Stage.submit
        first = await submit(stage, 1)
        assert desk.faults == ["the ledger is away"]
        second = submit(stage, 2)
        assert second.done()
        stage_ledger[0] = FakeLedger()
        await open_for_business(desk)
        third = await submit(stage, 3)
        await desk.stop()
        await side.stop()
        return first, second.result(), third

    assert codes(asyncio.run(asyncio.wait_for(act(), 20))) == ["91", "91", "00"]


def test_a_commit_that_takes_too_long_is_answered_91_once_and_what_is_quick_is_not():
    ledger = FakeLedger()

    async def act(stage):
        quick = await stage.submit(0)
        ledger.gate.clear()
        began = time.monotonic()
        under_way = stage.submit(1)
        await asyncio.sleep(0.05)
        behind = stage.submit(2, command="close")
        late = await asyncio.gather(under_way, behind)
        took_s = time.monotonic() - began
        assert stage.desk.faults == ["the ledger does not answer"]
        ledger.gate.set()  # and both are booked: a second answer would raise
        await open_for_business(stage.desk)
        return quick, late, took_s, await stage.submit(3)

    quick, late, took_s, after = play(ledger, act, wait_s=0.5)
    assert codes([quick, *late, after]) == ["00", "91", "91", "00"]
    assert 0.5 <= took_s < 5
    assert [request.operation for group in ledger.groups for request in group] == [
        0,
        1,
        3,
    ]


def test_our_own_bug_answers_96_and_the_lane_lives_on():
    ledger = FakeLedger()

    def behave(requests):
        if requests[0].operation == 1:
            raise ZeroDivisionError("a bug")
        return [outcome(request) for request in requests]

    ledger.behave = behave

    async def act(stage):
        return [await stage.submit(1), await stage.submit(2)]

    assert codes(play(ledger, act)) == ["96", "00"]


def test_a_seen_nonce_is_refused_and_its_neighbours_are_served():
    ledger = FakeLedger()
    ledger.nonces.add((town.ISO_1, "old"))

    async def act(stage):
        ledger.gate.clear()
        first = stage.submit(0)
        await asyncio.sleep(0.05)
        rest = [stage.submit(1, "old"), stage.submit(2, "new"), stage.submit(3)]
        rest += [stage.submit(4, "twin"), stage.submit(5, "twin")]
        ledger.gate.set()
        return await asyncio.gather(first, *rest)

    verdicts = play(ledger, act)
    assert codes(verdicts) == ["00", "63", "00", "00", "00", "63"]
    assert [v.status for v in verdicts].count("nonce") == 2
    assert [r.operation for group in ledger.groups for r in group] == [0, 2, 3, 4]


@pytest.mark.parametrize("moment", ["before_nonces", "after_nonces"])
def test_a_connection_lost_around_the_nonces_refuses_nobody(moment):
    ledger = FakeLedger()
    calls: list[int] = []

    def once() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise psycopg2.OperationalError("cut")

    setattr(ledger, moment, once)
    verdict = play(ledger, lambda stage: stage.submit(1, "fresh"))
    assert verdict.rc == "00"
    assert len(calls) == 2


def test_an_answer_that_nobody_takes_keeps_no_other_back():
    ledger = FakeLedger()

    async def act(stage):
        def broken(verdict):
            raise ConnectionResetError("gone")

        request = Request(command="sale", terminal=town.ISO_1, operation=1)
        ledger.gate.clear()
        stage.desk.submit(Task(request, "iso8583", broken, time.monotonic()))
        other = stage.submit(2)
        ledger.gate.set()
        return await other

    assert play(ledger, act).rc == "00"


def test_a_stopped_desk_refuses_new_tasks_and_answers_taken_ones():
    ledger = FakeLedger()

    async def act(stage):
        ledger.gate.clear()
        taken = [stage.submit(n) for n in range(300)]
        stopping = asyncio.ensure_future(stage.desk.stop())
        await asyncio.sleep(0.02)
        late = stage.submit(999)
        ledger.gate.set()
        await stopping
        return [future.result().rc for future in taken], late.result().rc

    taken, late = play(ledger, act)
    assert taken == ["00"] * 300
    assert late == "91"


def test_a_terminal_may_send_a_seconds_worth_at_once_and_no_more():
    keyring = SimpleNamespace(terminal_key=lambda terminal, version: bytes(32))
    device = Device(NETWORK, town.ISO_1, keyring, 10)
    assert [device.may_send(100.0) for _ in range(12)].count(True) == 11
    assert not device.may_send(100.05)
    assert device.may_send(100.11)
    assert not device.may_send(100.12)
    free = Device(NETWORK, town.ISO_1, keyring, 0)
    assert all(free.may_send(100.0) for _ in range(1000))


def test_no_device_prints_its_key():
    keyring = SimpleNamespace(terminal_key=lambda terminal, version: b"secret-key" * 3)
    board = Board(keyring, 0)
    board.hang(NETWORK)
    device = board.device(town.ISO_1)
    assert "secret" not in repr(device)
    assert board.device("99999999") is None
