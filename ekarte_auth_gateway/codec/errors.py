"""The one error a codec may raise."""

from collections.abc import Mapping


class CodecError(Exception):
    """A message cannot be read or written; `field` names the place on the wire.

    Attributes:
        field: ``DE4``, ``DE48.LN`` … ; empty when no field is to blame.
        reason: what is wrong with it.
        fields: what could be read before the fault, for the answer's echo.
    """

    def __init__(
        self, field: str, message: str, fields: Mapping[str, str] | None = None
    ) -> None:
        """Name the place and what is wrong with it, never its value."""
        self.field = field
        self.reason = message
        self.fields = fields or {}
        super().__init__(f"{field}: {message}" if field else message)
