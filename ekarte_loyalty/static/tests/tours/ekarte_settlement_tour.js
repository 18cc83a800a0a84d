import { registry } from "@web/core/registry";

const rowOf = (label) => `.o_field_widget[name=line_ids] tr.o_data_row:contains(${label})`;

registry.category("web_tour.tours").add("ekarte_settlement_drill_down", {
    steps: () => [
        {
            content: "an accountant opens the settlement",
            trigger: ".o_list_view tr.o_data_row:contains(Posted) td[name=ledger_id]",
            run: "click",
        },
        {
            content: "it is posted, and its lines say what happened where",
            trigger: `.o_statusbar_status:contains(Posted), .o_form_view ${rowOf("Fuel Jugla")}`,
        },
        {
            content: "from a line to the operations behind it",
            trigger: `${rowOf("Gift cards used")}:contains(Fuel Jugla) button[name=action_open_operations]`,
            run: "click",
        },
        {
            content: "there is one, of the fuel company's terminal",
            trigger: ".o_list_view tr.o_data_row:contains(TTTTTTF1):only-child, .o_list_view tr.o_data_row:contains(TTTTTTF1)",
        },
        {
            content: "and back",
            trigger: ".breadcrumb-item:contains(Settlement) a:last, .o_back_button",
            run: "click",
        },
        {
            content: "to the journal entries",
            trigger: "button[name=action_open_moves]",
            run: "click",
        },
        {
            content: "the entry of the fuel company",
            trigger: ".o_list_view tr.o_data_row:contains(SIA Tests Fuel) td[name=ref]",
            run: "click",
        },
        {
            content: "its items lead to operations, itself to the settlement",
            trigger: ".o_form_view button[name=action_open_ekarte_settlement]",
        },
        {
            trigger:
                ".o_field_widget[name=line_ids] tr:contains(Union clearing) button[name=action_open_ekarte_operations]",
            run: "click",
        },
        {
            content: "the same operation again",
            trigger: ".o_list_view tr.o_data_row:contains(TTTTTTF1)",
        },
    ],
});
