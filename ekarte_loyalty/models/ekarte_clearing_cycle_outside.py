"""Members who keep their books elsewhere get documents of Odoo's: invoices and bills.

The operator's entry of the cycle leaves what such a member owes or is owed on the
clearing account with it; the document takes it from there to the accounts of members
(ARI, API), with the fee and its tax as on any invoice.
"""

from odoo import Command, models
from odoo.exceptions import UserError

from ..units import to_basis_points


class EkarteClearingCycleOutside(models.Model):
    _inherit = "ekarte.clearing.cycle"

    def _post(self):
        """Set off what stands on both sides of an account, so that the rest is open."""
        done = super()._post()
        self.statement_ids._set_off_items()
        return done

    def _post_outside(self, statement):
        """Post the documents of one outside member, once; return them."""
        statement.ensure_one()
        company = statement._sending_company()
        known = self._outside_moves(statement)
        if known:
            return known
        books = statement.with_company(company).with_context(
            lang=statement._reader_lang()
        )
        moves = self.env["account.move"]
        claims = []
        if statement.net < 0:
            claims = [books._claim_line(-statement.net)]
        fee = [books._fee_line()] if statement.fee else []
        if claims or fee:
            moves += books._post_document("out_invoice", "ARI", claims + fee)
        if statement.net > 0:
            lines = [books._claim_line(statement.net)]
            moves += books._post_document("in_invoice", "API", lines)
        return moves

    def _outside_moves(self, statement):
        return self.env["account.move"].search(
            [
                ("ekarte_cycle_id", "=", self.id),
                ("ekarte_key", "=like", f"clearing/{statement.name}/%"),
            ]
        )


class EkarteClearingStatementOutside(models.Model):
    _inherit = "ekarte.clearing.statement"

    def _set_off_items(self):
        """Reconcile the fee with the payout that pays it (C3), in all books."""
        for statement in self:
            for company in statement.item_ids.company_id:
                for account in statement.item_ids.account_id:
                    items = statement.item_ids.filtered(
                        lambda item, company=company, account=account: (
                            item.company_id == company
                            and item.account_id == account
                            and not item.reconciled
                        )
                    )
                    if {item.balance > 0 for item in items} == {True, False}:
                        items.reconcile()

    def _claim_line(self, amount):
        account = self.env.company._ekarte_account("CLR")
        name = self.env._("Clearing %(number)s, net", number=self.cycle_id.name)
        return self._document_line(account, name, amount, self.env["account.tax"])

    def _fee_line(self):
        company = self.env.company
        tax = self.env["account.tax"]
        amount = self.fee
        if self.fee_tax:
            tax = company._ekarte_sale_tax(to_basis_points(self.cycle_id.fee_tax_rate))
            if not tax:
                raise UserError(
                    self.env._(
                        "%(company)s has no sale tax of %(rate)s %% for the fee. "
                        "Choose one in E-karte > Accounting > Accounts.",
                        company=company.display_name,
                        rate=f"{self.cycle_id.fee_tax_rate:g}",
                    )
                )
            if tax.price_include:
                amount = self.fee + self.fee_tax
        name = self.env._("Clearing %(number)s, fee", number=self.cycle_id.name)
        account = company._ekarte_account("RFE")
        return self._document_line(account, name, amount, tax)

    def _document_line(self, account, name, amount, tax):
        return Command.create(
            {
                "account_id": account.id,
                "name": name,
                "quantity": 1,
                "price_unit": amount,
                "tax_ids": [Command.set(tax.ids)],
            }
        )

    def _post_document(self, kind, key, lines):
        """An invoice or bill whose sum stands on the account of members (ARI, API)."""
        company = self.env.company
        day = self.env.context.get("ekarte_date") or self.cycle_id.date_to
        move = self.env["account.move"].create(
            {
                "move_type": kind,
                "company_id": company.id,
                "partner_id": self.partner_id.id,
                "currency_id": self.currency_id.id,
                "invoice_date": day,
                "date": day,
                "invoice_date_due": self.due_date or day,
                "invoice_payment_term_id": False,
                "ref": self.name,
                "payment_reference": self.name,
                "fiscal_position_id": False,
                "ekarte_cycle_id": self.cycle_id.id,
                "ekarte_key": f"clearing/{self.name}/{kind}",
                "invoice_line_ids": lines,
            }
        )
        term = move.line_ids.filtered(lambda item: item.display_type == "payment_term")
        term.account_id = company._ekarte_account(key)
        term.ekarte_statement_id = self
        move._post(soft=False)
        return move
