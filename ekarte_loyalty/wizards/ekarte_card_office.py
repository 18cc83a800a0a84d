"""What the back office settles with a holder, on the card and in the books at once."""

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ekarte_core import Original

from ..models.ekarte_document_operation import APPROVED, figures_of
from ..units import from_minor, to_minor

ACCOUNTANT = "ekarte_loyalty.ekarte_loyalty_group_accountant"
OPERATOR = "ekarte_loyalty.ekarte_loyalty_group_operator"
OFFICE_BATCH = 1
COMMANDS = [
    ("pay", "Payment of Credit"),
    ("pay_out", "Pay-out"),
    ("charge_back", "Charge-back"),
    ("write_off", "Write-off"),
    ("restore", "Value Restored"),
    ("reverse", "Undo"),
]
IN_THE_LEDGER = {"pay": "top_up"}
OF_A_PURSE = ("pay", "pay_out", "write_off")
OF_AN_OPERATION = ("charge_back", "restore", "reverse")
# What the bank or the cash box gets of it.
MONEY = {"pay": 1, "pay_out": -1, "charge_back": -1}


class EkarteCardOffice(models.TransientModel):
    """Settle something with the holder of a card.

    The card ledger books it, settlement posts its half against the card tender, and
    what moved at the bank or in the cash box is an entry made here: together they leave
    the card tender empty. One transaction: both, or neither. The operation's number is
    drawn when the dialog is opened, so that pressing twice books once.
    """

    _name = "ekarte.card.office"
    _description = "Back-office operation on a card"

    card_id = fields.Many2one("ekarte.card", required=True, readonly=True)
    command = fields.Selection(COMMANDS, required=True, readonly=True)
    number = fields.Integer(
        "Operation",
        required=True,
        readonly=True,
        default=lambda self: self.env["ekarte.desk"]._next_number(),
    )
    issuer_id = fields.Many2one(
        "ekarte.issuer",
        required=True,
        readonly=True,
        default=lambda self: self.env["ekarte.issuer"]._default_issuer(),
    )
    company_id = fields.Many2one(related="issuer_id.company_id")
    currency_id = fields.Many2one(
        "res.currency",
        default=lambda self: self.env["ekarte.network"]._get().currency_id,
    )
    purse_id = fields.Many2one(
        "ekarte.purse",
        "From",
        compute="_compute_purse_id",
        store=True,
        readonly=False,
        domain="[('id', 'in', purse_ids)]",
    )
    purse_ids = fields.Many2many("ekarte.purse", compute="_compute_purse_ids")
    original = fields.Char("Of Operation", readonly=True)
    most = fields.Monetary("At Most", compute="_compute_most")
    amount = fields.Monetary(compute="_compute_amount", store=True, readonly=False)
    journal_id = fields.Many2one(
        "account.journal",
        "Bank or Cash",
        compute="_compute_journal_id",
        store=True,
        readonly=False,
        check_company=True,
        domain="[('type', 'in', ('bank', 'cash')), ('company_id', '=', company_id)]",
    )
    date = fields.Date(required=True, default=fields.Date.context_today)
    reason = fields.Char(required=True, size=64, help="Kept with the operation.")

    @api.depends("card_id", "command", "issuer_id")
    def _compute_purse_ids(self):
        for office in self:
            # A seller restores to cards of others, which it does not read.
            asked = office.command in OF_A_PURSE
            purses = office.card_id.purse_ids if asked else office.purse_ids.browse()
            office.purse_ids = purses.filtered(office._is_settled_of)

    def _is_settled_of(self, purse):
        """Say whether a purse has what this command is about."""
        if purse.issuer_id != self.issuer_id:
            return False
        if self.command == "pay_out":
            gift = purse.program_id.kind == "gift_card" and purse.measure == "money"
            return gift and purse.balance > 0
        owed = self.command in ("pay", "write_off") and purse.measure == "credit"
        return owed and purse.balance < 0

    @api.depends("purse_ids", "number")
    def _compute_purse_id(self):
        for office in self:
            known = office.purse_id in office.purse_ids
            usual = office.purse_id if known else office.purse_ids[:1]
            office.purse_id = office._booked_purse() or usual

    def _booked_purse(self):
        """Return the purse that this very operation has moved already, if it has: a
        repeat says the same, also where nothing is owed any more."""
        nothing = self.env["ekarte.purse"]
        if self.command not in OF_A_PURSE or not (self.issuer_id and self.number):
            return nothing
        booked = (
            self.env["ekarte.operation"]
            .sudo()
            .search(
                [
                    ("terminal", "=", self._terminal()),
                    ("batch", "=", OFFICE_BATCH),
                    ("number", "=", self.number),
                    ("card_id", "=", self.card_id.id),
                    ("command", "=", self._command()),
                ]
            )
        )
        if not booked:
            return nothing
        entries = self.env["ekarte.entry"].sudo()
        moved = entries.search([("operation_id", "in", booked.ids)]).purse_id
        # What a statement has billed moves beside what is owed.
        return moved.filtered(lambda purse: purse.measure in ("credit", "money"))[:1]

    @api.depends("purse_id", "command")
    def _compute_most(self):
        for office in self:
            purse = office.purse_id
            paid_out = office.command == "pay_out"
            office.most = purse.available if paid_out else -purse.balance

    @api.depends("purse_id")
    def _compute_amount(self):
        for office in self:
            office.amount = office.amount or office.most

    @api.depends("issuer_id")
    def _compute_journal_id(self):
        for office in self:
            office.journal_id = self.env["account.journal"].search(
                [
                    *self.env["account.journal"]._check_company_domain(
                        office.company_id
                    ),
                    ("type", "in", ("bank", "cash")),
                ],
                limit=1,
            )

    @api.constrains("amount", "command")
    def _check_amount(self):
        for office in self:
            if office.command not in OF_A_PURSE or to_minor(office.amount) > 0:
                continue
            # Nobody typed the zero of a card that has nothing of the kind.
            if not office.purse_id:
                raise ValidationError(office._nothing_there())
            raise ValidationError(self.env._("The amount must be above zero."))

    def action_do(self):
        """Book it on the card and in the books; raise where the ledger refuses."""
        self.ensure_one()
        self._check_may()
        number, answer = (
            self.env["ekarte.desk"]
            .sudo()
            ._execute(
                self._command(),
                self._terminal(),
                batch=OFFICE_BATCH,
                operation=self.number,
                reference=self.reason.strip(),
                **self._parts(),
            )
        )
        if answer.rc not in APPROVED:
            raise UserError(
                self.env._(
                    "Refused: %(why)s",
                    why=" ".join([answer.message, *answer.explain]),
                )
            )
        if self.command == "reverse":
            self._undo_entry()
        elif self.command in MONEY and not self._operation(self._terminal(), number):
            self._keep(self._post_entry(answer), answer)
        return self._told(answer)

    def _check_may(self):
        """An accountant of the issuer's company; card or operation may be seen."""
        if self.command in OF_A_PURSE:
            self.card_id.check_access("read")
        else:
            self._check_original()
        user = self.env.user
        mine = self.issuer_id.company_id in self.env.companies
        # Payments are taken at the service desk, too; all else is the accountant's.
        desk = self.command == "pay" and user.has_group(OPERATOR)
        if not (mine and (desk or user.has_group(ACCOUNTANT))):
            raise AccessError(
                self.env._("Only an accountant of the issuer settles with holders.")
            )

    def _check_original(self):
        terminal, batch, number = self._key()
        operation = self.env["ekarte.operation"].search(
            [
                ("terminal", "=", terminal),
                ("batch", "=", int(batch)),
                ("number", "=", int(number)),
            ]
        )
        if not operation or operation.card_id != self.card_id:
            raise UserError(self.env._("Choose the operation that this is about."))

    def _command(self):
        return IN_THE_LEDGER.get(self.command, self.command)

    def _terminal(self):
        return self.issuer_id._back_office_id()

    def _parts(self):
        """What the command needs beside the card's id."""
        if self.command in OF_AN_OPERATION:
            terminal, batch, number = self._key()
            return {
                "original": Original(
                    terminal=terminal, batch=int(batch), operation=int(number)
                )
            }
        if not self.purse_id:
            # Without a program the ledger would load whatever the card has.
            raise UserError(self._nothing_there())
        return {
            "card": self.env["ekarte.desk"]._by_id(self.card_id.id),
            "program": self.purse_id.program_code,
            "amount": to_minor(self.amount),
        }

    def _nothing_there(self):
        if self.command == "pay_out":
            return self.env._("Nothing on this card can be paid out.")
        return self.env._("Nothing is owed on this card.")

    def _key(self):
        parts = (self.original or "").split("/")
        if len(parts) != 3 or not all(part.isdigit() for part in parts[1:]):
            raise UserError(self.env._("Choose the operation that this is about."))
        return parts

    # The books

    def _post_entry(self, answer):
        """Post what the bank or the cash box paid or got, against the card tender."""
        company = self.issuer_id.company_id
        tender = company._ekarte_account("TND")
        if not (self.journal_id and tender):
            raise UserError(
                self.env._(
                    "%(company)s lacks a bank or cash journal, or its card tender "
                    "account: run E-karte > Accounting > Accounts.",
                    company=company.display_name,
                )
            )
        balance = MONEY[self.command] * from_minor(answer.amount)
        label = f"{self._label()} {self.card_id.sudo().number} · {self.reason}"
        partner = self.env["ekarte.holder"].sudo()._of(self.card_id.ids, self.issuer_id)
        holder = partner.get(self.card_id.id, self.env["res.partner"])
        items = [(self._liquidity_account(), balance), (tender, -balance)]
        move = (
            self.env["account.move"]
            .sudo()
            .with_company(company)
            .create(
                {
                    "move_type": "entry",
                    "company_id": company.id,
                    "journal_id": self.journal_id.id,
                    "date": self.date,
                    "ref": label,
                    "ekarte_key": self._entry_key(self._terminal(), self.number),
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": account.id,
                                "name": label,
                                "partner_id": holder.id,
                                "balance": sum_,
                                "tax_ids": [Command.clear()],
                            }
                        )
                        for account, sum_ in items
                    ],
                }
            )
        )
        move._post(soft=False)
        return move

    def _liquidity_account(self):
        """Where payments of the journal wait for a bank statement, else the bank."""
        journal = self.journal_id
        lines = (
            journal.inbound_payment_method_line_ids
            if MONEY[self.command] > 0
            else journal.outbound_payment_method_line_ids
        )
        return lines.payment_account_id[:1] or journal.default_account_id

    @staticmethod
    def _entry_key(terminal, number):
        return f"card/{terminal}/{OFFICE_BATCH}/{number}"

    def _label(self):
        commands = dict(self._fields["command"]._description_selection(self.env))
        return commands[self.command]

    def _keep(self, move, answer):
        """Note which entry belongs to the operation."""
        self.env["ekarte.document.operation"].sudo().create(
            {
                "res_model": move._name,
                "res_id": move.id,
                "purpose": self.command,
                "state": "booked",
                "company_id": move.company_id.id,
                "card_id": self.card_id.id,
                "terminal": self._terminal(),
                "batch": OFFICE_BATCH,
                "number": self.number,
                "auth_code": answer.auth_code,
                "figures": figures_of(answer),
            }
        )

    def _operation(self, terminal, number):
        return (
            self.env["ekarte.document.operation"]
            .sudo()
            .search(
                [
                    ("terminal", "=", terminal),
                    ("batch", "=", OFFICE_BATCH),
                    ("number", "=", number),
                ]
            )
        )

    def _undo_entry(self):
        """Reverse the entry of the operation that was undone, if it had one."""
        terminal, _batch, number = self._key()
        operation = self._operation(terminal, int(number))
        if operation.state != "booked":
            return
        move = self.env[operation.res_model].sudo().browse(operation.res_id)
        move.with_context(ekarte_reversal=True)._reverse_moves(
            [
                {
                    "date": self.date,
                    "ref": self.env._("Undone: %(what)s", what=move.ref),
                    "ekarte_key": f"{move.ekarte_key}/undone",
                }
            ],
            cancel=True,
        )
        operation.state = "undone"

    def _told(self, answer):
        text = " ".join(answer.explain) or self.env._(
            "%(what)s: %(amount)s", what=self._label(), amount=from_minor(answer.amount)
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": text,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
