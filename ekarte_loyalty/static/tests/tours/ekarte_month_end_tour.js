import { registry } from "@web/core/registry";

const { DateTime } = luxon;
const lastMonth = DateTime.now().minus({ months: 1 });

const menu = (section, item) => [
    {
        trigger: "button[data-menu-xmlid='ekarte_loyalty.ekarte_accounting_menu']",
        run: "click",
    },
    {
        content: `${section}: ${item}`,
        trigger: `.o-dropdown--menu a[data-menu-xmlid='ekarte_loyalty.ekarte_${item}_menu']`,
        run: "click",
    },
];

const everythingIsGreen = () => [
    ...menu("Accounting", "reconciliation"),
    {
        content: "checks of the books, none of them red",
        trigger:
            ".o_breadcrumb:contains(Reconciliation), .o_last_breadcrumb_item:contains(Reconciliation)",
    },
    { trigger: ".o_list_view tr.o_data_row:contains(Sealed operations), .o_list_view tr.o_data_row" },
    { trigger: ".o_list_view:not(:has(tr.o_data_row.text-danger))" },
];

const openStatement = (issuer) => [
    ...menu("Clearing", "clearing_statement"),
    {
        content: `the statement of ${issuer}`,
        trigger: `.o_list_view tr.o_data_row:has(td[name=issuer_id]:contains(${issuer})) td[name=name]`,
        run: "click",
    },
    { trigger: `.o_form_view div[name=issuer_id]:contains(${issuer})` },
];

const agree = (issuer) => [
    ...openStatement(issuer),
    { trigger: "button[name=action_agree]", run: "click" },
    { trigger: ".modal-footer .btn-primary", run: "click" },
    { trigger: ".o_arrow_button_current:contains(Agreed)" },
];

const pay = (action) => [
    { trigger: `button[name=${action}]`, run: "click" },
    {
        content: "Odoo's own payment, of what is open",
        trigger: ".modal button[name=action_create_payments]",
        run: "click",
    },
    { trigger: "body:not(:has(.modal))" },
];

const match = (amount) => [
    { trigger: "button[name=action_match]:contains(Match with Bank)", run: "click" },
    {
        content: "the bank transaction of that sum is proposed",
        trigger: `.modal div[name=transaction_amount]:contains(${amount})`,
    },
    { trigger: ".modal footer button[name=action_match], .modal-footer button[name=action_match]", run: "click" },
    { trigger: "body:not(:has(.modal))" },
];

// An accountant closes a month: settles, compares, clears, pays, compares again.
registry.category("web_tour.tours").add("ekarte_month_end_tour", {
    steps: () => [
        {
            content: "what terminals did until now becomes a settlement",
            trigger: "button[name=action_settle_now]",
            run: "click",
        },
        { trigger: ".o_notification:contains(posted)" },
        { trigger: ".o_list_view tr.o_data_row:contains(Posted)" },
        { trigger: ".o_searchview_dropdown_toggler", run: "click" },
        {
            content: "settlements of the month",
            trigger: ".o_filter_menu .o_accordion_toggle:contains(Business Day)",
            run: "click",
        },
        {
            trigger: `.o_filter_menu .o_accordion_values .o_item_option:contains(${lastMonth.toFormat("LLLL")})`,
            run: "click",
        },
        { trigger: ".o_searchview_facet:contains(Business Day)" },
        {
            trigger: ".o_list_view tr.o_data_row:contains(Posted) td[name=ledger_id]",
            run: "click",
        },
        { trigger: ".o_form_view .o_arrow_button_current:contains(Posted)" },
        ...everythingIsGreen(),

        ...menu("Clearing", "clearing_cycle"),
        { trigger: ".o_list_button_add", run: "click" },
        {
            trigger: "div[name=coalition_id] input",
            run: "edit Union of the tests",
        },
        { trigger: ".o-autocomplete--dropdown-item:contains(Union of the tests)", run: "click" },
        { trigger: "div[name=operator_id]:contains(SIA Tests Grocer)" },
        { trigger: "div[name=date_to] button, div[name=date_to] input", run: "click" },
        {
            content: "up to the last day of the month",
            trigger: "div[name=date_to] input",
            run: `edit ${lastMonth.endOf("month").toFormat("MM/dd/yyyy")} && press Enter`,
        },
        { trigger: "button[name=action_collect]", run: "click" },
        {
            content: "the matrix: rows owe, columns receive",
            trigger: "div[name=matrix] table:contains(42.50):contains(20.00):contains(62.50)",
        },
        { trigger: ".o_notebook .nav-link:contains(Statements)", run: "click" },
        { trigger: "div[name=statement_ids] .o_data_row:contains(SIA Tests Fuel):contains(41.73)" },
        { trigger: "button[name=action_send]", run: "click" },
        { trigger: ".o_arrow_button_current:contains(Sent)" },

        ...openStatement("SIA Tests Fuel"),
        {
            content: "the paper as its reader gets it",
            trigger: ".o_control_panel button:contains(Preview), .o_statusbar_buttons button:contains(Preview)",
            run: "click",
        },
        { trigger: "body:not(:has(.o_blockUI)):not(:has(.o_error_dialog))" },
        ...agree("SIA Tests Fuel"),
        ...agree("SIA Tests Books"),
        ...agree("SIA Tests Grocer"),

        ...menu("Clearing", "clearing_cycle"),
        { trigger: ".o_list_view tr.o_data_row:contains(Agreed) td[name=name]", run: "click" },
        { trigger: "button[name=action_post]", run: "click" },
        { trigger: ".modal-footer .btn-primary", run: "click" },
        { trigger: ".o_arrow_button_current:contains(Posted)" },
        ...everythingIsGreen(),

        ...openStatement("SIA Tests Fuel"),
        ...pay("action_pay_as_operator"),
        ...match("41.73"),
        { trigger: "body:not(:has(button[name=action_pay_as_operator]))" },
        ...pay("action_pay"),
        ...match("41.73"),
        { trigger: ".o_arrow_button_current:contains(Paid)" },
        ...openStatement("SIA Tests Books"),
        ...pay("action_pay_as_operator"),
        ...match("19.64"),
        { trigger: ".o_arrow_button_current:contains(Paid)" },

        ...menu("Clearing", "clearing_cycle"),
        { trigger: ".o_list_view tr.o_data_row:contains(Paid) td[name=name]", run: "click" },
        { trigger: ".o_arrow_button_current:contains(Paid)" },
        ...everythingIsGreen(),
    ],
});
