"""The subscriber's pages that read: cards, balances, purchases, vouchers."""

from odoo import http
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

ON_A_PAGE = 20
LATEST = 5


class CardsPortal(CustomerPortal):
    """Cards are looked for among the reader's own; what is not there is not found."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "ekarte_card_count" in counters:
            cards = self._my_cards()
            values["ekarte_card_count"] = len(cards.filtered(_in_hand))
        return values

    def _my_cards(self):
        return request.env["ekarte.card"]._of_subscriber(request.env.user.partner_id)

    def _my_card(self, card_id):
        """Return the reader's card, in sudo; nothing, if it is not the reader's."""
        return self._my_cards().filtered(lambda card: card.id == card_id)

    def _card_page(self, template, card, **values):
        """Render a page of a card, with what an action before it had to say."""
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "ekarte_cards",
            # Readers for the blind speak in the language of the page.
            "html_data": {"lang": (request.env.lang or "en_US").replace("_", "-")},
            "card": card,
            "said": request.session.pop("ekarte_said", None),
            "problem": request.session.pop("ekarte_problem", None),
            **values,
        }
        return request.render(f"ekarte_loyalty.{template}", values)

    @http.route("/my/cards", type="http", auth="user", website=True)
    def portal_my_cards(self, **_kw):
        """Show the reader's cards, drawn as cards."""
        cards = self._my_cards()
        values = {
            "cards": cards.filtered(_in_hand),
            "earlier": cards.filtered(lambda card: not _in_hand(card)),
        }
        return self._card_page("portal_my_cards", None, **values)

    @http.route("/my/cards/<int:card_id>", type="http", auth="user", website=True)
    def portal_card(self, card_id, **_kw):
        """Show one card: balances, next steps, what ends, vouchers, purchases."""
        card = self._my_card(card_id)
        if not card:
            return request.redirect("/my/cards")
        Operation = request.env["ekarte.operation"].sudo()
        values = {
            "operations": Operation.search(Operation._page_domain(card), limit=LATEST)
        }
        return self._card_page("portal_card", card, **values)

    @http.route(
        [
            "/my/cards/<int:card_id>/purchases",
            "/my/cards/<int:card_id>/purchases/page/<int:page>",
        ],
        type="http",
        auth="user",
        website=True,
    )
    def portal_card_purchases(self, card_id, page=1, kind="all", **_kw):
        """List what happened on a card, the newest first."""
        card = self._my_card(card_id)
        if not card:
            return request.redirect("/my/cards")
        kind = kind if kind in ("all", "purchases") else "all"
        Operation = request.env["ekarte.operation"].sudo()
        domain = Operation._page_domain(card, kind)
        pager = portal_pager(
            url=f"/my/cards/{card.id}/purchases",
            url_args={"kind": kind},
            total=Operation.search_count(domain),
            page=page,
            step=ON_A_PAGE,
        )
        values = {
            "kind": kind,
            "pager": pager,
            "operations": Operation.search(
                domain, limit=ON_A_PAGE, offset=pager["offset"]
            ),
            "subpage": "purchases",
        }
        return self._card_page("portal_card_purchases", card, **values)

    @http.route(
        "/my/cards/<int:card_id>/purchases/<int:operation_id>",
        type="http",
        auth="user",
        website=True,
    )
    def portal_card_purchase(self, card_id, operation_id, **_kw):
        """Explain one purchase, in the words that the till was given then."""
        card = self._my_card(card_id)
        Operation = request.env["ekarte.operation"].sudo()
        operation = Operation.search(
            Operation._page_domain(card[:1]) & Operation._page_key(operation_id)
        )
        if not card or not operation:
            return request.redirect("/my/cards")
        return self._card_page(
            "portal_card_purchase", card, operation=operation, subpage="purchase"
        )


def _in_hand(card):
    """Say whether a card may be used, or used again."""
    return card.state in ("new", "active", "blocked")
