"""The post that Odoo is lent while a year passes: letters are written, none leaves."""

import importlib
from email.message import EmailMessage
from types import TracebackType
from typing import Any


class LentPost:
    """Takes every letter of this process in place of a mail server, and counts it.

    Odoo's own code renders, queues, sends and notes each one; where it would speak
    SMTP, it speaks to this. Use it as a context manager.
    """

    smtp_from = None
    from_filter = False

    def __init__(self) -> None:
        """Nothing has been sent yet."""
        module = importlib.import_module("odoo.addons.base.models.ir_mail_server")
        self._server: Any = module.IrMail_Server
        self._own = self._server._connect__
        self.count = 0

    def __enter__(self) -> "LentPost":
        self._server._connect__ = lambda *_, **__: self
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _fault: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._server._connect__ = self._own

    def send_message(self, _letter: EmailMessage, _sender: str, to: list[str]) -> None:
        """Take a letter."""
        self.count += len(to)

    def quit(self) -> None:
        """Nothing is held open."""
