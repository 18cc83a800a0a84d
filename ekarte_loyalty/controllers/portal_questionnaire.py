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
        questions = asked._form(request.env.user.partner_id)
        problems = {}
        if request.httprequest.method == "POST":
            typed = _typed(asked)
            kept, problems, problem = (
                request.env["ekarte.subscriber"]
                .sudo()
                ._answer(asked, request.env.user.partner_id, typed)
            )
            request.session["ekarte_problem"] = problem
            if kept:
                request.session["ekarte_said"] = request.env._("Thank you. Kept.")
                return request.redirect("/my/cards/data")
            # What was typed is there to be put right.
            questions = [{**one, "value": typed[one["id"]]} for one in questions]
        values = {
            "issuer": issuer,
            "intro": asked.intro,
            "questions": questions,
            "problems": problems,
            "subpage": "questions",
        }
        return self._card_page("portal_questions", None, **values)


def _typed(asked):
    """Return {question id: what the form says}."""
    form = request.httprequest.form
    return {
        field.id: form.getlist(f"q{field.id}")
        if field.kind == "choices"
        else form.get(f"q{field.id}", "")
        for field in asked.field_ids
    }
