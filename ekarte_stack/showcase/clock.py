"""The clock that Odoo is lent while a year passes; the core is always told the time."""

import importlib
from datetime import datetime, timezone
from types import SimpleNamespace, TracebackType
from typing import Any

from freezegun.api import freeze_time

TELL_THE_CORE = ("ekarte_desk", "ekarte_draw", "ekarte_network")
"""Where Odoo asks for the time to tell it to the core, which wants a plain one."""


class LentClock:
    """Stands where it was put; use it as a context manager."""

    def __init__(self, moment: datetime, cursor: Any) -> None:
        self._cursor = cursor
        self.moment = moment.astimezone(timezone.utc)
        # The core asks nobody; we measure how long things take by the real clock.
        self._frozen = freeze_time(
            self.moment, ignore=["ekarte_core", "ekarte_stack", "psycopg2"]
        )
        self._plain: dict[str, object] = {}

    def __enter__(self) -> "LentClock":
        told = SimpleNamespace(now=lambda _zone: self.moment)
        for name in TELL_THE_CORE:
            module = importlib.import_module(
                f"odoo.addons.ekarte_loyalty.models.{name}"
            )
            self._plain[name] = module.__dict__["datetime"]
        self._hands = self._frozen.start()
        for name in TELL_THE_CORE:
            self._module(name).__dict__["datetime"] = told
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _fault: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._frozen.stop()
        for name, plain in self._plain.items():
            self._module(name).__dict__["datetime"] = plain

    def stand(self, moment: datetime) -> None:
        """Put it to a moment."""
        self.moment = moment.astimezone(timezone.utc)
        self._hands.move_to(self.moment)
        # Odoo asks PostgreSQL once in a transaction, for the dates of its records.
        self._cursor._now = self.moment.replace(tzinfo=None)

    def _module(self, name: str) -> object:
        return importlib.import_module(f"odoo.addons.ekarte_loyalty.models.{name}")
