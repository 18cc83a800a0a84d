import { registry } from "@web/core/registry";

// The issuer's entrance: the figures of a month, of a week, of a branch, and their rows.
registry.category("web_tour.tours").add("ekarte_dashboard_tour", {
    steps: () => [
        { trigger: ".ekarte-tile[data-figure=purchases]:contains('2'):contains('from 1')" },
        { trigger: ".ekarte-graph canvas", content: "graphs are drawn" },
        { trigger: "[data-days='7']", run: "click" },
        {
            content: "a week ago nobody had bought",
            trigger: ".ekarte-tile[data-figure=purchases]:contains('before: 0')",
        },
        { trigger: "select[name=branch]", run: "selectByLabel Branch TG2" },
        { trigger: "strong:contains('No sales with cards in this period')" },
        { trigger: "select[name=branch]", run: "selectByLabel All branches" },
        { trigger: "td:contains('Branch TG1')" },
        { trigger: ".ekarte-tile[data-figure=amount]", run: "click" },
        {
            content: "the figure opens its rows: list, or cards on a phone",
            trigger: ".o_breadcrumb:contains('Purchases by Card')",
        },
        { trigger: ".o_data_row:contains('0011'), .o_kanban_record:contains('0011')" },
    ],
});
