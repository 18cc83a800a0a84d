import { registry } from "@web/core/registry";

// An issuer takes a template, tries it with a purchase, and asks what it would have cost.
registry.category("web_tour.tours").add("ekarte_template_tour", {
    steps: () => [
        { trigger: ".o_kanban_record:contains('The Same 5 % for Everybody')", run: "click" },
        { trigger: "div[name=kind_text]:contains('The same discount on each purchase')" },
        { trigger: "div[name=code] input", run: "edit T-FIVE" },
        { trigger: "div[name=rate] input", run: "edit 20" },
        { trigger: "div[name=card_type_ids] input", run: "edit T-CLUB" },
        { trigger: ".o-autocomplete--dropdown-item:contains('T-CLUB')", run: "click" },
        { trigger: ".o_form_button_save", run: "click" },
        { trigger: ".o_form_saved" },
        { trigger: "button:contains('Try It')", run: "click" },
        {
            content: "25.00 is the purchase that is tried first",
            trigger: ".modal .ekarte-trial div[name=amount_due]:contains('20.00')",
        },
        { trigger: ".modal div[name=amount] input", run: "edit 100 && press Tab" },
        { trigger: ".modal .ekarte-trial div[name=discount]:contains('20.00')" },
        { trigger: ".modal footer button:contains('Close')", run: "click" },
        { trigger: "body:not(:has(.modal))" },
        { trigger: "button:contains('Replay')", run: "click" },
        { trigger: ".o_view_nocontent:contains('What would it have cost?')" },
        { trigger: ".o_list_button_add", run: "click" },
        { trigger: "div[name=days] input", run: "edit 60" },
        { trigger: "button[name=action_replay]", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Done')" },
        {
            content: "what was given then stands beside what the program gives",
            trigger: ".o_form_view div[name=discount_was], .o_form_view div[name=discount]",
        },
    ],
});
