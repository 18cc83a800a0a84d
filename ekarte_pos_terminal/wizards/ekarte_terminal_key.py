from odoo import fields, models


class EkarteTerminalKey(models.TransientModel):
    """Asks before a key is made. Holds no key: its rows lie in the database."""

    _name = "ekarte.terminal.key"
    _description = "Create a Terminal Key"

    terminal_id = fields.Many2one("ekarte.terminal", required=True, ondelete="cascade")
    replaces = fields.Boolean(compute="_compute_replaces")

    def _compute_replaces(self):
        for wizard in self:
            terminal = wizard.terminal_id
            wizard.replaces = terminal.key_shown_version >= terminal.key_version

    def action_create_key(self):
        """Show the new key; the answer to this call is the only place it goes to."""
        self.ensure_one()
        terminal = self.terminal_id
        key = terminal.hand_out_key()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Key of Terminal %(code)s", code=terminal.code),
            "res_model": "ekarte.terminal.key.shown",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_key": key,
                "default_code": terminal.code,
                "default_key_version": terminal.key_version,
            },
        }


class EkarteTerminalKeyShown(models.AbstractModel):
    """The key on the screen. Abstract: there is no table that could keep it."""

    _name = "ekarte.terminal.key.shown"
    _description = "Terminal Key, Shown Once"

    # The form view of a model without a table asks for an id all the same.
    id = fields.Id()
    code = fields.Char(string="Terminal ID", readonly=True)
    key_version = fields.Integer(readonly=True)
    key = fields.Char(readonly=True)
