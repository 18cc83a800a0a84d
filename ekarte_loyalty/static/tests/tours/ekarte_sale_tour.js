import { registry } from "@web/core/registry";

// A salesperson puts a card on a quotation, lets it pay, confirms and invoices.
registry.category("web_tour.tours").add("ekarte_sale_tour", {
    steps: () => [
        { trigger: "button[name=action_ekarte_card]", run: "click" },
        { trigger: ".modal div[name=number] input", run: "edit 9980009000000014" },
        { trigger: ".modal button[name=action_use]", run: "click" },
        {
            content: "the card, masked, and what it takes off",
            trigger: ".ekarte-sale-card:contains('998000******0014'):contains('5 %')",
        },
        {
            content: "its line belongs to the card",
            trigger: ".o_field_x2many_list .o_data_row:contains('Card discount')",
        },
        { trigger: "button[name=action_ekarte_pay]", run: "click" },
        { trigger: ".modal div[name=gift_has]:contains('100.00')" },
        { trigger: ".modal div[name=gift] input", run: "edit 20 && press Tab" },
        { trigger: ".modal button[name=action_pay]", run: "click" },
        { trigger: ".ekarte-sale-card:contains('Paid by card'):contains('20.00')" },
        { trigger: "button[name=action_confirm]", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Sales Order')" },
        { trigger: ".ekarte-sale-card:contains('Held until')" },
        { trigger: "button#create_invoice", run: "click" },
        { trigger: ".modal button[name=create_invoices]", run: "click" },
        { trigger: "button[name=action_post]", run: "click" },
        {
            content: "the card has paid its part",
            trigger: "div[name=ekarte_told]:contains('20.00')",
        },
        { trigger: ".o_arrow_button_current:contains('Posted')" },
    ],
});
