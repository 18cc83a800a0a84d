"""Cards of another system, with their balances: checked first, then booked at once."""

import base64
from datetime import datetime, timezone

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ekarte_core import note_cards

from ..card_import import Checker, Faulty
from ..keyring import server_keyring
from ..ledger import writing_the_ledger
from ..spreadsheet import TableInvalid, read_table, write_csv
from .own import check_still_own, without_defaults

ACCOUNTANT = "ekarte_loyalty.ekarte_loyalty_group_accountant"
CHUNK = 200
BY_STEPS = {"state", "digest", "problem_count", "move_id", "booked_by_id", "line_ids"}
BY_STEPS |= {"fault"}
"""Changed by reading a file and by booking it only."""


class EkarteCardImport(models.Model):
    """One file. It is read, checked and forgotten: what is kept names cards by their
    ledger ids and masks, never by their numbers."""

    _name = "ekarte.card.import"
    _description = "Import of Cards"
    _inherit = ["mail.thread"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char("File Name", required=True, readonly=True, default="-")
    file = fields.Binary(store=False, help="CSV or XLSX; it is not kept.")
    file_name = fields.Char("Name of the File", store=False)
    issuer_id = fields.Many2one(
        "ekarte.issuer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env["ekarte.issuer"]._default_issuer(),
    )
    company_id = fields.Many2one(related="issuer_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        readonly=True,
        default=lambda self: self.env["ekarte.network"]._get().currency_id,
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("checked", "Checked"),
            ("queued", "Being Booked"),
            ("done", "Booked"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    digest = fields.Char(readonly=True, copy=False)
    line_ids = fields.One2many(
        "ekarte.card.import.line", "import_id", "Lines", readonly=True
    )
    card_count = fields.Integer("Cards", readonly=True)
    line_count = fields.Integer("Number of Lines", readonly=True)
    lines_done = fields.Integer(compute="_compute_lines_done")
    problem_count = fields.Integer("Problems", readonly=True)
    money = fields.Monetary("Money on Cards", readonly=True)
    points = fields.Integer(readonly=True)
    fault = fields.Text(
        "Why It Was Not Booked", readonly=True, copy=False, help="Nothing was booked."
    )
    account_id = fields.Many2one(
        "account.account",
        "Opening Account",
        check_company=True,
        tracking=True,
        help="What is owed to holders until now, in the old books. The opening entry "
        "moves it from here.",
    )
    move_id = fields.Many2one(
        "account.move", "Opening Entry", readonly=True, copy=False
    )
    booked_by_id = fields.Many2one("res.users", readonly=True, copy=False)

    # The last guard against booking a file twice.
    _digest_uniq = models.UniqueIndex(
        "(issuer_id, digest) WHERE state IN ('queued', 'done')",
        "This file has been booked already.",
    )

    @api.depends("state", "line_count")
    def _compute_lines_done(self):
        done = self.env["ekarte.card.import.progress"].sudo()._of(self)
        for one in self:
            booked = one.state == "done"
            one.lines_done = one.line_count if booked else done.get(one.id, 0)

    # Reading

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_steps(*vals_list)
        files = [vals.pop("file", False) for vals in vals_list]
        names = [vals.pop("file_name", False) for vals in vals_list]
        plain = self if self.env.su else without_defaults(self, BY_STEPS)
        imports = super(EkarteCardImport, plain).create(vals_list)
        for one, file, name in zip(imports, files, names, strict=True):
            one._read(file, name)
        return imports

    def write(self, vals):
        self._refuse_steps(vals)
        file, name = vals.pop("file", False), vals.pop("file_name", False)
        done = super().write(vals)
        check_still_own(self)
        for one in self:
            one._read(file, name)
        return done

    def _check_staff(self):
        mine = self.issuer_id.company_id in self.env.companies
        if not (mine and self.env.user.has_group(ACCOUNTANT)):
            raise AccessError(
                self.env._("Only an accountant of the issuer imports cards.")
            )

    def _refuse_steps(self, *several):
        if not self.env.su and any(BY_STEPS & set(vals) for vals in several):
            raise AccessError(self.env._("This is noted by the buttons only."))

    def _read(self, file, name):
        """Check a file; of its numbers stays what the ledger makes of them."""
        if not file:
            return
        if self.state not in ("draft", "checked"):
            raise UserError(self.env._("This import is booked: begin another one."))
        self._check_staff()
        content = base64.b64decode(file)
        try:
            lines = self._checked(content)
        except (TableInvalid, Faulty) as fault:
            raise UserError(
                self.env._(
                    "This file cannot be read: %(why)s.", why=fault.told(self.env)
                )
            ) from fault
        self.sudo().source_ids.unlink()
        self._keep(lines, name or self.env._("Cards"), content)

    def _keep(self, lines, name, content):
        """Keep checked lines, and a digest of what they were made of."""
        self.sudo().line_ids.unlink()
        self.sudo().write(
            {
                "name": name,
                "state": "checked",
                "digest": self._digest_of(content),
                "line_ids": [Command.create(line) for line in lines],
                "card_count": len({line["row"] for line in lines}),
                "line_count": len(lines),
                "problem_count": sum(1 for line in lines if line["problem"]),
                "money": sum(line["amount"] for line in lines if line["is_money"]),
                "points": sum(line["points"] for line in lines),
                "fault": False,
            }
        )

    def _digest_of(self, content):
        return server_keyring(self.env).body_digest(content).hex()

    def _checked(self, content):
        """Return the lines of a file, with what is wrong with each."""
        checker = self._checker()
        rows = read_table(content)
        checker.read_header(next(rows, None))
        lines, waiting = [], []
        for row in rows:
            waiting.append(row)
            if len(waiting) == CHUNK:
                lines += self._chunk(checker, waiting)
                waiting = []
        return lines + self._chunk(checker, waiting)

    def _checker(self):
        today = fields.Date.context_today(self)
        return Checker(self.env, self.issuer_id, today)

    def _note(self, cards):
        """Put identifiers on file; what stays of them are ledger ids."""
        with writing_the_ledger(self.env):
            return note_cards(
                self.env.cr,
                self.env["ekarte.desk"]._network(),
                server_keyring(self.env),
                cards,
                datetime.now(timezone.utc),
            )

    def _chunk(self, checker, rows):
        noted = self._note([checker.card_of(row) for row in rows])
        checker.expect(rows, noted)
        found = []
        for row, card in zip(rows, noted, strict=True):
            found += checker.lines_of(row, card)
        return found

    def action_open_move(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
        }

    def action_template(self):
        return {
            "type": "ir.actions.act_url",
            "url": "/ekarte/card-import/template",
            "target": "download",
        }

    @api.model
    def _template(self):
        """Return a CSV with the header that a file of this issuer may have."""
        issuer = self.env["ekarte.issuer"]._default_issuer()
        today = fields.Date.context_today(self)
        return write_csv([Checker(self.env, issuer, today).header()])

    @api.ondelete(at_uninstall=False)
    def _unlink_only_unbooked(self):
        if any(one.state in ("queued", "done") for one in self):
            raise UserError(self.env._("What was booked is kept."))
