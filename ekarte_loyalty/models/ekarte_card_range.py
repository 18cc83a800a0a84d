from odoo import fields, models
from odoo.exceptions import UserError

from ..card_numbers import numbers, size_of

NUMBERING = {"card_type_id", "kind", "number_from", "check_digit"}
"""What a number is made of, beside its place in the range."""


class EkarteCardRange(models.Model):
    _name = "ekarte.card.range"
    _description = "Number range of a card type"
    _inherit = ["ekarte.published.mixin"]
    _order = "card_type_id, id"
    _rec_name = "number_from"

    card_type_id = fields.Many2one(
        "ekarte.card.type", required=True, ondelete="cascade", index=True
    )
    kind = fields.Selection(
        [
            ("number", "Card number"),
            ("bank", "Bank card"),
            ("document", "Document"),
            ("phone", "Phone number"),
            ("chip", "Chip"),
        ],
        required=True,
        default="number",
        help="Magnetic stripe, barcode and typed number of one card are one number.",
    )
    number_from = fields.Char("From", help="Empty with “To”: every number of the kind.")
    number_to = fields.Char("To")
    check_digit = fields.Selection(
        [("luhn", "Luhn"), ("ean13", "EAN-13"), ("none", "None")],
        required=True,
        default="luhn",
    )

    def write(self, vals):
        self._check_given_out(vals)
        return super().write(vals)

    def _check_given_out(self, vals):
        """Refuse what would print numbers a second time, or leave printed ones out."""
        if not (NUMBERING | {"number_to"}) & set(vals):
            return
        for span in self:
            batches = span.env["ekarte.card.batch"].sudo()
            batches._take_turn()
            given = batches.search(
                [("range_id", "=", span.id), ("state", "!=", "draft")]
            )
            if not given:
                continue
            if any(
                span._plain(name) != _plain(vals[name])
                for name in NUMBERING & set(vals)
            ):
                raise UserError(
                    self.env._(
                        "Numbers of this range were given out: its beginning, kind, "
                        "check digit and card type stay. Make another range."
                    )
                )
            if "number_to" in vals:
                span._check_end(_plain(vals["number_to"]), given)

    def _check_end(self, last, given):
        places = max(batch.start + batch.count for batch in given)
        if size_of(self._plain("number_from"), last, self.check_digit) < places:
            raise UserError(
                self.env._(
                    "Numbers of this range were given out up to %(number)s: it cannot "
                    "end before.",
                    number=self._number(places - 1),
                )
            )

    def _plain(self, name):
        """Return a field as it is written, without spaces around a number."""
        return _plain(self._fields[name].convert_to_write(self[name], self))

    def _size(self):
        """Return how many numbers there are; 0 where it is no range of digits."""
        first, last = self._plain("number_from"), self._plain("number_to")
        return size_of(first, last, self.check_digit)

    def _numbers(self, start, count):
        return numbers(self._plain("number_from"), self.check_digit, start, count)

    def _number(self, place):
        return next(self._numbers(place, 1))

    def _places_before(self, lowest, highest):
        """Return how many places a span of printed numbers leaves behind it, from the
        range's first one on; 0 where it is outside."""
        first, last = self._plain("number_from"), self._plain("number_to")
        if len(lowest) != len(first) or lowest > last:
            return 0
        return size_of(first, min(highest, last), self.check_digit)

    def _as_part(self):
        return [
            {
                "kind": span.kind,
                "from": span._plain("number_from"),
                "to": span._plain("number_to"),
                "check": span.check_digit,
            }
            for span in self
        ]


def _plain(value):
    return str(value or "").strip()
