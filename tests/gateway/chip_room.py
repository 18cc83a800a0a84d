"""A room with a reader of chip cards: pcscd, a virtual reader, cards of ours.

``python -m tests.gateway.chip_room FOLDER`` runs where nobody else's network is, if
the machine lets it (`unshare`): the virtual reader listens on all addresses. What it
is told comes as JSON lines; the door to pcscd is FOLDER/door (PCSCLITE_CSOCK_NAME).
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.gateway.chip_card import ChipCard

DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
PCSCD = "/usr/sbin/pcscd"  # not on everybody's path
READER = "Room"
PORT = 35963
_RUN = Path("/run/pcscd")
_DOOR_FD = 9
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_ATR = 4
_OFF_ON_RESET = (0, 1, 2)


class Room:
    """Cards by name, one of them in the reader at most."""

    def __init__(self, folder: Path, port: int) -> None:
        self._port = port
        self.cards: dict[str, ChipCard] = {}
        self._wire: socket.socket | None = None
        door = socket.socket(socket.AF_UNIX)
        door.bind(str(folder / "door"))
        door.listen(16)
        os.dup2(door.fileno(), _DOOR_FD)
        conf = folder / "readers"
        conf.mkdir()
        (conf / "virtual").write_text(
            f'FRIENDLYNAME "{READER}"\nDEVICENAME /dev/null:{port:#x}\n'
            f"LIBPATH {DRIVER}\nCHANNELID {port:#x}\n"
        )
        # As systemd hands a socket over: so it need not lie where root puts it.
        program = f"LISTEN_FDS=1 LISTEN_PID=$$ exec {PCSCD} -f -c {conf} 3<&{_DOOR_FD}"
        self._pcscd = subprocess.Popen(
            ["sh", "-c", program],
            pass_fds=(_DOOR_FD,),
            stdin=subprocess.DEVNULL,
            stdout=(folder / "pcscd.log").open("wb"),
            stderr=subprocess.STDOUT,
        )

    def close(self) -> None:
        self.remove()
        self._pcscd.terminate()
        self._pcscd.wait(10)

    def insert(self, name: str) -> None:
        self.remove()
        card = self.cards[name]
        card.insert()
        for _ in range(100):
            try:
                wire = socket.create_connection(("127.0.0.1", self._port), timeout=5)
                break
            except ConnectionRefusedError:
                threading.Event().wait(0.05)
        else:
            raise SystemExit("pcscd does not listen")
        wire.settimeout(None)
        self._wire = wire
        threading.Thread(target=_serve, args=(wire, card), daemon=True).start()

    def remove(self) -> None:
        if self._wire is not None:
            with suppress(OSError):
                self._wire.shutdown(socket.SHUT_RDWR)
            self._wire = None


def _serve(wire: socket.socket, card: ChipCard) -> None:
    """Speak vpcd's protocol: two bytes of length, then a control byte or an APDU."""
    with wire, suppress(OSError):
        while True:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            head = _exactly(wire, 2)
            asked = _exactly(wire, int.from_bytes(head, "big")) if head else b""
            if not asked:
                return
            if len(asked) == 1 and asked[0] in _OFF_ON_RESET:
                card.reset()
                continue
            said = card.atr if asked == bytes([_ATR]) else card.answer(asked)
            if card.out:
                return  # pulled in the middle: no answer
            wire.sendall(struct.pack(">H", len(said)) + said)


def _exactly(wire: socket.socket, count: int) -> bytes:
    made = b""
    while len(made) < count:
        part = wire.recv(count - len(made))
        if not part:
            return b""
        made += part
    return made


def _own_network() -> bool:
    """Bring up the loopback of a network of our own; False: it is the machine's."""
    with socket.socket() as any_socket:
        wish = struct.pack("16sh", b"lo", 0)
        flags = struct.unpack("16sh", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, wish))[1]
        if flags & _IFF_UP:
            return False
        up = struct.pack("16sh", b"lo", flags | _IFF_UP)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, up)
    return True


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _do(room: Room, told: dict[str, Any]) -> dict[str, Any]:
    name = told.get("card", "")
    if told["do"] == "new":
        room.cards[name] = ChipCard(told["kind"])
    elif told["do"] == "insert":
        room.insert(name)
    elif told["do"] == "remove":
        room.remove()
    elif told["do"] == "tear":
        room.cards[name].tear_after = told["after"]
    elif told["do"] == "copy":
        room.cards.setdefault(told["to"], ChipCard(room.cards[name].kind))
        room.cards[told["to"]].put_back(room.cards[name].image())
    elif told["do"] == "code":
        room.cards[name].code = bytes.fromhex(told["code"])
    return {"tries": room.cards[name].tries} if name else {}


def main(folder: Path) -> None:
    """Do what comes, until nothing comes."""
    port = PORT
    if _own_network():
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
        _RUN.mkdir()
    else:
        port = _free_port()
    if not _RUN.is_dir():
        raise SystemExit(f"pcscd wants a folder: as root, mkdir {_RUN}")
    room = Room(folder, port)
    try:
        print("{}", flush=True)
        for line in sys.stdin:
            print(json.dumps(_do(room, json.loads(line))), flush=True)
    finally:
        room.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
