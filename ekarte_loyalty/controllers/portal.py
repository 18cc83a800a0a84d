"""Clearing statements on the portal: read, agree, dispute; with a login or a token."""

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import content_disposition, request

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from ..models.ekarte_clearing_statement_content import EVERY, Key

MODEL = "ekarte.clearing.statement"
OPERATIONS_ON_A_PAGE = 50


class ClearingPortal(CustomerPortal):
    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "clearing_count" in counters:
            Statement = request.env[MODEL]
            may = Statement.has_access("read")
            values["clearing_count"] = Statement.search_count([]) if may else 0
        return values

    @http.route(
        ["/my/clearing", "/my/clearing/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_clearing(self, page=1, **_kw):
        """List the statements of whoever is logged in."""
        Statement = request.env[MODEL]
        may = Statement.has_access("read")
        pager = portal_pager(
            url="/my/clearing",
            total=Statement.search_count([]) if may else 0,
            page=page,
            step=self._items_per_page,
        )
        found = Statement
        if may:
            found = Statement.search(
                [], limit=self._items_per_page, offset=pager["offset"]
            )
        request.session["my_clearing_history"] = found.ids[:100]
        values = self._prepare_portal_layout_values()
        values.update(
            statements=found.sudo(),
            page_name="clearing",
            pager=pager,
            default_url="/my/clearing",
        )
        return request.render("ekarte_loyalty.portal_my_clearing", values)

    @http.route(
        [
            "/my/clearing/<int:statement_id>",
            "/my/clearing/<int:statement_id>/page/<int:page>",
        ],
        type="http",
        auth="public",
        website=True,
    )
    def portal_clearing(
        self,
        statement_id,
        access_token=None,
        page=1,
        program=None,
        other=None,
        kind=None,
        **kw,
    ):
        """Show a statement with the operations behind the sum that was picked."""
        statement = self._statement(statement_id, access_token)
        if not statement:
            return request.redirect("/my")
        key = _key(program, other, kind)
        if request.env.user._is_public():
            # Whoever comes from the letter reads on in its language.
            request.update_context(lang=statement._reader_lang())
        reader = statement._for_reader(request.env.lang)
        url_args = {
            "access_token": access_token,
            "program": program,
            "other": other,
            "kind": kind,
        }
        pager = portal_pager(
            url=statement.access_url,
            url_args={name: value for name, value in url_args.items() if value},
            total=reader._operation_count(key),
            page=page,
            step=OPERATIONS_ON_A_PAGE,
        )
        values = {
            "statement": reader,
            "key": key,
            "pager": pager,
            "operations": reader._operations(
                OPERATIONS_ON_A_PAGE, pager["offset"], key
            ),
            "page_name": "clearing",
            "problem": request.session.pop(f"clearing_problem_{statement_id}", None),
            "res_company": statement._sending_company(),
        }
        values = self._get_page_view_values(
            statement, access_token, values, "my_clearing_history", False, **kw
        )
        return request.render("ekarte_loyalty.portal_clearing", values)

    @http.route(
        ["/my/clearing/<int:statement_id>/<any(pdf, xlsx):ending>"],
        type="http",
        auth="public",
        website=True,
    )
    def portal_clearing_file(self, statement_id, ending, access_token=None, **_kw):
        """Hand out the paper or the spreadsheet."""
        statement = self._statement(statement_id, access_token)
        files = statement and statement._files()
        wanted = files and files.filtered(lambda file: file.name.endswith(f".{ending}"))
        if not wanted:
            return request.not_found()
        return request.make_response(
            wanted.raw,
            headers=[
                ("Content-Type", wanted.mimetype),
                ("Content-Disposition", content_disposition(wanted.name)),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )

    @http.route(
        ["/my/clearing/<int:statement_id>/agree"],
        type="http",
        auth="public",
        website=True,
        methods=["POST"],
    )
    def portal_clearing_agree(self, statement_id, access_token=None, **_kw):
        """Agree to the whole statement."""
        return self._answer(
            statement_id,
            access_token,
            lambda statement: statement._agree(_who(statement)),
        )

    @http.route(
        ["/my/clearing/<int:statement_id>/dispute"],
        type="http",
        auth="public",
        website=True,
        methods=["POST"],
    )
    def portal_clearing_dispute(
        self, statement_id, access_token=None, reason=None, text=None, **_kw
    ):
        """Dispute the lines that were ticked, with a reason."""
        ids = [_number(one) for one in request.httprequest.form.getlist("line")]
        return self._answer(
            statement_id,
            access_token,
            lambda statement: statement._dispute_from_portal(
                ids, reason, text, _who(statement)
            ),
        )

    @http.route(
        [
            "/my/clearing/<int:statement_id>/disputes/<int:dispute_id>"
            "/<any(answer, accept, withdraw):what>"
        ],
        type="http",
        auth="public",
        website=True,
        methods=["POST"],
    )
    def portal_clearing_act_on_dispute(
        self, statement_id, dispute_id, what, access_token=None, answer=None, **_kw
    ):
        """Answer a dispute, give in, or take one's own back."""
        return self._answer(
            statement_id,
            access_token,
            lambda statement: statement._act_on_dispute(
                dispute_id, what, answer, _who(statement)
            ),
        )

    def _answer(self, statement_id, access_token, act):
        """Do what the member asks; say on the page what is in the way of it."""
        statement = self._statement(statement_id, access_token)
        if not statement:
            return request.redirect("/my")
        try:
            with request.env.cr.savepoint():
                act(statement)
        except UserError as problem:
            request.session[f"clearing_problem_{statement_id}"] = str(problem)
        return request.redirect(statement.get_portal_url())

    def _statement(self, statement_id, access_token):
        """The statement if its reader may have it, in sudo; else nothing."""
        try:
            statement = self._document_check_access(MODEL, statement_id, access_token)
        except (AccessError, MissingError):
            return None
        return None if statement.state == "draft" else statement


def _who(statement):
    """Whoever agrees or disputes: the user, or who has got the letter."""
    user = request.env.user
    partner = statement.partner_id if user._is_public() else user.partner_id
    return partner.display_name


def _number(text):
    return int(text) if str(text or "").isdecimal() else None


def _key(program, other, kind):
    """Which sum to show; whatever is not one shows all."""
    if kind is None:
        return EVERY
    return Key(_number(program), _number(other), kind)
