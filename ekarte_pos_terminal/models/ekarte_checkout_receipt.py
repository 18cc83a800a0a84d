from odoo import models


class EkarteCheckoutReceipt(models.Model):
    _inherit = "ekarte.checkout"

    def _receipt_of(self, answer):
        """Return what the receipt says of this card, in the holder's language."""
        self.ensure_one()
        row = self._of_holder()
        return {
            "role": row.role,
            "kind": row.kind,
            "masked": row.masked,
            "holder": row.partner_id.name or "",
            "language": row.env.lang,
            "discount": answer.discount,
            "reduction": answer.price_reduction,
            "kept": answer.kept,
            "card_payment": row._card_pays(answer),
            "tendered": {
                name: amount for name, amount in answer.tendered.items() if amount
            },
            "earned": row._earned(answer),
            "balances": row._balances(answer),
            "next": row._next(answer),
            "explain": [
                told for told in answer.explain if told not in row._next(answer)
            ],
            "auth_code": answer.auth_code,
            # Taken without its access code: the holder signs for it.
            "signature": bool(row._card_pays(answer) > 0 and not row.code_given),
            "labels": row._receipt_labels(),
        }

    def _receipt_labels(self):
        return {
            "title": self.env._("Card"),
            "holder": self.env._("Holder"),
            "discount": self.env._("Card discount"),
            "reduction": self.env._("Paid with card bonus"),
            "kept": self.env._("Bonus already used"),
            "paid": self.env._("Paid by card"),
            "given_back": self.env._("Given back to the card"),
            "gift": self.env._("Gift money"),
            "bonus": self.env._("Bonus money"),
            "credit": self.env._("Credit"),
            "voucher": self.env._("Voucher"),
            "earned": self.env._("Earned"),
            "balance": self.env._("Balance"),
            "next": self.env._("Next"),
            "auth_code": self.env._("Approval"),
            "signature": self.env._("Signature"),
        }
