"""What an import of cards may say, and what is wrong with what it says.

The header names the column of card numbers and programs by their codes; a program that
has both points and money has a column for each.
"""

from .card_import_people import PEOPLE, People
from .spreadsheet import ROUNDED, TableInvalid, to_day, to_decimal
from .units import from_minor
from .wizards.ekarte_card_find import card_reference

NUMBER = "number"
EXPIRES = "expires"
MONEY_SUFFIX = " money"
POINTS_MAX = 999_999_999
MINOR_MAX = 99_999_999_99
COLUMNS = {
    "gift_card": {"": "money"},
    "bonus_amount": {"": "points", MONEY_SUFFIX: "money"},
    "bonus_visit": {"": "points", MONEY_SUFFIX: "money"},
    "bonus_prize": {"": "points"},
    "fixed_discount": {"": "turnover"},
    "accumulated_discount": {"": "turnover"},
}
"""What may be brought in of a program, by its kind and the end of the heading."""
USABLE = ("new", "active")


class Faulty(TableInvalid):
    """The header is not one of an import."""


class Checker:
    """Turns cards with balances into lines; remembers what it has seen."""

    def __init__(self, env, issuer, today):
        self.env = env
        self.today = today
        self.columns = {}
        self.places = {}
        self.seen = {}
        self.count = 0
        programs = (
            env["ekarte.program"]
            .sudo()
            .search([("issuer_id", "=", issuer.id), ("overrides_id", "=", False)])
        )
        types = env["ekarte.card.type"].sudo().search([("issuer_id", "=", issuer.id)])
        self.types = set(types.mapped("code"))
        self.known = {
            f"{program.code}{suffix}".lower(): (program, measure)
            for program in programs
            if program._in_network()
            for suffix, measure in COLUMNS.get(program.kind, {}).items()
        }
        lines = env["ekarte.card.import.line"].sudo()
        self.booked = set(lines._booked(issuer).mapped("card_id.id"))
        self.people = People(env, issuer)
        states = env["ekarte.card"]._fields["state"]
        self.states = dict(states._description_selection(env))

    def header(self):
        """Return the headings that a file may have."""
        suffixes = {suffix for suffixes in COLUMNS.values() for suffix in suffixes}
        told = [
            f"{program.code}{suffix}"
            for heading, (program, _measure) in sorted(self.known.items())
            for suffix in suffixes
            if f"{program.code}{suffix}".lower() == heading
        ]
        return [NUMBER, *told, EXPIRES, *PEOPLE]

    def read_header(self, row):
        """Take the header in: which column is what."""
        if row is None:
            raise Faulty(self.env._("it is empty"))
        for place, heading in enumerate(row.cells):
            name = heading.strip().lower()
            if name in (NUMBER, EXPIRES, *PEOPLE) and name not in self.places:
                self.places[name] = place
            elif name in self.known and name not in self._names():
                self.columns[place] = (heading.strip(), *self.known[name])
            elif name:
                raise Faulty(
                    self.env._("column “%(name)s” is not known", name=heading[:40])
                )
        if NUMBER not in self.places:
            raise Faulty(self.env._("it has no column “number”"))

    def _names(self):
        return {told[0].lower() for told in self.columns.values()}

    def _cell(self, row, name):
        place = self.places.get(name, len(row.cells))
        return row.cells[place] if place < len(row.cells) else ""

    def card_of(self, row):
        """Return a row's card as the core takes it; what is none is none there too."""
        return card_reference("keyed", self._cell(row, NUMBER)[:80] or "-")

    def expect(self, rows, cards):
        """Look up at once whom these rows name, and who holds their cards."""
        self.people.expect([self._person(row) for row in rows])
        self.people.expect_cards(cards)

    def _person(self, row):
        return {name: self._cell(row, name) for name in PEOPLE}

    def lines_of(self, row, card):
        """Return the lines of a row, with the problem of each."""
        common = self.common(row.number, card)
        problem = self._number_problem(row) or self.card_problem(row.number, card)
        if problem:
            return [self.line(common, column=NUMBER, problem=problem)]
        last_day, problem = self._last_day(self._cell(row, EXPIRES))
        if problem:
            return [self.line(common, column=EXPIRES, problem=problem)]
        told, column, problem = self.people.told(self._person(row), card)
        if problem:
            return [self.line(common, column=column, problem=problem)]
        common |= told
        found = [
            self._value(common, last_day, place, row.cells[place])
            for place in self.columns
            if place < len(row.cells) and row.cells[place]
        ]
        return [line for line in found if line] or [self.line(common)]

    def common(self, number, card):
        """Return what all lines of a card have."""
        return {
            "row": number,
            "card_id": card.id if card else False,
            "card": card.masked if card else "",
            "is_new": bool(card) and card.state == "new",
        }

    def line(self, common, **values):
        """Return the next line."""
        self.count += 1
        empty = {
            **{"program_id": False, "column": "", "is_money": False},
            **{"amount": 0, "points": 0, "problem": "", "last_day": False},
        }
        return {**empty, **common, **values, "number": self.count}

    def _number_problem(self, row):
        if self._cell(row, NUMBER) != ROUNDED:
            return ""
        return self.env._(
            "The spreadsheet has rounded the number: format the column as text."
        )

    def card_problem(self, number, card):
        """Say why nothing can be brought in to a card; '' where it can."""
        if card is None or not self.types.intersection(card.types):
            return self.env._("No card type of yours has this number.")
        if card.id in self.seen:
            return self.env._(
                "The same card stands in row %(row)s.", row=self.seen[card.id]
            )
        self.seen[card.id] = number
        if card.state not in USABLE:
            return self.env._(
                "The card is not in use: %(state)s.", state=self.states[card.state]
            )
        if card.id in self.booked:
            return self.env._("Its balances have been imported already.")
        return ""

    def _last_day(self, text):
        if not text:
            return False, ""
        day = to_day(text)
        if day is None:
            return False, self.env._("This is not a day: write it as 2026-12-31.")
        if day < self.today:
            return False, self.env._("This day is over.")
        return day, ""

    def _value(self, common, last_day, place, text):
        heading, program, measure = self.columns[place]
        number = to_decimal(text)
        values = {"column": heading, "program_id": program.id}
        problem = self.value_problem(number, program, measure)
        if problem:
            return self.line(common, **values, problem=problem)
        if not number:
            return None
        # Sums that discounts grow by end as the program says, and no other way.
        if measure != "turnover":
            values["last_day"] = last_day
        if measure == "points":
            return self.line(common, **values, points=int(number))
        amount = from_minor(int(number * 100))
        return self.line(common, **values, amount=amount, is_money=measure == "money")

    def value_problem(self, number, program, measure):
        """Say why a program cannot take a balance; '' where it can."""
        if number is None:
            return self.env._("This is not a number.")
        if number < 0:
            return self.env._("A balance is not below zero.")
        scaled = number if measure == "points" else number * 100
        if scaled != int(scaled):
            return self.env._("Too many decimals.")
        most = POINTS_MAX if measure == "points" else MINOR_MAX
        if scaled > most:
            return self.env._("The number is too large.")
        taxed = program.kind == "gift_card" and program.vat_class == "spv"
        if taxed and number:
            return self.env._("This gift money was taxed when it was sold.")
        return ""
