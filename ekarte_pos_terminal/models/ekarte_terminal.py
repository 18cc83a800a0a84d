"""The registry of external terminals: who may speak to the gateway, from where."""

import logging
import re

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL

from odoo.addons.ekarte_loyalty.keyring import server_keyring
from odoo.addons.ekarte_loyalty.terminal_ids import ODOO_PREFIXES

_logger = logging.getLogger(__name__)

TERMINAL_ID = re.compile(r"[0-9A-Z]{8}")
HOLD_S_MAX = 24 * 60 * 60
ADMINISTRATOR = "ekarte_loyalty.ekarte_loyalty_group_administrator"


class EkarteTerminal(models.Model):
    _name = "ekarte.terminal"
    _description = "Terminal"
    _inherit = ["ekarte.network.part.mixin", "mail.thread"]
    _order = "branch_id, code"
    _rec_names_search = ["code", "name"]

    _network_room = "terminals"
    _network_field_names = {
        "id": "code",
        "branch": "branch_id",
        "certificates": "certificate",
        "columns": "slip_columns",
        "bank": "acquirer_id",
    }
    _ledger_columns = (("operation", "terminal"),)

    code = fields.Char(
        string="Terminal ID",
        required=True,
        size=8,
        copy=False,
        tracking=True,
        help="Eight digits or capital letters: the number the terminal signs in with.",
    )
    name = fields.Char(
        required=True, tracking=True, help="What people call it: till 2, pump 4."
    )
    branch_id = fields.Many2one(
        "ekarte.branch", required=True, ondelete="restrict", index=True, tracking=True
    )
    issuer_id = fields.Many2one(related="branch_id.issuer_id", store=True, index=True)
    company_id = fields.Many2one(related="issuer_id.company_id")
    protocol = fields.Selection(
        [
            ("http", "HTTP/JSON, signed"),
            ("iso8583", "ISO 8583 over TCP"),
            ("serial", "Serial line, or its frame over TCP"),
            ("nexo", "nexo, JSON"),
        ],
        required=True,
        default="http",
        tracking=True,
    )
    mac = fields.Selection(
        [
            ("hmac-sha256", "HMAC-SHA256"),
            ("aes-cmac", "AES-CMAC"),
            ("x9.19", "X9.19, for old devices"),
            ("none", "None"),
        ],
        string="Message Authentication",
        required=True,
        default="hmac-sha256",
        tracking=True,
        help="How its messages are proved genuine, HTTP apart: there every request is "
        "signed. Without it, anybody who reaches the gateway's port may pose as this "
        "terminal.",
    )
    hold_s = fields.Integer(
        string="Hold, Seconds",
        required=True,
        default=300,
        tracking=True,
        aggregator=None,
        help="How long an authorization reserves value: 300, for pumps 3600.",
    )
    state = fields.Selection(
        [("active", "Active"), ("blocked", "Blocked")],
        required=True,
        default="active",
        copy=False,
        tracking=True,
    )
    key_version = fields.Integer(
        required=True, default=1, readonly=True, copy=False, aggregator=None
    )
    # The version whose key somebody has seen; 0: none yet. The key itself is nowhere.
    key_shown_version = fields.Integer(
        default=0, readonly=True, copy=False, aggregator=None
    )
    key_shown_at = fields.Datetime(string="Key Handed Out", readonly=True, copy=False)
    last_seen = fields.Datetime(
        compute="_compute_last_seen",
        help="When the ledger last kept an operation of this terminal.",
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.UniqueIndex("(code)", "This terminal ID is taken.")
    _hold_s_in_limits = models.Constraint(
        f"CHECK (hold_s BETWEEN 1 AND {HOLD_S_MAX})",
        "A hold lasts from one second to one day.",
    )

    @api.depends("code", "name")
    def _compute_display_name(self):
        for terminal in self:
            terminal.display_name = (
                f"{terminal.code or ''} {terminal.name or ''}".strip()
            )

    def _compute_last_seen(self):
        # The key index leads to the latest operation without reading the others.
        self.env.cr.execute(
            SQL(
                "SELECT t.code, o.at AT TIME ZONE 'UTC'"
                " FROM unnest(%s::text[]) AS t (code)"
                " CROSS JOIN LATERAL ("
                "  SELECT at FROM ekarte.operation WHERE terminal = t.code"
                "  ORDER BY batch DESC, number DESC LIMIT 1) AS o",
                [terminal.code for terminal in self if terminal.code],
            )
        )
        seen = dict(self.env.cr.fetchall())
        for terminal in self:
            terminal.last_seen = seen.get(terminal.code, False)

    @api.constrains("code")
    def _check_code(self):
        for terminal in self:
            if not TERMINAL_ID.fullmatch(terminal.code):
                raise ValidationError(
                    self.env._(
                        "Terminal ID %(code)s: eight digits or capital letters.",
                        code=terminal.code,
                    )
                )
            if terminal.code[:2] in ODOO_PREFIXES:
                raise ValidationError(
                    self.env._(
                        "Terminal IDs that begin with %(prefix)s belong to Odoo's own "
                        "desks.",
                        prefix=terminal.code[:2],
                    )
                )

    def _network_part(self):
        return {
            "id": self.code,
            "branch": self.branch_id.code,
            "name": self.name,
            "protocol": self.protocol,
            "state": self.state,
            "key_version": self.key_version,
            "mac": self.mac,
            "hold_s": self.hold_s,
        }

    def action_block(self):
        """Refuse every request of these terminals from now on."""
        self.write({"state": "blocked"})

    def action_unblock(self):
        """Serve these terminals again."""
        self.write({"state": "active"})

    def action_create_key(self):
        """Ask before a key is made: the one before it ends."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Terminal Key"),
            "res_model": "ekarte.terminal.key",
            "view_mode": "form",
            "target": "new",
            "context": {"default_terminal_id": self.id},
        }

    def action_open_operations(self):
        """Open what this terminal sent."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_operation_action"
        )
        return {**action, "domain": [("terminal", "=", self.code)], "context": {}}

    @api.private
    def hand_out_key(self):
        """Return a key nobody has seen, 64 hexadecimal characters, for this once.

        A key that was shown before is replaced by the next version, which is published
        with the network; the old one ends with that.
        """
        self.ensure_one()
        if not self.env.su and not self.env.user.has_group(ADMINISTRATOR):
            raise AccessError(
                self.env._("Only an E-karte administrator hands out terminal keys.")
            )
        self.lock_for_update()
        version = self.key_version
        if self.key_shown_version >= version:
            version += 1
        key = server_keyring(self.env).terminal_key(self.code, version).hex()
        self._note_key_shown(version)
        _logger.info(
            "key version %s of terminal %s handed out to user %s",
            version,
            self.code,
            self.env.uid,
        )
        self.message_post(
            body=self.env._("Key version %(version)s handed out.", version=version),
            subtype_xmlid="mail.mt_note",
        )
        return key

    def _note_key_shown(self, version):
        """Remember that somebody has this version's key, not the key."""
        if self.key_shown_version == version:
            return
        self.write(
            {
                "key_version": version,
                "key_shown_version": version,
                "key_shown_at": fields.Datetime.now(),
            }
        )
