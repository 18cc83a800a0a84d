"""Files about cards, made when they are asked for."""

from odoo import http
from odoo.http import content_disposition, request


class Cards(http.Controller):
    @http.route("/ekarte/card-import/template", type="http", auth="user", readonly=True)
    def card_import_template(self):
        """Return a file with the headings that an import may have."""
        imports = request.env["ekarte.card.import"]
        imports.check_access("create")
        return request.make_response(
            imports._template(),
            [
                ("Content-Type", "text/csv; charset=utf-8"),
                ("Content-Disposition", content_disposition("cards.csv")),
            ],
        )

    @http.route(
        "/ekarte/card-batch/<int:batch_id>/<any(csv, pdf):form>",
        type="http",
        auth="user",
    )
    def card_batch(self, batch_id, form, ticket=""):
        """Stream the cards of a batch to who has just asked for them by a button."""
        batch = request.env["ekarte.card.batch"].browse(batch_id)
        content = batch._export(form, ticket) if batch.exists() else None
        if content is None:
            return request.not_found()
        kinds = {"csv": "text/csv; charset=utf-8", "pdf": "application/pdf"}
        name = f"cards-{batch_id}.{form}"
        return request.make_response(
            content,
            [
                ("Content-Type", kinds[form]),
                ("Content-Disposition", content_disposition(name)),
                ("Cache-Control", "no-store"),
            ],
        )
