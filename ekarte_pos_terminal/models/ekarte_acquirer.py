"""Banks whose hosts take the bank cards of terminals."""

import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

HOST = re.compile(r"[0-9A-Za-z.\-\[\]:]{1,253}")
INSTITUTION = re.compile(r"[0-9]{0,11}")


class EkarteAcquirer(models.Model):
    _name = "ekarte.acquirer"
    _description = "Bank"
    _inherit = ["ekarte.network.part.mixin", "mail.thread"]
    _order = "code"
    _rec_names_search = ["code", "name"]

    _network_room = "acquirers"

    code = fields.Char(required=True, size=32, copy=False, tracking=True)
    name = fields.Char(required=True, tracking=True)
    host = fields.Char(
        required=True, tracking=True, help="Name or address of the bank's host."
    )
    port = fields.Integer(required=True, tracking=True, aggregator=None)
    profile = fields.Selection(
        [("A", "A: text, two bytes of length"), ("B", "B: packed, with TPDU")],
        string="Message Profile",
        required=True,
        default="A",
        tracking=True,
    )
    mac = fields.Selection(
        [
            ("none", "None"),
            ("hmac-sha256", "HMAC-SHA256"),
            ("aes-cmac", "AES-CMAC"),
            ("x9.19", "X9.19, for old devices"),
        ],
        string="Message Authentication",
        required=True,
        default="none",
        tracking=True,
        help="Its key is a setting of the gateway and never stands here.",
    )
    message = fields.Selection(
        [
            ("0200", "0200: charges at once"),
            ("0100", "0100: charges what it has authorized"),
        ],
        string="Sale",
        required=True,
        default="0200",
        tracking=True,
        help="The message that asks this bank to charge a sale.",
    )
    institution = fields.Char(
        string="Our Number There", size=11, tracking=True, help="Field 32; empty: none."
    )
    reversal_card = fields.Boolean(
        string="Card Number in Reversals",
        tracking=True,
        help="The bank wants the card's number also when a charge is taken back.",
    )
    active = fields.Boolean(default=True)
    terminal_ids = fields.One2many("ekarte.terminal", "acquirer_id", readonly=True)

    _code_uniq = models.UniqueIndex("(code)", "This code is taken.")
    _port_in_limits = models.Constraint(
        "CHECK (port BETWEEN 1 AND 65535)", "A port is from 1 to 65535."
    )

    @api.constrains("host", "institution")
    def _check_host(self):
        for bank in self:
            if not HOST.fullmatch(bank.host):
                raise ValidationError(
                    self.env._("Enter the name or the address of the bank's host.")
                )
            if not INSTITUTION.fullmatch(bank.institution or ""):
                raise ValidationError(
                    self.env._("Our number at the bank has at most 11 digits.")
                )

    def _network_part(self):
        return {
            "code": self.code,
            "name": self.name,
            "host": self.host,
            "port": self.port,
            "profile": self.profile,
            "mac": self.mac,
            "message": self.message,
            "institution": self.institution or "",
            "reversal_card": self.reversal_card,
        }
