"""A software terminal with a cable that can be cut, and a clock that can be put on."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ekarte_auth_gateway.testing import TerminalError
from ekarte_core import Answer, CardRef, Request
from ekarte_terminal import Journal, Session, load_settings
from ekarte_terminal.alone import Alone
from ekarte_terminal.line import Line, open_line
from ekarte_terminal.slot import open_slot
from tests.gateway.gateway_process import GatewayProcess


class Cable:
    """Between a till and the gateway; may lose what goes or comes, or be too fast."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.cut = self.mute = self.slowed = False
        self.messages = 0

    def send(self, request: Request, *, repeat: bool) -> Answer:
        self.messages += 1
        if self.cut:
            raise TerminalError("cut")
        if self.slowed:  # "too many messages a second": nobody looks at it
            return Answer(rc="65")
        answer = self._line.send(request, repeat=repeat)
        if self.mute:
            raise TerminalError("the answer is lost")
        return answer

    def close(self) -> None:
        self._line.close()


class Shop:
    """A till that may decide alone, with its disk and its clock."""

    def __init__(
        self,
        host: GatewayProcess,
        folder: Path,
        number: str,
        connect: str = "",
        **more: str,
    ) -> None:
        key = folder / "key"
        key.write_text(host.key(number).hex())
        key.chmod(0o600)
        keys = host.sql("SELECT public_key FROM ekarte.parameters_key")
        told = {"number": number, "connect": connect or host.url, "key_file": str(key)}
        told |= {"state": str(folder / "state"), "pause_s": "0", "tries": "2"}
        told |= {"branch": "G1", "parameters_keys": bytes(keys[0][0]).hex()}
        self.settings = load_settings(None, told | more)
        self.later = timedelta(0)
        self.cable = Cable(open_line(self.settings))
        self.number = number
        self.switch_on()

    def now(self) -> datetime:
        return datetime.now().astimezone() + self.later

    def switch_on(self) -> None:
        self.journal = Journal(self.settings.state, self.now)
        assert self.settings.key is not None
        self.slot = open_slot(self.settings, self.now)
        self.alone = Alone(self.settings, self.settings.key, self.now, self.slot)
        self.session = Session(
            *(self.settings, self.cable, self.journal, self.now),
            alone=self.alone,
            slot=self.slot,
        )

    def switch_off(self) -> None:
        self.journal.close()

    def sale(self, card: str, amount: int, **told: Any) -> Any:
        named = CardRef(kind="keyed", value=card)
        return self.session.run("sale", card=named, amount=amount, **told)

    def mend(self) -> list[Any]:
        """The line is back: what was decided alone is told."""
        self.cable.cut = self.cable.mute = self.cable.slowed = False
        self.session.try_again()
        return self.session.tend_all()

    def disk(self) -> bytes:
        files = [path for path in self.settings.state.rglob("*") if path.is_file()]
        return b"".join(path.read_bytes() for path in files)
