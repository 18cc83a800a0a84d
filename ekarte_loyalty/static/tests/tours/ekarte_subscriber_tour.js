import { registry } from "@web/core/registry";

// A subscriber looks at a card and why a purchase came so, stops the card and lets it
// work again, adds the gift card by its access code and shows it at the till.
const go = (trigger) => ({ trigger, run: "click", expectUnloadPage: true });

registry.category("web_tour.tours").add("ekarte_subscriber_tour", {
    steps: () => [
        go(".ekarte-card-link:contains('0011')"),
        { trigger: "[name=ekarte_steps] .ekarte-step-ahead:contains('more for')" },
        go("[name=ekarte_latest] .ekarte-operation:contains('17.50')"),
        { trigger: "[name=ekarte_why] li" },
        go(".o_portal_submenu a:contains('0011')"),
        go("[name=ekarte_card_actions] a:contains('lost card')"),
        go("[name=ekarte_block] button"),
        { trigger: ".alert-success:contains('The card is stopped')" },
        { trigger: ".ekarte-card-off .ekarte-card-state:contains('Blocked')" },
        go("[name=ekarte_card_actions] a:contains('lost card')"),
        go("[name=ekarte_unblock] button"),
        { trigger: ".alert-success:contains('works again')" },
        go(".o_portal_submenu a:contains('My cards')"),
        go("a:contains('Add a card')"),
        { trigger: "#ekarte_number", run: "edit 9980 0020 0000 0019" },
        { trigger: "#ekarte_by_code", run: "click" },
        { trigger: "#ekarte_access_code:visible", run: "edit 4321" },
        go("button:contains('Add the card')"),
        { trigger: ".alert-success:contains('is yours here now')" },
        go("[name=ekarte_card_actions] a:contains('Show at the till')"),
        { trigger: "#ekarte_show_number", run: "edit 9980002000000019" },
        { trigger: ".ekarte-show-form button", run: "click" },
        { trigger: ".ekarte-show-code:visible .ekarte-show-number:contains('9980 0020 0000 0019')" },
        { trigger: ".ekarte-show-forget", run: "click" },
        { trigger: ".ekarte-show-form:visible" },
    ],
});
