from dataclasses import replace

from odoo import api, models
from odoo.exceptions import UserError

from ekarte_core import Original

from ..till_lines import digest, net_goods, spread, turned
from .ekarte_checkout import approved
from .ekarte_checkout_quote import nothing
from .ekarte_checkout_store import by_tax

FINE = 10**6


class EkarteCheckoutRefund(models.Model):
    """Goods come back: value goes to the cards that paid, points come off.

    The ledger knows what is left of the purchase and what goes back; a card that only
    paid gets its share of what comes back, rounded over all refunds together.
    """

    _inherit = "ekarte.checkout"

    @api.model
    def _originals(self, returned):
        """Return the booked rows of the order that these lines were bought with."""
        line_ids = [line.refunds for line in returned]
        if not line_ids:
            return self.browse()
        orders = self.env["pos.order.line"].browse(line_ids).exists().order_id
        return self.search(
            [
                ("pos_order_id", "in", orders.ids),
                ("kind", "=", "purchase"),
                ("state", "=", "booked"),
            ]
        )

    @api.model
    def _quote_refund(self, config, order_uuid, lines):
        """Return what a refund would give back, or None where no card is concerned."""
        _bought, returned, loads = self._sorted_out(config, lines)
        originals = self._originals(returned)
        refused = self._loads_refusal(config, loads)
        if refused:
            return {**nothing(), **refused, "lines_digest": digest(lines)}
        if not originals:
            return None
        with self.env.cr.savepoint() as savepoint:
            refund = self._give_back(
                config.current_session_id, order_uuid, returned, originals
            )
            savepoint.rollback()
        refund["quote"]["lines_digest"] = digest(lines)
        return refund["quote"]

    @api.model
    def _loads_refusal(self, config, lines):
        """Ask whether sold value may come back; return the refusal, if any."""
        sold = self.env["ekarte.checkout.load"]
        for line in self.env["pos.order.line"].browse(
            [line.refunds for line in lines if line.refunds]
        ):
            load = sold._sold(line.uuid)
            if not load:
                continue
            answer = self.env["ekarte.desk"]._try(
                "refund", config._ekarte_terminal(), **load._refund_request()
            )
            if not approved(answer):
                return {"rc": answer.rc, "message": answer.message}
        return None

    @api.model
    def _store_refund(self, order, returned, originals):
        """Do the refund, and refuse the order where it says something else."""
        refund = self._give_back(order.session_id, order.uuid, returned, originals)
        quote = refund["quote"]
        if quote["rc"] != "00":
            raise UserError(quote["message"])
        if order._ekarte_off() != by_tax(quote["off_lines"]):
            raise UserError(
                self.env._("What the card takes back has changed: ask it again.")
            )
        owed = quote["card_payment"] + sum(
            payer["card_payment"] for payer in quote["payers"]
        )
        paid = order._ekarte_payments()
        if sum(paid.values()) != owed:
            raise UserError(
                self.env._(
                    "%(amount)s must go back to the card.",
                    amount=originals[:1]._money(-owed),
                )
            )
        for values in refund["rows"]:
            self.create({**values, "pos_order_id": order.id})

    @api.model
    def _give_back(self, session, order_uuid, returned, originals):
        """Refund all cards of a purchase; return {"quote", "rows"} of it."""
        main = originals.filtered(lambda row: row.role == "main")
        goods = self._returned_goods(originals, returned)
        quote = {**nothing(), "rc": "00", "message": "", "card": None, "refund": True}
        rows = []
        net = sum(one["amount"] for one in goods)
        if main and goods:
            batch, number, answer = main._in_customers_words()._desk(
                "refund",
                session,
                original=main._booked_key(),
                lines=self._core_lines(goods),
                reference=order_uuid[:64],
            )
            if not approved(answer):
                return {"quote": {**quote, **_refusal(answer)}, "rows": []}
            net -= answer.discount
            main._share_back(goods, answer)
            quote.update(main._refund_told(answer, goods))
            rows.append(
                main._refund_row(session, order_uuid, batch, number, answer, goods, net)
            )
        for payer in originals - main:
            share = payer._share_of(net)
            if not share:
                continue
            batch, number, answer = payer._desk(
                "refund",
                session,
                original=payer._booked_key(),
                amount=share,
                reference=order_uuid[:64],
            )
            if not approved(answer):
                return {"quote": {**quote, **_refusal(answer)}, "rows": []}
            quote["payers"].append({"masked": payer.masked, "card_payment": -share})
            quote["due"] += share
            rows.append(
                payer._refund_row(session, order_uuid, batch, number, answer, [], net)
            )
        return {"quote": quote, "rows": rows}

    def _booked_key(self):
        """Name the operation that booked this row."""
        self.ensure_one()
        return Original(
            terminal=self.booked_terminal,
            batch=self.booked_batch,
            operation=self.booked_number,
        )

    @api.model
    def _returned_goods(self, originals, returned):
        """Return the goods that come back as the purchase counted them.

        Their groups and taxes are those of the purchase. No line comes back for more
        than is left of it: money off by other modules may be given back apart.
        """
        main = originals.filtered(lambda row: row.role == "main")
        lines = self.env["pos.order.line"].browse([line.refunds for line in returned])
        uuids = {line.id: line.uuid for line in lines.exists()}
        back = net_goods(
            [replace(line, uuid=uuids[line.refunds]) for line in turned(returned)]
        )
        if not main:
            return [{"uuid": one.uuid, "amount": one.gross} for one in back]
        bought = {one["uuid"]: one for one in main.goods or []}
        gone = main._gone_back()
        goods = []
        for one in back:
            known = bought.get(one.uuid)
            left = known["amount"] - gone.get(one.uuid, 0) if known else 0
            amount = min(one.gross, left)
            if amount > 0:
                goods.append({**known, "amount": amount, "qty": one.qty.lstrip("-")})
        return goods

    def _gone_back(self):
        """Return {line: amount} of this purchase that has come back before."""
        gone = {}
        for row in self.search(
            [("original_id", "in", self.ids), ("state", "=", "booked")]
        ):
            for one in row.goods or []:
                gone[one["uuid"]] = gone.get(one["uuid"], 0) + one["amount"]
        return gone

    def _share_back(self, goods, answer):
        """Write into the goods what of the discount and bonus comes back to each."""
        bought = {one["uuid"]: one for one in self.goods or []}
        amounts = [one["amount"] for one in goods]
        for role, total in (
            ("discount", answer.discount),
            ("reduction", answer.price_reduction),
            ("kept", answer.kept),
        ):
            weights = [
                bought[one["uuid"]].get(role, 0)
                * one["amount"]
                * FINE
                // bought[one["uuid"]]["amount"]
                for one in goods
            ]
            parts = spread(total, weights if any(weights) else amounts)
            for one, part in zip(goods, parts, strict=True):
                one[role] = part

    def _refund_told(self, answer, goods):
        self.ensure_one()
        return {
            "card": self._card_told(answer),
            **self._figures(answer),
            "due": -answer.amount_due,
            "card_payment": -self._card_pays(answer),
            "earned": self._earned(answer),
            "off_lines": self._of_holder()._off_lines(
                self.company_id, goods, dict.fromkeys((g["uuid"] for g in goods), 0), -1
            ),
        }

    def _refund_row(self, session, order_uuid, batch, number, answer, goods, net):
        self.ensure_one()
        back = -self._card_pays(answer)
        row = {
            "order_uuid": order_uuid,
            "kind": "refund",
            "role": self.role,
            "state": "booked",
            "config_id": session.config_id.id,
            "session_id": session.id,
            "card_id": self.card_id.id,
            "masked": self.masked,
            "partner_id": self.partner_id.id,
            "original_id": self.id,
            "booked_terminal": session.config_id._ekarte_terminal(),
            "booked_batch": batch,
            "booked_number": number,
            "amount": answer.amount,
            "discount": answer.discount,
            "reduction": answer.price_reduction,
            "kept": answer.kept,
            "card_payment": back,
            "net": net,
            "goods": goods,
            "answer": self._refund_told(answer, goods) if goods else {},
        }
        receipt = self._receipt_of(answer)
        receipt.update(kind="refund", card_payment=back, signature=False)
        return {**row, "receipt": receipt}

    def _share_of(self, net):
        """Return what of a paying card's money goes back with goods of this worth."""
        self.ensure_one()
        before = self.search([("original_id", "=", self.id), ("state", "=", "booked")])
        gone = sum(before.mapped("net")) + net
        if not self.net:
            return 0
        upto = (2 * self.card_payment * min(gone, self.net) + self.net) // (
            2 * self.net
        )
        return upto + sum(before.mapped("card_payment"))


def _refusal(answer):
    return {"rc": answer.rc, "message": answer.message}
