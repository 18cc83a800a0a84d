import { Component, onWillStart, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { formatFloat, formatInteger, formatMonetary } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { DashboardGraph } from "./dashboard_graph";

const SPANS = [7, 30, 90, 365];

// What an issuer sees first: figures of a period beside the period before, each a way
// to its rows. All is summed by the server; nothing is calculated here but differences.
export class EkarteDashboard extends Component {
    static template = "ekarte_loyalty.Dashboard";
    static components = { Layout, DashboardGraph };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.spans = SPANS;
        this.chosen = useState({ days: 30, issuer: false, branch: false });
        this.state = useState({ data: null, counting: false });
        onWillStart(() => this.load());
    }

    get arguments() {
        const { days, issuer, branch } = this.chosen;
        return { days, issuer_id: issuer, branch_id: branch };
    }

    async load() {
        this.state.data = await this.orm.call(
            "ekarte.dashboard",
            "figures",
            [],
            this.arguments
        );
    }

    async choose(values) {
        Object.assign(this.chosen, values);
        await this.load();
    }

    chooseIssuer(value) {
        return this.choose({ issuer: Number(value) || false, branch: false });
    }

    chooseBranch(value) {
        return this.choose({ branch: Number(value) || false });
    }

    async countNow() {
        this.state.counting = true;
        try {
            await this.orm.call("ekarte.dashboard", "count_now", []);
            await this.load();
        } finally {
            this.state.counting = false;
        }
    }

    async print() {
        this.action.doAction(
            await this.orm.call("ekarte.paper", "action_print_figures", [], this.arguments)
        );
    }

    async open(figure) {
        this.action.doAction(
            await this.orm.call("ekarte.dashboard", "open_figure", [figure], this.arguments)
        );
    }

    async openBranch(branch) {
        this.action.doAction(
            await this.orm.call("ekarte.dashboard", "open_figure", ["active"], {
                ...this.arguments,
                branch_id: branch,
            })
        );
    }

    spanName(days) {
        return {
            7: _t("7 days"),
            30: _t("30 days"),
            90: _t("90 days"),
            365: _t("A year"),
        }[days];
    }

    money(value) {
        return formatMonetary(value, { currencyId: this.state.data.currency_id });
    }

    percent(value) {
        return `${formatFloat(value, { digits: [16, 1] })} %`;
    }

    count(value) {
        return formatInteger(Math.round(value));
    }

    // The tiles in three rows: people, sales, value. `good` tells which way is welcome.
    get groups() {
        return [
            [
                this.tile("cards", _t("Cards"), "count", "fa-credit-card"),
                this.tile("active", _t("Active Holders"), "count", "fa-users"),
                this.tile("purchases", _t("Sales With Card"), "count", "fa-shopping-basket"),
                this.tile("amount", _t("Sold With Card"), "money", "fa-money"),
                this.tile("discount", _t("Discounts Given"), "money", "fa-tag", 0),
                this.tile("redemption", _t("Redemption Rate"), "percent", "fa-refresh"),
            ],
            [
                this.tile("issued", _t("Points Issued"), "count", "fa-plus-circle"),
                this.tile("used", _t("Points Used"), "count", "fa-gift"),
                this.tile("expired", _t("Points Expired"), "count", "fa-hourglass-end", 0),
                this.tile("expiring", _t("Points Ending in 30 Days"), "count", "fa-bell-o"),
                this.tile("liability", _t("Owed to Holders"), "money", "fa-balance-scale", 0),
                this.tile("share", _t("Discount Share"), "percent", "fa-pie-chart", 0),
            ],
        ];
    }

    tile(name, label, format, icon, good = 1) {
        const [now, before] = this.state.data.figures[name];
        const change = before ? (100 * (now - before)) / Math.abs(before) : null;
        const way = change === null || Math.abs(change) < 0.05 ? 0 : Math.sign(change);
        return {
            name,
            label,
            icon,
            text: this[format](now),
            was: before === null ? "" : this[format](before),
            change: change === null ? "" : this.percent(Math.abs(change)),
            arrow: ["fa-arrow-down", "fa-minus", "fa-arrow-up"][way + 1],
            color: !way || !good ? "text-muted" : way > 0 ? "text-success" : "text-danger",
        };
    }

    get salesGraph() {
        const { sales, period, before } = this.state.data;
        return {
            labels: sales.map((row) => row.label),
            sets: [
                { kind: "bar", label: period, values: sales.map((row) => row.values[0]), color: 0 },
                { kind: "line", label: before, values: sales.map((row) => row.values[1]), color: 1 },
            ],
        };
    }

    get pointsGraph() {
        const { points } = this.state.data;
        const set = (n, label, color) => ({
            kind: "bar",
            label,
            values: points.map((row) => row.values[n]),
            color,
        });
        return {
            labels: points.map((row) => row.label),
            sets: [
                set(0, _t("Issued"), 0),
                set(1, _t("Used"), 1),
                set(2, _t("Expired"), 2),
            ],
        };
    }

    get hasSales() {
        return this.state.data.branch_rows.length > 0;
    }

    share(row) {
        const most = Math.max(...this.state.data.program_rows.map((one) => Math.abs(one.liability)));
        return Math.round((100 * Math.abs(row.liability)) / most);
    }
}

registry.category("actions").add("ekarte_dashboard", EkarteDashboard);
