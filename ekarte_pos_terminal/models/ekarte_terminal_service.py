"""How a terminal is served: its messages, slips, what it may do alone, its bank."""

import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.ekarte_loyalty.units import to_clock, to_minor

PUMP_HOLD_S = 3600
FINGERPRINT = re.compile(r"[0-9a-f]{64}")
PORT = r"([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])"
PRINTER = re.compile(
    rf"tcp://[0-9A-Za-z.\-\[\]:]{{1,253}}:{PORT}"
    r"|serial:///dev/[0-9A-Za-z/_.-]{1,80}(\?baud=\d{3,7})?"
)
PRINTER_PROFILE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,31}")
BANK_TERMINAL = re.compile(r"[0-9A-Za-z]{1,8}")
BANK_ACCEPTOR = re.compile(r"[0-9A-Za-z]{1,15}")


class EkarteTerminal(models.Model):
    _inherit = "ekarte.terminal"

    profile = fields.Selection(
        [("A", "A: text, two bytes of length"), ("B", "B: packed, with TPDU")],
        string="Message Profile",
        required=True,
        default="A",
        tracking=True,
        help="How ISO 8583 messages are written; the terminal's manual says which.",
    )
    pump = fields.Boolean(
        tracking=True,
        help="A fuel pump: value is reserved first, and what was delivered is "
        "confirmed later.",
    )
    certificate = fields.Char(
        tracking=True,
        help="SHA-256 fingerprint of the terminal's TLS certificate, 64 hexadecimal "
        "digits. With one, only who shows that certificate is this terminal.",
    )
    next_certificate = fields.Char(
        tracking=True,
        help="The one that will follow: both are accepted until the old is removed.",
    )
    slip_columns = fields.Integer(
        string="Characters per Line",
        required=True,
        default=32,
        tracking=True,
        aggregator=None,
        help="Of the slip: 32 on paper of 58 mm, 42 or 48 on 80 mm.",
    )
    printer = fields.Char(
        tracking=True,
        help="Where the gateway prints slips for a terminal that has no printer: "
        "tcp://192.0.2.7:9100 or serial:///dev/ttyUSB0?baud=9600. Empty: nowhere.",
    )
    printer_profile = fields.Char(
        string="Kind of Printer",
        required=True,
        default="default",
        tracking=True,
        help="Its name in the list of ESC/POS printers, such as TM-T88III.",
    )
    closes_itself = fields.Boolean(
        string="Close Batches on Time",
        tracking=True,
        help="What the terminal has left open is closed at that time of its branch, by "
        "the ledger's own figures.",
    )
    close_at = fields.Float(
        string="At",
        default=23.5,
        tracking=True,
        aggregator=None,
        help="On the branch's clock.",
    )
    offline = fields.Boolean(
        string="May Work Offline",
        tracking=True,
        help="While nobody answers it decides by itself, within these limits, and "
        "tells of it later. What it tells is always booked; what goes beyond stands in "
        "Offline Exceptions.",
    )
    offline_amount_max = fields.Monetary(
        string="Largest Operation", currency_field="limit_currency_id", tracking=True
    )
    offline_card_day_max = fields.Monetary(
        string="One Card a Day", currency_field="limit_currency_id", tracking=True
    )
    offline_count_max = fields.Integer(
        string="Operations in a Row",
        tracking=True,
        aggregator=None,
        help="How many without having been in touch in between.",
    )
    offline_age_h_max = fields.Integer(
        string="Told Within, Hours", default=24, tracking=True, aggregator=None
    )
    offline_stop_list_age_h_max = fields.Integer(
        string="Stop List Not Older Than, Hours",
        default=24,
        tracking=True,
        aggregator=None,
        help="With an older list of blocked cards it decides nothing.",
    )
    limit_currency_id = fields.Many2one(
        "res.currency", compute="_compute_limit_currency_id", compute_sudo=True
    )
    acquirer_id = fields.Many2one(
        "ekarte.acquirer",
        string="Bank",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        help="Whose host takes the bank cards of this terminal.",
    )
    bank_terminal = fields.Char(
        string="Terminal Number at the Bank", size=8, tracking=True
    )
    bank_acceptor = fields.Char(
        string="Shop Number at the Bank", size=15, tracking=True
    )

    _slip_columns_in_limits = models.Constraint(
        "CHECK (slip_columns BETWEEN 24 AND 64)",
        "A slip has 24 to 64 characters in a line.",
    )
    _offline_limits_not_negative = models.Constraint(
        "CHECK (offline_amount_max >= 0 AND offline_card_day_max >= 0"
        " AND offline_count_max BETWEEN 0 AND 100000)",
        "Offline limits are not negative, and at most 100000 operations in a row.",
    )
    _offline_ages_in_limits = models.Constraint(
        "CHECK (offline_age_h_max BETWEEN 1 AND 8784"
        " AND offline_stop_list_age_h_max BETWEEN 1 AND 8784)",
        "Offline ages are from one hour to one year.",
    )
    _close_at_in_a_day = models.Constraint(
        "CHECK (close_at >= 0 AND close_at < 23.995)",
        "A batch is closed between 0:00 and 23:59.",
    )

    def _compute_limit_currency_id(self):
        self.limit_currency_id = self.env["ekarte.network"]._get().currency_id

    @api.onchange("pump")
    def _onchange_pump(self):
        if self.pump and self.hold_s == self._fields["hold_s"].default(self):
            self.hold_s = PUMP_HOLD_S

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([_with_plain_certificates(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(_with_plain_certificates(vals))

    @api.constrains("certificate", "next_certificate")
    def _check_certificates(self):
        for terminal in self:
            for fingerprint in filter(None, terminal._certificates()):
                if not FINGERPRINT.fullmatch(fingerprint):
                    raise ValidationError(
                        self.env._(
                            "A certificate's fingerprint has 64 hexadecimal digits "
                            "(SHA-256)."
                        )
                    )

    @api.constrains("printer", "printer_profile")
    def _check_printer(self):
        for terminal in self:
            if terminal.printer and not PRINTER.fullmatch(terminal.printer):
                raise ValidationError(
                    self.env._(
                        "A printer is written as tcp://192.0.2.7:9100 or as "
                        "serial:///dev/ttyUSB0?baud=9600."
                    )
                )
            if not PRINTER_PROFILE.fullmatch(terminal.printer_profile):
                raise ValidationError(
                    self.env._("A kind of printer is named as TM-T88III or default.")
                )

    @api.constrains("acquirer_id", "bank_terminal", "bank_acceptor")
    def _check_bank(self):
        for terminal in self.filtered("acquirer_id"):
            if not (
                BANK_TERMINAL.fullmatch(terminal.bank_terminal or "")
                and BANK_ACCEPTOR.fullmatch(terminal.bank_acceptor or "")
            ):
                raise ValidationError(
                    self.env._(
                        "The bank knows the terminal by up to 8 letters and digits, "
                        "and the shop by up to 15: enter both numbers."
                    )
                )

    def _certificates(self):
        self.ensure_one()
        return [self.certificate, self.next_certificate]

    def _network_part(self):
        return {
            **super()._network_part(),
            "profile": self.profile,
            "certificates": [one for one in self._certificates() if one],
            "columns": self.slip_columns,
            "printer": self.printer or "",
            "printer_profile": self.printer_profile,
            "close_at": to_clock(self.close_at) if self.closes_itself else "",
            "pump": self.pump,
            "offline": self._offline_part() if self.offline else None,
            **self._bank_part(),
        }

    def _offline_part(self):
        return {
            "amount_max": to_minor(self.offline_amount_max),
            "card_day_max": to_minor(self.offline_card_day_max),
            "count_max": self.offline_count_max,
            "age_h_max": self.offline_age_h_max,
            "stop_list_age_h_max": self.offline_stop_list_age_h_max,
        }

    def _bank_part(self):
        # An archived bank is not in the network.
        there = self.acquirer_id.active
        return {
            "bank": self.acquirer_id.code if there else "",
            "bank_terminal": (there and self.bank_terminal) or "",
            "bank_acceptor": (there and self.bank_acceptor) or "",
        }


def _with_plain_certificates(vals):
    """Fingerprints are pasted as tools show them: AB:CD:…"""
    plain = {
        name: re.sub(r"[\s:]", "", vals[name]).lower()
        for name in ("certificate", "next_certificate")
        if vals.get(name)
    }
    return vals | plain
