import { registry } from "@web/core/registry";

// An issuer says whom it means, and sees how many they are.
registry.category("web_tour.tours").add("ekarte_segment_tour", {
    steps: () => [
        { trigger: ".o_list_button_add", run: "click" },
        { trigger: "div[name=name] input", run: "edit Here lately" },
        { trigger: ".o_field_x2many_list_row_add a", run: "click" },
        { trigger: ".modal div[name=kind] input", run: "click" },
        { trigger: ".o_select_menu_item:contains('Last visit')", run: "click" },
        {
            content: "the dialog follows the kind: a visit has days and no sum",
            trigger: ".modal:not(:has(div[name=amount_from])) div[name=days] input",
            run: "edit 7",
        },
        { trigger: ".modal .o_form_button_save", run: "click" },
        { trigger: ".o_data_row:contains('last 7 days')" },
        { trigger: "button[name=action_count]", run: "click" },
        { trigger: "button[name=action_open_customers]:contains('2')" },
    ],
});

// It writes a letter, asks who would get it, and sends it.
registry.category("web_tour.tours").add("ekarte_campaign_tour", {
    steps: () => [
        { trigger: ".o_list_button_add", run: "click" },
        { trigger: "div[name=name] input", run: "edit Autumn" },
        { trigger: "div[name=segment_id] input", run: "edit Here" },
        { trigger: ".o-autocomplete--dropdown-item:contains('Here lately')", run: "click" },
        { trigger: "div[name=purpose_id] input", run: "click" },
        { trigger: ".o-autocomplete--dropdown-item:contains('News')", run: "click" },
        { trigger: ".o_field_x2many_list_row_add a", run: "click" },
        { trigger: ".modal div[name=subject] input", run: "edit We miss you" },
        {
            trigger: ".modal div[name=body] .odoo-editor-editable",
            run: "editor Come back!",
        },
        { trigger: ".modal .o_form_button_save", run: "click" },
        { trigger: ".o_data_row:contains('We miss you')" },
        { trigger: "button[name=action_check]", run: "click" },
        { trigger: ".o_notification:contains('2 customers would get the letter')" },
        { trigger: "button[name=action_send]", run: "click" },
        { trigger: ".modal-footer .btn-primary", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Sent')" },
    ],
});
