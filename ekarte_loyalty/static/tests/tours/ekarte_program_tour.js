import { registry } from "@web/core/registry";

// A merchant creates a program, gives it to a card type, starts it, sees it live.
registry.category("web_tour.tours").add("ekarte_program_tour", {
    steps: () => [
        { trigger: ".o_kanban_view", content: "the programs of the own issuer" },
        { trigger: ".o-kanban-button-new", run: "click" },
        { trigger: "div[name=name] input", run: "edit Tour points" },
        { trigger: "div[name=code] input", run: "edit T-TOUR" },
        { trigger: "div[name=kind] input", run: "click" },
        { trigger: ".o_select_menu_item:contains('Visit pass')", run: "click" },
        {
            content: "the form follows the kind: a pass has visits and a price",
            trigger: "div[name=visits], div[name=kind_text]:contains('paid in advance')",
        },
        { trigger: "div[name=price]" },
        { trigger: "body:not(:has(div[name=rate], div[name=step]))" },
        { trigger: "div[name=kind] input", run: "click" },
        { trigger: ".o_select_menu_item:contains('Fixed discount')", run: "click" },
        {
            content: "an incomplete program cannot be started, and the form says why",
            trigger: "button[name=action_activate]",
            run: "click",
        },
        { trigger: ".modal:contains('Discount, %'):contains('Tour points')" },
        { trigger: ".modal .btn:contains('Close'), .modal .btn:contains('Ok')", run: "click" },
        { trigger: "body:not(:has(.modal))" },
        { trigger: "div[name=rate] input", run: "edit 7.5" },
        { trigger: ".o_notebook .nav-link:contains('When and for Whom')", run: "click" },
        {
            content: "on Sundays only: the week of this language begins with it",
            trigger: ".o_recurrent_weekdays td:first input",
            run: "click",
        },
        { trigger: "div[name=card_type_ids] input", run: "edit T-CLUB" },
        { trigger: ".o-autocomplete--dropdown-item:contains('T-CLUB')", run: "click" },
        { trigger: "div[name=summary]:contains('7.5 % at once')" },
        { trigger: "button[name=action_activate]", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Running')" },
        { trigger: ".ribbon:contains('Live')", content: "terminals know it now" },
    ],
});
