"""Many terminals at once on one card: money is spent once."""

import threading
from collections import Counter

from ekarte_auth_gateway.testing import HttpTerminal, IsoTerminal
from tests.gateway import town
from tests.gateway.shop import ask, balance, gift_card, order


def test_thirty_two_terminals_spend_fifty_euros_exactly(gateway):
    value = gift_card(gateway.http(), 5000)
    codes: Counter[str] = Counter()
    lock = threading.Lock()
    start = threading.Barrier(32)

    def spend(number: int) -> None:
        terminal = (
            HttpTerminal(gateway.url, town.HTTP_1, gateway.key(town.HTTP_1))
            if number % 2
            else IsoTerminal(
                "127.0.0.1", gateway.iso_port, town.ISO_1, gateway.key(town.ISO_1)
            )
        )
        start.wait()
        for _ in range(4):
            answer = ask(terminal, "sale", card=value, amount=100)
            with lock:
                codes[answer.rc] += 1
        terminal.close()

    threads = [
        threading.Thread(target=spend, args=(n,), daemon=True) for n in range(32)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == {"00": 50, "51": 78}
    assert balance(gateway.http(), value) == 0


def test_one_operation_sent_by_many_at_once_is_booked_once(gateway):
    http = gateway.http()
    value = gift_card(http, 5000)
    request = order("sale", gateway.iso(), card=value, amount=100)
    answers = []
    start = threading.Barrier(16)

    def send() -> None:
        terminal = IsoTerminal(
            "127.0.0.1", gateway.iso_port, town.ISO_1, gateway.key(town.ISO_1)
        )
        start.wait()
        terminal.send(request)
        answers.append(terminal.last_raw)
        terminal.close()

    threads = [threading.Thread(target=send, daemon=True) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 16
    assert len(set(answers)) == 1
    assert balance(http, value) == 4900


def test_overload_is_answered_503_and_91_and_passes(make_gateway):
    """A queue of one: most are refused at once, nothing is lost, then all is well."""
    gateway = make_gateway(EKARTE_QUEUE_MAX="1").start_ready()
    told: list[tuple[str, int, str | None]] = []
    start = threading.Barrier(24)

    def pay() -> None:
        terminal = HttpTerminal(gateway.url, town.HTTP_1, gateway.key(town.HTTP_1))
        start.wait()
        for _ in range(3):
            answer = ask(terminal, "sale", card=town.club_number(), amount=100)
            wait = terminal.last_headers.get("Retry-After")
            told.append((answer.rc, terminal.last_status, wait))
        terminal.close()

    threads = [threading.Thread(target=pay, daemon=True) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(told) == {("00", 200, None), ("91", 503, "1")}
    approved = [rc for rc, _, _ in told].count("00")
    assert gateway.operations() == approved
    assert ask(gateway.http(), "echo").rc == "00"
    assert gateway.broken_invariants() == []


def test_one_terminal_object_may_be_shared_by_threads(gateway):
    terminal = gateway.http()
    wrong = []

    def work() -> None:
        for _ in range(10):
            request = order("sale", terminal, card=town.club_number(), amount=100)
            answer = terminal.send(request)
            if answer.rc != "00":
                wrong.append(answer)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
