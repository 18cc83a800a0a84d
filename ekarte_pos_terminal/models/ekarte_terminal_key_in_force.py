"""Which key of a terminal the gateways take: it may have changed it over the wire."""

from datetime import timezone

from odoo import fields, models

from ekarte_core import WIRE_KEYS, key_in_force, terminal_keys_in_use


class EkarteTerminal(models.Model):
    _inherit = "ekarte.terminal"

    key_in_force = fields.Char(
        string="Key in Force",
        compute="_compute_key_in_force",
        help="The key that gateways take from this terminal: the version handed out, "
        "and how many times the terminal has changed it over the wire since then.",
    )
    key_in_force_at = fields.Datetime(
        string="In Force Since",
        compute="_compute_key_in_force",
        help="When the terminal first used the key that it got over the wire.",
    )

    def _compute_key_in_force(self):
        used = terminal_keys_in_use(
            self.env.cr, [terminal.code for terminal in self if terminal.code]
        )
        for terminal in self:
            terminal.key_in_force, terminal.key_in_force_at = self._tell_key(
                terminal.key_version, used.get(terminal.code)
            )

    def _tell_key(self, handed, used):
        """Return (words, since when) of the key handed out and the one used last."""
        if used is None or key_in_force(handed, used.version) == handed:
            return str(handed), False
        version, change = divmod(used.version, WIRE_KEYS)
        words = self.env._(
            "%(version)s, change %(change)s", version=version, change=change
        )
        return words, used.at.astimezone(timezone.utc).replace(tzinfo=None)
