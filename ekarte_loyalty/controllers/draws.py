"""The public page of a draw: terms, list, result, and the means to prove them."""

from odoo import http
from odoo.http import content_disposition, request

DOCUMENTS = {"list": "list_text", "result": "result_text"}
WINNERS_SHOWN = 100


class DrawPages(http.Controller):
    @http.route(
        "/draws/<int:draw_id>", type="http", auth="public", website=True, sitemap=False
    )
    def draw_page(self, draw_id, **_kw):
        """Show a published draw to everybody, another one to its own people."""
        draw = self._find(draw_id)
        if not draw:
            return request.not_found()
        rows = (draw.result_text or "").partition("\n\n")[2].splitlines()
        winners = [tuple(row.split(" ", 2)) for row in rows]
        partner = request.env.user.partner_id
        own = {} if request.env.user._is_public() else draw._own_lines(partner)
        return request.render(
            "ekarte_loyalty.draw_page",
            {
                "draw": draw,
                "winners": winners[:WINNERS_SHOWN],
                "more": max(0, len(winners) - WINNERS_SHOWN),
                "own": own,
                "page_name": "draw",
            },
        )

    @http.route(
        "/draws/<int:draw_id>/<string:document>.txt", type="http", auth="public"
    )
    def draw_document(self, draw_id, document, **_kw):
        """Hand out the list or the result, byte by byte as the ledger has it."""
        draw = self._find(draw_id)
        text = draw and document in DOCUMENTS and draw[DOCUMENTS[document]]
        if not text:
            return request.not_found()
        name = f"draw-{draw.number}-{document}.txt"
        return request.make_response(
            text.encode(),
            [
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Disposition", content_disposition(name)),
            ],
        )

    def _find(self, draw_id):
        """Return the draw as superuser if whoever asks may see it, else nothing."""
        draw = request.env["ekarte.draw"].browse(draw_id)
        known = draw.sudo().exists()
        if not known.number:
            return known.browse()
        if known.published or draw.has_access("read"):
            return known
        return known.browse()
