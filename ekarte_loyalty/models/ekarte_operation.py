import json

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ekarte_core import Parser, SlipLine, slip_rows

SLIP_COLUMNS = 42
SLIPS = Parser(tuple[SlipLine, ...])

COMMANDS = [
    ("inquire", "Inquiry"),
    ("authorize", "Authorization"),
    ("confirm", "Confirmation"),
    ("reverse", "Reversal"),
    ("sale", "Sale"),
    ("accrue", "Purchase paid elsewhere"),
    ("voucher", "Use of a voucher"),
    ("refund", "Refund"),
    ("top_up", "Top-up"),
    ("activate", "Activation"),
    ("block", "Blocking"),
    ("unblock", "Unblocking"),
    ("check_in", "Visit"),
    ("redeem", "Redemption of points"),
    ("enroll", "Questionnaire"),
    ("set_code", "Change of the access code"),
    ("replace", "Replacement of a card"),
    ("pool", "Pooling of cards"),
    ("pay_out", "Pay-out"),
    ("charge_back", "Charge-back"),
    ("write_off", "Write-off"),
    ("restore", "Value restored"),
    ("put_on", "Correction: put on"),
    ("take_off", "Correction: taken off"),
    ("bring_in", "Balance brought in"),
    ("close", "Batch close"),
    ("expire", "Expiry of a reservation"),
    ("lapse", "End of unused value"),
    ("turn", "Period or idleness"),
    ("statement", "Statement"),
    ("charge", "Late charge"),
    ("buried", "Reversed before it came"),
]
ANSWERS = [
    ("00", "00 Approved"),
    ("10", "10 Partly approved"),
    ("03", "03 Unknown branch"),
    ("05", "05 Refused by a rule"),
    ("12", "12 Command not allowed here"),
    ("13", "13 Wrong amount"),
    ("14", "14 Unknown card"),
    ("25", "25 Original not found"),
    ("30", "30 Malformed request"),
    ("41", "41 Card lost"),
    ("43", "43 Card stolen"),
    ("51", "51 Not enough on the card"),
    ("54", "54 Card expired"),
    ("55", "55 Wrong access code"),
    ("57", "57 Not for this card"),
    ("58", "58 Not for this terminal"),
    ("60", "60 Accepted by its issuer only"),
    ("61", "61 Over the limit"),
    ("62", "62 Card blocked"),
    ("63", "63 Wrong signature"),
    ("65", "65 Too often"),
    ("75", "75 Access code locked"),
    ("77", "77 Does not match the original"),
    ("78", "78 Card not activated"),
    ("91", "91 Ledger or bank silent"),
    ("92", "92 No route"),
    ("94", "94 Repeat with other content"),
    ("95", "95 Batch differs"),
    ("96", "96 Fault of the system"),
]


class EkarteOperation(models.Model):
    _name = "ekarte.operation"
    _description = "Operation"
    _inherit = ["ekarte.ledger.view.mixin", "ekarte.scope.mixin"]
    _auto = False
    _order = "id desc"
    # Whom it concerns: the seller, and the issuers whose programs moved.
    _scope_sources = (
        "SELECT id, issuer FROM ekarte.operation",
        """
        SELECT entry.operation_id AS id, purse.issuer
        FROM ekarte.entry AS entry
        INNER JOIN ekarte.purse AS purse ON purse.id = entry.purse_id
        """,
    )
    _depends = {
        "ekarte.branch": ["code"],
        "ekarte.issuer": ["code"],
    }

    name = fields.Char("Operation", readonly=True, help="Terminal / batch / number.")
    at = fields.Datetime("Time", readonly=True)
    business_day = fields.Date(readonly=True)
    terminal = fields.Char(readonly=True)
    batch = fields.Integer(readonly=True, aggregator=None)
    number = fields.Integer(readonly=True, aggregator=None)
    command = fields.Selection(COMMANDS, readonly=True)
    rc = fields.Selection(ANSWERS, "Answer", readonly=True)
    approved = fields.Boolean(compute="_compute_approved")
    card_id = fields.Many2one("ekarte.card", readonly=True)
    other_card_id = fields.Many2one(
        "ekarte.card",
        readonly=True,
        help="Who brought the customer, the new card, the main card of a pool.",
    )
    issuer_code = fields.Char("Seller Code", readonly=True)
    issuer_id = fields.Many2one("ekarte.issuer", "Seller", readonly=True)
    branch_code = fields.Char(readonly=True)
    branch_id = fields.Many2one("ekarte.branch", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary("Purchase", readonly=True)
    discount = fields.Monetary(readonly=True)
    amount_due = fields.Monetary(
        "To Pay", readonly=True, help="What is left to pay by cash or bank card."
    )
    sold = fields.Monetary(
        readonly=True, help="Purchases less refunds and reversals; nothing twice."
    )
    sold_discount = fields.Monetary(
        "Discount Given",
        readonly=True,
        help="Less what refunds and reversals took back.",
    )
    original_key = fields.Integer("Original", readonly=True, aggregator=None)
    original_name = fields.Char("Original Operation", compute="_compute_original_name")
    reference = fields.Char(readonly=True)
    local_time = fields.Datetime("Terminal's Clock", readonly=True)
    network_version = fields.Integer(
        "Decided by Version", readonly=True, aggregator=None
    )
    answer = fields.Text(
        "Answer as Sent",
        readonly=True,
        prefetch=False,
        groups="ekarte_loyalty.ekarte_loyalty_group_administrator",
    )
    decision = fields.Text(
        readonly=True,
        prefetch=False,
        groups="ekarte_loyalty.ekarte_loyalty_group_administrator",
    )
    message = fields.Char(compute="_compute_answer_texts", compute_sudo=False)
    explanation = fields.Text(compute="_compute_answer_texts", compute_sudo=False)
    slip = fields.Text(compute="_compute_answer_texts", compute_sudo=False)
    entry_ids = fields.One2many(
        "ekarte.entry", "operation_id", "Entries", readonly=True
    )

    @api.depends("rc")
    def _compute_approved(self):
        for operation in self:
            operation.approved = operation.rc in ("00", "10")

    @api.depends("original_key")
    def _compute_original_name(self):
        for operation in self:
            original = self.browse(operation.original_key or ()).exists()
            operation.original_name = original.name

    @api.depends("issuer_id")
    @api.depends_context("allowed_company_ids", "uid")
    def _compute_answer_texts(self):
        """Show what was answered to those at whose till it was printed, only."""
        everything = self.env.su or self.env.user.has_group(
            "ekarte_loyalty.ekarte_loyalty_group_administrator"
        )
        for operation in self:
            company = operation.sudo().issuer_id.company_id
            shown = everything or (company and company in self.env.companies)
            answer = json.loads((shown and operation.sudo().answer) or "{}")
            operation.message = answer.get("message") or False
            operation.explanation = "\n".join(answer.get("explain", ())) or False
            lines = SLIPS.from_tree(answer.get("slip", ()))
            rows = slip_rows(lines, SLIP_COLUMNS, large=False)
            operation.slip = "\n".join(row.text for row in rows) or False

    def _search_of_company_ids(self, operator, value):
        """The same as the sources say, for lists of millions: one look-up a row."""
        if operator != "in":
            return NotImplemented
        issuers = self._scope_issuers([("company_id", "in", list(value))])
        moved = SQL("(SELECT operation_id AS id, program FROM ekarte.entry)")
        return Domain("issuer_code", "in", issuers.mapped("code")) | self._scope_exists(
            moved, "program", issuers.program_ids.mapped("code")
        )

    def action_open_card(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ekarte.card",
            "res_id": self.card_id.id,
            "views": [(False, "form")],
        }

    def action_open_original(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.original_key,
            "views": [(False, "form")],
        }

    def action_open_followers(self):
        """List what refers to this operation: confirmation, refunds, a reversal."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_operation_action"
        )
        action["domain"] = [("original_key", "=", self.id)]
        return action
