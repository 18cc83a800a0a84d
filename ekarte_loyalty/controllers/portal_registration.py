"""Adding a card on the subscriber's site, and showing it at a till."""

import base64

from reportlab.graphics.barcode import createBarcodeDrawing

from odoo import http
from odoo.http import request

from ..models.ekarte_registration import KINDS
from .portal_cards import CardsPortal

BARCODE_SIZE = (60, 300)
"""Height and width, points."""


class RegistrationPortal(CardsPortal):
    @http.route("/my/cards/add", type="http", auth="user", website=True)
    def portal_card_add(self, kind="keyed", by="slip", **_kw):
        """Ask for an identifier, and for what shows that the reader holds the card."""
        return self._add_page(kind, by)

    @http.route(
        "/my/cards/register",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def portal_card_register(
        self,
        kind="keyed",
        number="",
        by="slip",
        access_code="",
        code="",
        amount="",
        **_kw,
    ):
        """Register what was typed; nothing of it comes back to the page."""
        evidence = (
            {"access_code": access_code} if by == "code" else {"slip": (code, amount)}
        )
        card, problem = request.env["ekarte.registration"]._add_card(
            request.env.user, _address(), kind, number, **evidence
        )
        if problem:
            return self._add_page(kind, by, problem=problem)
        request.session["ekarte_said"] = request.env._("The card is yours here now.")
        return request.redirect(f"/my/cards/{card.id}")

    def _add_page(self, kind, by, **values):
        kind = kind if kind in KINDS else "keyed"
        by = by if by in ("slip", "code") else "slip"
        return self._card_page(
            "portal_card_add", None, kind=kind, by=by, subpage="add", **values
        )

    @http.route("/my/cards/<int:card_id>/show", type="http", auth="user", website=True)
    def portal_card_show(self, card_id, **_kw):
        """Show the card for a till: what this device keeps of it, or a way to that."""
        card = self._my_card(card_id)
        if not card or card.kind != "number":
            return request.redirect("/my/cards")
        return self._card_page("portal_card_show", card, subpage="show")

    @http.route(
        "/my/cards/<int:card_id>/code",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def portal_card_code(self, card_id, number="", **_kw):
        """Draw the number that was typed, for the device to keep; we keep nothing."""
        card = self._my_card(card_id)
        if not card or card.kind != "number":
            return request.make_json_response({"problem": ""}, status=404)
        problem = request.env["ekarte.registration"]._recognized(
            request.env.user, _address(), card, number
        )
        answer = {"problem": problem} if problem else _drawn(number)
        return request.make_json_response(
            answer, headers=[("Cache-Control", "no-store")]
        )


def _drawn(number):
    """Return the number as pictures that a device can keep, and for people."""
    number = number.replace(" ", "")
    height, width = BARCODE_SIZE
    return {
        "qr": _picture("QR", number, barBorder=2),
        "barcode": _picture("Code128", number, height=height, width=width),
        "number": " ".join(number[at : at + 4] for at in range(0, len(number), 4)),
    }


def _picture(kind, number, **how):
    # As SVG: sharp on every screen, and drawn without any library for pixels.
    drawing = createBarcodeDrawing(kind, value=number, humanReadable=False, **how)
    svg = drawing.asString("svg")
    data = svg if isinstance(svg, bytes) else svg.encode()
    return f"data:image/svg+xml;base64,{base64.b64encode(data).decode()}"


def _address():
    return request.httprequest.remote_addr or "unknown"
