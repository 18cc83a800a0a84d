from odoo import api, fields, models

from ekarte_core import Line

from ..units import to_minor


class EkarteCardImportLine(models.Model):
    _name = "ekarte.card.import.line"
    _description = "Line of an Import of Cards"
    _order = "import_id, problem, number"

    import_id = fields.Many2one(
        "ekarte.card.import", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="import_id.company_id")
    number = fields.Integer(required=True, aggregator=None)
    row = fields.Integer(aggregator=None, help="As in the file, the header is row 1.")
    # A window on the ledger: no foreign key, and cards are never deleted there.
    card_id = fields.Many2one("ekarte.card", "Card on File")
    card = fields.Char(help="First six and last four only.")
    is_new = fields.Boolean("New Card", help="It is put into use by the import.")
    program_id = fields.Many2one("ekarte.program", ondelete="restrict")
    column = fields.Char(help="The heading in the file.")
    is_money = fields.Boolean()
    amount = fields.Monetary()
    points = fields.Integer()
    currency_id = fields.Many2one(related="import_id.currency_id")
    last_day = fields.Date("Ends After", help="Empty: it ends as the program says.")
    partner_id = fields.Many2one("res.partner", "Holder", ondelete="set null")
    # Of a customer to be made: forgotten when the import is booked.
    person_holder = fields.Char("Holder's Name")
    person_email = fields.Char("Holder's E-mail")
    person_phone = fields.Char("Holder's Phone")
    problem = fields.Char()

    @api.model
    def _booked(self, issuer):
        """Return the lines that the issuer's booked imports have."""
        booked = [
            ("import_id.state", "=", "done"),
            ("import_id.issuer_id", "=", issuer.id),
        ]
        return self.search(booked)

    def _parts(self, command):
        """Return what the ledger is asked to bring in."""
        card = self.env["ekarte.desk"]._by_id(self.card_id.id)
        if command == "activate":
            return {"card": card}
        parts = {"card": card, "program": self.program_id.code}
        if self.last_day:
            parts["last_day"] = self.last_day.isoformat()
        if self.points:
            points = Line(sku="points", quantity=str(self.points), amount=0)
            return {**parts, "lines": (points,)}
        amount = to_minor(self.amount)
        return {**parts, "amount": amount}
