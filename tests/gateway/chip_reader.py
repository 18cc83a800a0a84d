"""The other side of the room's wall: starts it, and tells it what hands do."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.gateway.gateway_process import ROOT

_DEBIAN = Path("/usr/lib/python3/dist-packages/smartcard")
# All that the room needs, besides the system's own Python.
_INSIDE = (
    "tests/gateway/chip_room.py",
    "tests/gateway/chip_card.py",
    "ekarte_terminal/chip/memory.py",
    "ekarte_terminal/chip/types.py",
)
_APART = ["unshare", "--user", "--map-root-user", "--net", "--mount"]


class ChipReader:
    """A reader with cards that are put in, pulled out and copied."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.path = _with_pyscard(folder)
        apart = subprocess.run(
            [*_APART, "true"], capture_output=True, check=False
        ).returncode
        self._process = subprocess.Popen(
            [
                *([] if apart else _APART),
                # The system's own Python: see _house.
                *(os.path.realpath(sys.executable), "-m", "tests.gateway.chip_room"),
                str(folder),
            ],
            cwd=_house(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._said()
        self.door = str(folder / "door")

    def __call__(self, do: str, card: str = "", **told: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, "card": card, **told}) + "\n")
        self._process.stdin.flush()
        return self._said()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(15) == 0

    def environment(self) -> dict[str, str]:
        """What a program needs to find this reader."""
        path = os.pathsep.join([str(ROOT), *self.path])
        return {"PCSCLITE_CSOCK_NAME": self.door, "PYTHONPATH": path}

    def _said(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the room has gone"
        said: dict[str, Any] = json.loads(line)
        return said


def _house(folder: Path) -> Path:
    """Lay the room's files where it may read them.

    Behind its wall it has lost the one capability by which servers read a checkout
    that lies in somebody's home.
    """
    for name in _INSIDE:
        laid = folder / "house" / name
        laid.parent.mkdir(parents=True, exist_ok=True)
        # Packages without their front doors: those want packages that are not inside.
        for package in laid.relative_to(folder / "house").parents:
            (folder / "house" / package / "__init__.py").touch()
        shutil.copy(ROOT / name, laid)
    return folder / "house"


def _with_pyscard(folder: Path) -> list[str]:
    """Debian's pyscard is not in the virtual environment: lend it, and nothing else."""
    if importlib.util.find_spec("smartcard") is not None:
        return []
    assert _DEBIAN.is_dir(), "apt-get install python3-pyscard"
    lent = folder / "lent"
    lent.mkdir()
    (lent / "smartcard").symlink_to(_DEBIAN)
    return [str(lent)]
