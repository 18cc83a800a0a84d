"""What subscribers do on their pages: each is a form that is sent, and answered."""

import io
import re
import zipfile

from odoo import fields, http
from odoo.http import content_disposition, request

from .portal_cards import CardsPortal

MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
FORM = {"type": "http", "auth": "user", "website": True, "methods": ["POST"]}
PAGE = {"type": "http", "auth": "user", "website": True}


class CardActsPortal(CardsPortal):
    @http.route("/my/cards/<int:card_id>/manage", **PAGE)
    def portal_card_manage(self, card_id, **_kw):
        """Offer what can be done about a card."""
        card = self._my_card(card_id)
        if not card:
            return request.redirect("/my/cards")
        subscriber = request.env["ekarte.subscriber"].sudo()
        values = {
            "may_unblock": subscriber._may_unblock(card),
            "pool_partners": subscriber._pool_partners(card, self._my_cards()),
            "month": fields.Date.context_today(request.env.user).strftime("%Y-%m"),
            "subpage": "manage",
        }
        return self._card_page("portal_card_manage", card, **values)

    @http.route("/my/cards/<int:card_id>/block", **FORM)
    def portal_card_block(self, card_id, why="", **_kw):
        """Stop a card that is not at hand."""
        said = request.env._("The card is stopped: nobody can use it.")
        return self._act(card_id, said, lambda does, card: does._block(card, why))

    @http.route("/my/cards/<int:card_id>/unblock", **FORM)
    def portal_card_unblock(self, card_id, **_kw):
        """Let a card work again that was found."""
        said = request.env._("The card works again.")
        return self._act(card_id, said, lambda does, card: does._unblock(card))

    @http.route("/my/cards/<int:card_id>/pool", **FORM)
    def portal_card_pool(self, card_id, other="", **_kw):
        """Let two own cards share one balance."""
        second = self._my_card(int(other) if other.isdecimal() else 0)
        said = request.env._("Both cards use one balance now.")
        return self._act(card_id, said, lambda does, card: does._pool(card, second))

    @http.route("/my/cards/<int:card_id>/leave", **FORM)
    def portal_card_leave(self, card_id, **_kw):
        """End the sharing of a card."""
        said = request.env._("The card has a balance of its own again.")
        return self._act(card_id, said, lambda does, card: does._leave(card))

    @http.route("/my/cards/<int:card_id>/forget", **FORM)
    def portal_card_forget(self, card_id, **_kw):
        """Take a card off the account; whoever has it in hand goes on using it."""
        partner = request.env.user.partner_id
        said = request.env._("The card is off your account. Its balance stays on it.")
        return self._act(
            card_id, said, lambda does, card: does._take_off(card, partner), "/my/cards"
        )

    def _act(self, card_id, said, act, url=None):
        """Do it if the card is the reader's, and say on the page what came of it."""
        card = self._my_card(card_id)
        if not card:
            return request.redirect("/my/cards")
        problem = act(request.env["ekarte.subscriber"].sudo(), card)
        request.session["ekarte_problem" if problem else "ekarte_said"] = (
            problem or said
        )
        return request.redirect(url or f"/my/cards/{card.id}")

    # Papers and data

    @http.route("/my/cards/<int:card_id>/statement", **PAGE)
    def portal_card_statement(self, card_id, month="", **_kw):
        """Hand out a month of a card as PDF."""
        card = self._my_card(card_id)
        if not card or not MONTH.fullmatch(month):
            return request.redirect("/my/cards")
        pdf, _kind = (
            request.env["ir.actions.report"]
            .sudo()
            ._render_qweb_pdf(
                "ekarte_loyalty.ekarte_card_month_report",
                card.ids,
                data={"month": month},
            )
        )
        return _file(pdf, f"{card.last4}-{month}.pdf", "application/pdf")

    @http.route("/my/cards/data", **PAGE)
    def portal_card_data(self, **_kw):
        """Show what each issuer may do with the reader's data."""
        consents = request.env["ekarte.consent"].sudo()
        partner = request.env.user.partner_id
        issuers = self._my_cards()._page_issuers()
        asked = request.env["ekarte.questionnaire"].sudo()
        rows = [
            (issuer, consents._form(issuer, partner), asked._of(issuer))
            for issuer in issuers
        ]
        return self._card_page("portal_card_data", None, rows=rows, subpage="data")

    @http.route("/my/cards/data/consents", **FORM)
    def portal_card_consents(self, issuer="", **_kw):
        """Keep what the reader consents to at one issuer."""
        found = self._my_issuer(issuer)
        if found:
            ticked = request.httprequest.form.getlist("purpose")
            consents = request.env["ekarte.consent"].sudo()
            partner = request.env.user.partner_id
            asked = consents._form(found, partner)
            wanted = {one["code"]: one["code"] in ticked for one in asked}
            subscriber = request.env["ekarte.subscriber"].sudo()
            problem = subscriber._consent(found, partner, wanted)
            request.session["ekarte_problem" if problem else "ekarte_said"] = (
                problem or request.env._("Kept.")
            )
        return request.redirect("/my/cards/data")

    @http.route("/my/cards/data/forget", **FORM)
    def portal_issuer_forget(self, issuer="", **_kw):
        """Let one issuer forget the reader; balances stay on the cards."""
        found = self._my_issuer(issuer)
        if found:
            subscriber = request.env["ekarte.subscriber"].sudo()
            said = request.env._(
                "%(issuer)s does not know you any more. The balance stays on the card.",
                issuer=found.name,
            )
            problem = subscriber._forget(found, request.env.user.partner_id)
            request.session["ekarte_problem" if problem else "ekarte_said"] = (
                problem or said
            )
        return request.redirect("/my/cards/data")

    @http.route("/my/cards/data/export", **PAGE)
    def portal_card_export(self, **_kw):
        """Hand out all that is known of the reader."""
        subscriber = request.env["ekarte.subscriber"].sudo()
        told = subscriber._export(request.env.user.partner_id)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("ekarte.json", told)
        return _file(packed.getvalue(), "ekarte.zip", "application/zip")

    def _my_issuer(self, code):
        """Return an issuer that the reader has a card of; nothing else."""
        issuers = self._my_cards()._page_issuers()
        return issuers.filtered(lambda one: one.code == code)


def _file(content, name, kind):
    return request.make_response(
        content,
        headers=[
            ("Content-Type", kind),
            ("Content-Disposition", content_disposition(name)),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ],
    )
