from odoo import fields, models


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

    def _as_part(self):
        return [
            {
                "kind": span.kind,
                "from": (span.number_from or "").strip(),
                "to": (span.number_to or "").strip(),
                "check": span.check_digit,
            }
            for span in self
        ]
