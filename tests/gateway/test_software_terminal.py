"""ekarte-terminal as its own process, over each transport, and killed in between."""

import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateway import town
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.modem import NullModem
from tests.gateway.software_terminal import PATIENCE_S, Till


def _addresses(gateway: GatewayProcess) -> dict[str, tuple[str, str]]:
    return {
        "http": (town.HTTP_1, gateway.url),
        "iso A": (town.ISO_1, f"iso://127.0.0.1:{gateway.iso_port}"),
        "iso B": (
            town.ISO_B_CMAC,
            f"iso://127.0.0.1:{gateway.iso_b_port}?profile=B&mac=aes-cmac",
        ),
        "frame": (town.FRAME_1, f"frame://127.0.0.1:{gateway.frame_port}"),
    }


@pytest.fixture
def till(gateway: GatewayProcess, tmp_path: Path) -> Till:
    return Till(gateway, tmp_path, town.HTTP_2, gateway.url)


DAY: list[dict[str, Any]] = [
    {"command": "activate", "card": "gift", "amount": "20.00"},
    {"command": "sale", "card": "gift", "amount": "7.00"},
    {"command": "sale", "card": "gift", "amount": "50.00"},
    {"command": "sale", "card": "club", "amount": 1750},
    {"command": "cancel"},
    {"command": "inquire", "card": "gift"},
    {"command": "close"},
]


def _day() -> list[dict[str, Any]]:
    cards = {"gift": town.gift_number(), "club": town.club_number()}
    return [
        row | ({"card": cards[row["card"]]} if "card" in row else {}) for row in DAY
    ]


def _check_day(code: int, rows: list[dict[str, Any]]) -> None:
    codes = [row["answer"]["rc"] for row in rows]
    assert codes == ["00", "00", "51", "00", "00", "00", "00"], rows
    assert code == 1, "one of them was declined"
    assert rows[5]["answer"]["balances"][0]["value"] == 1300


@pytest.mark.parametrize("transport", ["http", "iso A", "iso B", "frame"])
def test_a_day_is_played_and_closed(
    gateway: GatewayProcess, tmp_path: Path, transport: str
) -> None:
    till = Till(gateway, tmp_path, *_addresses(gateway)[transport])
    _check_day(*till.script(*_day()))


def test_a_day_is_played_and_closed_on_a_line(
    make_gateway: Any, tmp_path: Path
) -> None:
    modem = NullModem(tmp_path)
    try:
        line = f"{modem.gateway_path}={town.SERIAL_1}@115200"
        gateway = make_gateway(EKARTE_SERIAL=line).start_ready()
        address = f"serial://{modem.terminal_path}?baud=115200"
        till = Till(gateway, tmp_path, town.SERIAL_1, address)
        _check_day(*till.script(*_day()))
    finally:
        modem.close()


def test_a_single_command_prints_its_slip(till: Till) -> None:
    card = town.club_number()
    done = till.run("sale", "--card", "-", "--amount", "17.50", told=f"{card}\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("APPROVED  00")
    assert "16.62" in done.stdout, "what is due stands on the slip"
    assert card not in done.stdout + done.stderr


def test_what_is_wrong_is_refused_before_it_is_sent(till: Till) -> None:
    card = town.club_number()
    code, rows = till.script(
        {"command": "sale", "card": card, "amount": "a lot"},
        {"command": "sale", "card": card, "amount": 1, "operation": 7},
        {"command": "sale", "card": "12"},
        {"command": "dance"},
    )
    assert [row["outcome"] for row in rows] == ["refused_here"] * 4
    assert code == 2
    assert till.journal_text().count("sent") == 0


def test_numbers_go_on_after_a_restart_and_batches_after_a_close(till: Till) -> None:
    sale = {"command": "sale", "card": town.club_number(), "amount": 100}
    first = till.script(sale)[1][0]
    second = till.script(sale, {"command": "close"})[1][0]
    third = till.script(sale, {"command": "close"})[1][0]
    assert second["operation"] == first["operation"] + 1
    assert second["batch"] == first["batch"]
    assert third["batch"] == first["batch"] + 1


def test_two_processes_do_not_share_a_journal(till: Till) -> None:
    one = subprocess.Popen(
        till.argv("--script", "-"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        _until((till.state / "lock").exists)
        other = till.run("echo")
        assert other.returncode == 4
        assert "another terminal" in other.stderr
    finally:
        one.communicate(timeout=PATIENCE_S)
    assert till.run("echo").returncode == 0


def test_a_key_that_others_may_read_is_refused(till: Till) -> None:
    key = till.config.parent / "terminal.key"
    key.chmod(0o644)
    done = till.run("echo")
    assert done.returncode == 4
    assert "chmod 600" in done.stderr
    assert key.read_text().strip() not in done.stderr


# --- silence and power cuts


class Wire:
    """Stands before the gateway; may keep back what comes, or what goes."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.deaf = self.mute = False
        self.seen = threading.Event()  # a message that was kept back
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._port))
            for source, target, out in ((near, far, True), (far, near, False)):
                threading.Thread(
                    target=self._pass, args=(source, target, out), daemon=True
                ).start()

    def _pass(self, source: socket.socket, target: socket.socket, out: bool) -> None:
        try:
            while data := source.recv(65536):
                if self.deaf if out else self.mute:
                    self.seen.set()
                    continue
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return  # the other side is gone: so is this one

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def wire(gateway: GatewayProcess) -> Iterator[Wire]:
    made = Wire(gateway.http_port)
    yield made
    made.close()


def _killed_while_waiting(till: Till, wire: Wire, row: dict[str, Any]) -> None:
    """Send one command whose answer does not come, and cut the power."""
    process = subprocess.Popen(till.argv("--script", "-"), stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(json.dumps(row).encode() + b"\n")
    process.stdin.flush()
    assert wire.seen.wait(PATIENCE_S)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdin.close()


def _until(holds: Any) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def _load(till: Till, card: str) -> None:
    done, rows = till.script({"command": "activate", "card": card, "amount": 2000})
    assert done == 0, rows


def _balance(till: Till, card: str) -> int:
    rows = till.script({"command": "inquire", "card": card})[1]
    return int(rows[-1]["answer"]["balances"][0]["value"])


@pytest.mark.parametrize("lost", ["the message", "the answer"])
def test_a_power_cut_between_message_and_answer_loses_nothing(
    gateway: GatewayProcess, tmp_path: Path, wire: Wire, lost: str
) -> None:
    till = Till(gateway, tmp_path, town.HTTP_2, f"http://{wire.address}")
    card = town.gift_number()
    _load(till, card)
    wire.deaf, wire.mute = lost == "the message", lost == "the answer"
    _killed_while_waiting(till, wire, {"command": "sale", "card": card, "amount": 700})
    assert card not in till.journal_text(), "no card number on the disk"

    wire.deaf = wire.mute = False
    code, rows = till.script({"command": "resolve"}, {"command": "close"})
    found = rows[0]
    assert found["found"]
    assert found["command"] == "sale"
    if lost == "the answer":
        assert found["answer"]["amount"] == 700
        assert _balance(till, card) == 1300
    else:
        assert found["outcome"] == "declined"
        assert _balance(till, card) == 2000
    assert rows[-1]["answer"]["rc"] == "00", "the totals are the host's"
    assert code == (0 if lost == "the answer" else 1)


def test_a_power_cut_while_a_reversal_is_out_sends_it_again(
    gateway: GatewayProcess, tmp_path: Path, wire: Wire
) -> None:
    till = Till(gateway, tmp_path, town.HTTP_2, f"http://{wire.address}")
    card = town.gift_number()
    _load(till, card)
    till.script({"command": "sale", "card": card, "amount": 700})
    wire.deaf = True
    _killed_while_waiting(till, wire, {"command": "cancel"})
    assert _balance_elsewhere(gateway, tmp_path, card) == 1300
    wire.deaf = False
    code, rows = till.script({"command": "close"})
    assert [row["outcome"] for row in rows] == ["approved", "approved"]
    assert rows[0]["command"] == "reverse"
    assert code == 0
    assert _balance(till, card) == 2000


def _balance_elsewhere(gateway: GatewayProcess, folder: Path, card: str) -> int:
    other = folder / "other"
    other.mkdir()
    return _balance(Till(gateway, other, town.HTTP_1, gateway.url), card)


def test_a_batch_that_the_gateway_has_closed_is_left_behind(till: Till) -> None:
    sale = {"command": "sale", "card": town.club_number(), "amount": 100}
    first = till.script(sale)[1][0]
    # The same terminal closes from elsewhere, as the gateway's housekeeping would.
    spare = sorted(till.state.iterdir())
    kept = {path: path.read_bytes() for path in spare}
    assert till.script({"command": "close"})[0] == 0
    for path in till.state.iterdir():
        path.unlink()
    for path, data in kept.items():
        path.write_bytes(data.replace(b'"next": 1}', b'"next": 100}'))
    code, rows = till.script({"command": "sale", "card": sale["card"], "amount": 300})
    assert code == 0, rows
    assert rows[-1]["batch"] == first["batch"] + 1
