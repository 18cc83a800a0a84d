from odoo import api, models


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
            **row._tendered_apart(answer),
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

    def _tendered_apart(self, answer):
        """Return which tenders lowered the price, and which paid.

        Gift money and credit always pay; of bonus and voucher, those of the seller
        itself lower its price.
        """
        tendered = answer.tendered
        reduced = {"voucher": 0, "bonus": answer.price_reduction}
        code = ((self.original_id or self).tender or {}).get("voucher")
        if code and tendered.get("voucher"):
            voucher = self.env["ekarte.voucher"].search([("code", "=", code)], limit=1)
            if voucher.issuer_id == self.config_id.ekarte_branch_id.issuer_id:
                reduced["voucher"] = min(tendered["voucher"], answer.price_reduction)
                reduced["bonus"] -= reduced["voucher"]
        paid = {
            name: amount - reduced.get(name, 0)
            for name, amount in tendered.items()
            if name != "points"
        }
        return {
            "reduced_by": {name: amount for name, amount in reduced.items() if amount},
            "paid_with": {name: amount for name, amount in paid.items() if amount},
        }

    @api.model
    def _receipt(self, rows, loads):
        """Return what the receipt of one order says of all its cards, or False."""
        rows = rows.sorted(lambda row: (row.role != "main", row.id))
        if not rows and not loads:
            return False
        first = dict(rows[0].receipt) if rows else {"labels": self._receipt_labels()}
        payers = rows.filtered(lambda row: row.role == "payer")
        return {
            **first,
            "card_payment": sum(row.receipt["card_payment"] for row in rows),
            "payers": [
                {"masked": row.masked, "card_payment": row.receipt["card_payment"]}
                for row in payers
            ],
            "loads": [load._receipt_line() for load in loads],
            "signature": any(row.receipt["signature"] for row in rows),
        }

    @api.model
    def _receipt_labels(self):
        return {
            "title": self.env._("Card"),
            "discount": self.env._("Card discount"),
            "reduction": self.env._("Bonuses and vouchers used"),
            "kept": self.env._("Kept for points already used"),
            "paid": self.env._("Paid by card"),
            "gift": self.env._("Gift money"),
            "bonus": self.env._("Bonus money"),
            "credit": self.env._("Credit"),
            "voucher": self.env._("Voucher"),
            "earned": self.env._("Earned"),
            "balances": self.env._("Balance"),
            "next": self.env._("To the next step"),
            "loads": self.env._("Loaded"),
            "auth_code": self.env._("Approval"),
            "signature": self.env._("Signature"),
            "merchant_copy": self.env._("Copy of the shop"),
        }
