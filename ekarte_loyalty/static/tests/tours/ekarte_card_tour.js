import { registry } from "@web/core/registry";

// An operator finds a card by its number, blocks it with a reason and unblocks it.
registry.category("web_tour.tours").add("ekarte_card_tour", {
    steps: () => [
        { trigger: "button[data-menu-xmlid='ekarte_loyalty.ekarte_cards_menu']", run: "click" },
        { trigger: "a[data-menu-xmlid='ekarte_loyalty.ekarte_card_find_menu']", run: "click" },
        { trigger: ".modal div[name=number] input", run: "edit 9980001000000029" },
        { trigger: ".modal button[name=action_find]", run: "click" },
        { trigger: ".modal:contains('No card with this number')" },
        { trigger: ".modal:contains('No card with this number') .btn-primary", run: "click" },
        { trigger: "body:not(:has(.modal:contains('No card with this number')))" },
        { trigger: ".modal div[name=number] input", run: "edit 9980001000000011" },
        { trigger: ".modal button[name=action_find]", run: "click" },
        { trigger: "div[name=number]:contains('998000******0011')" },
        { trigger: "button[name=action_block]", run: "click" },
        { trigger: ".modal div[name=reason] input", run: "edit lost, reported by phone" },
        { trigger: ".modal button[name=action_change]:contains('Block')", run: "click" },
        { trigger: ".o_notification:contains('is blocked')" },
        { trigger: ".o_arrow_button_current:contains('Blocked')" },
        { trigger: "button[name=action_unblock]", run: "click" },
        { trigger: ".modal div[name=reason] input", run: "edit found again" },
        { trigger: ".modal button[name=action_change]:contains('Unblock')", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Active')" },
    ],
});
