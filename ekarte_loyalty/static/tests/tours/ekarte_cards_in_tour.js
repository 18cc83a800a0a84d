import { registry } from "@web/core/registry";

const TABLE = "number;T-BON;expires;holder;email\n9980001000000037;12;2031-12-31;Boris;boris@example.com\n";

const choose = (field, text) => [
    { trigger: `div[name=${field}] input`, run: `edit ${text}` },
    { trigger: `.ui-autocomplete a:contains('${text}')`, run: "click" },
];

const menu = (name) => [
    { trigger: "button[data-menu-xmlid='ekarte_loyalty.ekarte_cards_menu']", run: "click" },
    { trigger: `a[data-menu-xmlid='ekarte_loyalty.${name}']`, run: "click" },
];

// An accountant brings cards in from a file and from Odoo's loyalty, and asks for a
// correction over the limit.
registry.category("web_tour.tours").add("ekarte_cards_in_tour", {
    steps: () => [
        { trigger: ".o_list_button_add", run: "click" },
        ...choose("account_id", "Cards of the old system"),
        {
            trigger: "div[name=file] input[type=file]:not(:visible)",
            run: ({ anchor }) => {
                const chosen = new DataTransfer();
                chosen.items.add(new File([TABLE], "cards.csv", { type: "text/csv" }));
                anchor.files = chosen.files;
                anchor.dispatchEvent(new Event("change", { bubbles: true }));
            },
        },
        { trigger: "div[name=file] .fa-pencil" },
        { trigger: ".o_form_button_save", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Checked')" },
        { trigger: "div[name=line_ids] td[name=person_holder]:contains('Boris')" },
        { trigger: "button[name=action_book]", run: "click" },
        { trigger: ".modal .btn-primary", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Booked')" },
        { trigger: "div[name=line_ids] td[name=partner_id]:contains('Boris')" },
        { trigger: ".o_form_button_create", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Draft')" },
        ...choose("account_id", "Cards of the old system"),
        { trigger: "button[name=action_find_programs]", run: "click" },
        { trigger: "div[name=source_ids] td:contains('Stars')" },
        { trigger: "tr:contains('Stars') td[name=rounding]", run: "click" },
        {
            trigger: "tr:contains('Stars') td[name=rounding] input",
            run: "click",
        },
        { trigger: ".o_select_menu_item:contains('Round up')", run: "click" },
        { trigger: "button[name=action_check_programs]", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Checked')" },
        { trigger: "a[name=lines]", run: "click" },
        { trigger: "div[name=line_ids] td[name=partner_id]:contains('Anna')" },
        { trigger: "button[name=action_book]", run: "click" },
        { trigger: ".modal .btn-primary", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Booked')" },
        { trigger: ".o-mail-Message:contains('Archived in Odoo')" },
        ...menu("ekarte_card_menu"),
        { trigger: ".o_data_row td:contains('0037')", run: "click" },
        { trigger: "button[name=action_correct]", run: "click" },
        ...choose("program_id", "Program T-BON"),
        { trigger: "div[name=points] input", run: "edit 50" },
        { trigger: "div[name=reason] input", run: "edit slip 1184 not counted" },
        { trigger: "button[name=action_request]:contains('Ask for Approval')", run: "click" },
        { trigger: ".alert:contains('Another person')" },
    ],
});

// Another person approves it, and numbers a batch of new cards.
registry.category("web_tour.tours").add("ekarte_cards_approved_tour", {
    steps: () => [
        { trigger: ".o_data_row td:contains('slip 1184')", run: "click" },
        { trigger: "button[name=action_approve]", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Done')" },
        ...menu("ekarte_card_batch_menu"),
        { trigger: ".o_list_button_add", run: "click" },
        ...choose("card_type_id", "Card T-GIFT"),
        ...choose("range_id", "9980002000000000"),
        { trigger: "button[name=action_number]", run: "click" },
        { trigger: ".o_arrow_button_current:contains('Numbered')" },
        { trigger: "button[name=action_export_pdf]" },
    ],
});
