"""An issuer's questionnaire on the subscriber's pages."""

from odoo import http
from odoo.http import request

from .portal_card_acts import CardActsPortal


class QuestionnairePortal(CardActsPortal):
    @http.route(
        "/my/cards/data/questions/<string:code>",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def portal_questions(self, code, **_kw):
        """Ask an issuer's questions, and keep the answers of a sent form."""
        issuer = self._my_issuer(code)
        asked = request.env["ekarte.questionnaire"].sudo()._of(issuer[:1])
        if not issuer or not asked:
            return request.redirect("/my/cards/data")
        problems = {}
        if request.httprequest.method == "POST":
            problems = self._keep_answers(issuer, asked)
            if not problems:
                request.session["ekarte_said"] = request.env._("Thank you. Kept.")
                return request.redirect("/my/cards/data")
        values = {
            "issuer": issuer,
            "intro": asked.intro,
            "questions": asked._form(request.env.user.partner_id),
            "problems": problems,
            "subpage": "questions",
        }
        return self._card_page("portal_questions", None, **values)

    def _keep_answers(self, issuer, asked):
        """Return {question id: what is wrong with the answer}; kept if nothing is."""
        form = request.httprequest.form
        values = {
            field.id: form.getlist(f"q{field.id}")
            if field.kind == "choices"
            else form.get(f"q{field.id}", "")
            for field in asked.field_ids
        }
        cards = self._my_cards().filtered(
            lambda card: card.state == "active" and card._collects_at(issuer)
        )
        _answer, problems = (
            request.env["ekarte.questionnaire.answer"]
            .sudo()
            ._answer(
                asked, request.env.user.partner_id, values, "portal", cards[:1] or None
            )
        )
        return problems
