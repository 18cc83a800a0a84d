"""Booking an import: all of it or nothing, on the cards and in the books."""

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..card_import_people import give
from ..queries import fetch
from ..units import from_minor

IMPORT_BATCH = 2
"""The batch of all operations of imports: their numbers are made of the import's."""
NUMBERS_EACH = 1_000_000
AT_ONCE = 3_000
"""Lines that are booked while one waits; more are booked in the background."""
CHUNK = 200
COUNTER_ACCOUNTS = {"gift_load": "TND", "bonus_grant": "XPM", "bonus_restore": "XLS"}
"""Where settlement books the other side of a balance that was brought in."""


class EkarteCardImport(models.Model):
    _inherit = "ekarte.card.import"

    def action_book(self):
        """Book all of it or nothing; a long file in the background."""
        self.ensure_one()
        self._check_staff()
        if self.state != "checked" or self.problem_count:
            raise UserError(self.env._("Only a file without problems is booked."))
        same = [("issuer_id", "=", self.issuer_id.id), ("digest", "=", self.digest)]
        earlier = self.sudo().search(
            [*same, ("state", "in", ("queued", "done"))], limit=1
        )
        if earlier:
            raise UserError(
                self.env._(
                    "This file has been booked already, on %(day)s.",
                    day=earlier.write_date.date(),
                )
            )
        self._check_accounts()
        self.sudo().write(
            {"state": "queued", "booked_by_id": self.env.uid, "fault": False}
        )
        if self.line_count > AT_ONCE:
            self.env["ekarte.card.import.progress"]._begin(self)
            self.env.ref("ekarte_loyalty.ekarte_card_import_cron")._trigger()
        else:
            self._book()

    def _check_accounts(self):
        company = self.issuer_id.company_id
        missing = [
            key
            for key in sorted(set(COUNTER_ACCOUNTS.values()))
            if not company._ekarte_account(key)
        ]
        worth = any(line.amount or line.points for line in self.line_ids)
        if worth and (missing or not company.ekarte_journal_id):
            raise UserError(
                self.env._(
                    "%(company)s lacks accounts: run E-karte > Accounting > Accounts.",
                    company=company.display_name,
                )
            )
        if worth and not self.account_id:
            raise UserError(
                self.env._("Choose the account that the balances come from.")
            )

    @api.model
    def _cron_book(self):
        """Book what waits, each file in a transaction of its own."""
        cron = self.env["ir.cron"]
        waiting = self.sudo().search([("state", "=", "queued")])
        cron._commit_progress(remaining=len(waiting))
        for one in waiting:
            booking = one.with_user(one.booked_by_id).with_company(one.company_id)
            booking.with_context(ekarte_progress=True)._book_or_tell()
            if not cron._commit_progress(1):
                return

    def _book_or_tell(self):
        """Book while nobody waits: what stands in the way is told on the form."""
        try:
            with self.env.cr.savepoint():
                self._book()
        except UserError as fault:
            self.invalidate_recordset()
            self.sudo().write({"state": "checked", "fault": str(fault)})

    def _book(self):
        """All of it or nothing: what the ledger refuses is told line by line."""
        importing = self.sudo()
        with self.env.cr.savepoint() as savepoint:
            refused = importing._booked_meanwhile() or importing._book_lines()
            if not refused:
                importing.move_id = importing._post_entry()
                give(importing.env, importing.issuer_id, importing.line_ids)
                importing.state = "done"
                return
            savepoint.rollback()
        importing.invalidate_recordset()
        for line, problem in refused:
            line.problem = problem
        importing.write({"state": "checked", "problem_count": len(refused)})

    def _booked_meanwhile(self):
        """Return the lines whose cards another import brought in after the check."""
        done = self.line_ids._booked(self.issuer_id).mapped("card_id.id")
        twice = set(done) & {line.card_id.id for line in self.line_ids}
        problem = self.env._("Its balances have been imported already.")
        return [(line, problem) for line in self.line_ids if line.card_id.id in twice]

    def _book_lines(self):
        cards = self.env["ekarte.card"].browse(self.line_ids.mapped("card_id").ids)
        new = set(cards.filtered(lambda card: card.state == "new").ids)
        first = {line.card_id.id: line for line in reversed(self.line_ids)}
        opened = [line for card, line in first.items() if card in new]
        worth = [line for line in self.line_ids if line.program_id]
        steps = len(opened) + len(worth)
        half = NUMBERS_EACH // 2
        refused = self._execute(opened, "activate", half, (0, steps))
        return refused or self._execute(worth, "bring_in", 0, (len(opened), steps))

    def _tell_progress(self, done, steps):
        if self.env.context.get("ekarte_progress"):
            lines = self.line_count * done // steps
            self.env["ekarte.card.import.progress"]._tell(self, lines)

    def _execute(self, lines, command, offset, progress):
        """Execute one command for each line; return those that are refused."""
        refused = []
        for start in range(0, len(lines), CHUNK):
            chunk = lines[start : start + CHUNK]
            answers = self.env["ekarte.desk"]._execute_many(
                self.issuer_id._back_office_id(),
                IMPORT_BATCH,
                [
                    {
                        "command": command,
                        "operation": self.id * NUMBERS_EACH + offset + line.number,
                        "reference": self.env._("Import %(number)s", number=self.id),
                        **line._parts(command),
                    }
                    for line in chunk
                ],
            )
            self._tell_progress(progress[0] + start + len(chunk), progress[1])
            refused += [
                (line, " ".join([answer.message, *answer.explain]))
                for line, answer in zip(chunk, answers, strict=True)
                if answer.rc != "00"
            ]
        return refused

    def _post_entry(self):
        """Post the one opening entry: out of the old account, against settlement's."""
        self.env.flush_all()
        sums = fetch(
            self.env.cr,
            "card_import.sql",
            "brought_in",
            terminal=self.issuer_id._back_office_id(),
            batch=IMPORT_BATCH,
            first=self.id * NUMBERS_EACH,
            last=(self.id + 1) * NUMBERS_EACH - 1,
        )
        company = self.issuer_id.company_id
        items = [
            (company._ekarte_account(COUNTER_ACCOUNTS[event]), -worth)
            for event, worth in sums
            if worth
        ]
        if not items:
            return self.env["account.move"]
        items.append((self.account_id, -sum(worth for _account, worth in items)))
        label = self.env._("Opening balances of cards: %(file)s", file=self.name)
        move = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "entry",
                    "company_id": company.id,
                    "journal_id": company.ekarte_journal_id.id,
                    "date": fields.Date.context_today(self),
                    "ref": label,
                    "ekarte_key": f"card/import/{self.id}",
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": account.id,
                                "name": label,
                                "balance": from_minor(worth),
                                "tax_ids": [Command.clear()],
                            }
                        )
                        for account, worth in items
                    ],
                }
            )
        )
        move._post(soft=False)
        return move
