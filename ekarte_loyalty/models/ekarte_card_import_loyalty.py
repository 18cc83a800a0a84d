"""Cards of Odoo's own loyalty programs, brought in as cards of another system are.

The module `loyalty` is no dependency (docs/adr/0009): where it is not installed there
is nothing to bring in, and nothing to see of it.
"""

import json
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..card_import import NUMBER
from ..card_reference import card_reference
from ..units import from_minor
from .ekarte_card_import_source import MONEY, TAKEN_BY

CARD = "loyalty.card"
PROGRAM = "loyalty.program"
CHUNK = 200
ROUNDED = {"up": ROUND_CEILING, "down": ROUND_FLOOR}


class EkarteCardImport(models.Model):
    _inherit = "ekarte.card.import"

    has_loyalty = fields.Boolean(compute="_compute_has_loyalty")
    source_ids = fields.One2many(
        "ekarte.card.import.source", "import_id", "Programs of Odoo"
    )

    def _compute_has_loyalty(self):
        self.has_loyalty = CARD in self.env

    # Finding programs

    def action_find_programs(self):
        """List Odoo's programs that have cards: what each becomes is to be chosen."""
        self.ensure_one()
        self._check_unbooked()
        found = [
            (program, self._loyalty_cards(program)) for program in self._programs()
        ]
        rows = [
            Command.create(
                {
                    "loyalty_program": program.id,
                    "name": program.name,
                    "program_type": program.program_type,
                    "card_count": len(cards),
                    "balance": sum(cards.mapped("points")),
                    "program_id": self._likely(program.program_type).id,
                }
            )
            for program, cards in found
            if cards
        ]
        if not rows:
            raise UserError(
                self.env._(
                    "No gift card, eWallet or loyalty program of %(company)s has cards "
                    "that are in use.",
                    company=self.company_id.name,
                )
            )
        mine = self.sudo()
        mine.line_ids.unlink()
        mine.source_ids.unlink()
        label = self.env._("Odoo's loyalty programs")
        mine.write({"state": "draft", "name": label, "source_ids": rows})

    def _check_unbooked(self):
        self._check_staff()
        if CARD not in self.env:
            raise UserError(self.env._("Odoo's loyalty is not installed here."))
        if self.state not in ("draft", "checked"):
            raise UserError(self.env._("This import is booked: begin another one."))

    def _programs(self, ids=None):
        """Return the company's programs whose cards have balances, archived too."""
        domain = [
            ("company_id", "=", self.company_id.id),
            ("program_type", "in", list(TAKEN_BY)),
            ("currency_id", "=", self.currency_id.id),
        ]
        if ids is not None:
            domain.append(("id", "in", ids))
        return self.env[PROGRAM].sudo().with_context(active_test=False).search(domain)

    def _loyalty_cards(self, programs):
        """Return cards in use; what has ended in Odoo is not brought in."""
        cards = self.env[CARD].sudo().search([("program_id", "in", programs.ids)])
        today = fields.Date.context_today(self)
        return cards.filtered(
            lambda card: not card.expiration_date or card.expiration_date >= today
        ).sorted("id")

    def _likely(self, program_type):
        """Return the one program that can take a type over; nothing where several."""
        able = self.env["ekarte.program"].search(
            [
                ("issuer_id", "=", self.issuer_id.id),
                ("overrides_id", "=", False),
                ("state", "=", "active"),
                ("kind", "in", TAKEN_BY[program_type]),
            ]
        )
        return able if len(able) == 1 else able.browse()

    # Checking

    def action_check_programs(self):
        """Make lines of the chosen programs' cards, with the problem of each."""
        self.ensure_one()
        self._check_unbooked()
        chosen = self.source_ids.filtered("program_id")
        if not chosen:
            raise UserError(self.env._("Choose what a program becomes."))
        cards = self._source_cards(chosen)
        checker = self._checker()
        lines = []
        for start in range(0, len(cards), CHUNK):
            lines += self._loyalty_lines(checker, chosen, cards[start : start + CHUNK])
        self._keep(lines, self.name, self._snapshot(chosen, cards))

    def _source_cards(self, chosen):
        return self._loyalty_cards(self._programs(chosen.mapped("loyalty_program")))

    def _snapshot(self, chosen, cards):
        """Return what the cards and the choices are now, as bytes to be digested."""
        choices = [
            [one.loyalty_program, one.program_id.id, one.rounding] for one in chosen
        ]
        held = [
            [
                card.id,
                card.code,
                card.points,
                str(card.expiration_date),
                card.partner_id.id,
            ]
            for card in cards
        ]
        return json.dumps([sorted(choices), held]).encode()

    def _loyalty_lines(self, checker, chosen, cards):
        by_program = {source.loyalty_program: source for source in chosen}
        # A code is a number like any other: it goes on being the card's.
        noted = self._note(
            [card_reference("keyed", card.code.strip() or "-") for card in cards]
        )
        checker.people.expect_cards(noted)
        return [
            self._loyalty_line(checker, by_program[card.program_id.id], card, own)
            for card, own in zip(cards, noted, strict=True)
        ]

    def _loyalty_line(self, checker, source, card, own):
        row = checker.count + 1
        common = {**checker.common(row, own), "column": source.name}
        if own is None or not checker.types.intersection(own.types):
            first, last = self._range_of(card.code)
            problem = self.env._(
                "No card type of yours takes this code: add the range %(first)s to "
                "%(last)s without a check digit to one, and publish.",
                first=first,
                last=last,
            )
            return checker.line(common, column=NUMBER, problem=problem)
        common["last_day"] = card.expiration_date
        problem = checker.card_problem(row, own)
        if not problem and card.partner_id:
            common["partner_id"] = card.partner_id.id
            problem = checker.people.partner_problem(card.partner_id, own)
        return checker.line(
            common, **self._loyalty_value(checker, source, card, problem)
        )

    def _loyalty_value(self, checker, source, card, problem):
        """Return what a line says of a card's points: money, or points."""
        number = Decimal(str(card.points))
        measure = "money" if source.program_type in MONEY else "points"
        if measure == "money":
            number = number.quantize(Decimal("0.01"))  # Odoo's floats carry dust
        elif source.rounding in ROUNDED:
            number = number.to_integral_value(ROUNDED[source.rounding])
        problem = problem or checker.value_problem(number, source.program_id, measure)
        if problem or not number:
            return {"problem": problem}
        values = {"program_id": source.program_id.id}
        if measure == "points":
            return {**values, "points": int(number)}
        return {**values, "amount": from_minor(int(number * 100)), "is_money": True}

    @api.model
    def _range_of(self, code):
        """Return the range of all codes like this one: Odoo makes them alike."""
        code = code.strip().upper()
        rest = code[3:]
        lowest = "".join(sign if sign == "-" else "0" for sign in rest)
        return code[:3] + lowest, code[:3] + lowest.replace("0", "Z")

    # Booking

    def _book(self):
        if self.source_ids:
            self._lock_sources()
        super()._book()
        if self.state == "done":
            self._archive_sources()

    def _chosen(self):
        return self.sudo().source_ids.filtered("program_id")

    def _lock_sources(self):
        """Keep everybody off the cards, and see that they are as they were checked."""
        chosen = self._chosen()
        cards = self._source_cards(chosen)
        cards.lock_for_update()
        cards.invalidate_recordset()
        if self._digest_of(self._snapshot(chosen, cards)) != self.digest:
            raise UserError(
                self.env._(
                    "Odoo's cards have changed since they were checked: check again."
                )
            )

    def _archive_sources(self):
        """Put the old cards and programs away: nobody uses them beside ours."""
        programs = self._programs(self._chosen().mapped("loyalty_program"))
        cards = self.env[CARD].sudo().search([("program_id", "in", programs.ids)])
        cards.write({"active": False})
        programs.filtered("active").write({"active": False})
        self.sudo().message_post(
            body=self.env._(
                "Archived in Odoo's loyalty: %(programs)s, %(count)s cards.",
                programs=", ".join(programs.mapped("name")),
                count=len(cards),
            )
        )
