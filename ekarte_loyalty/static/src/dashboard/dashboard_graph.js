/* global Chart */
import { Component, onWillStart, useEffect, useRef } from "@odoo/owl";

import { loadBundle } from "@web/core/assets";
import { cookie } from "@web/core/browser/cookie";
import { getCustomColor } from "@web/core/colors/colors";

const SCHEME = cookie.get("color_scheme");
const GRID = getCustomColor(SCHEME, "#e7e9ed", "#3C3E4B");
const TEXT = getCustomColor(SCHEME, "#4c5662", "#E4E4E4");
const COLORS = ["#714B67", "#e0a23c", "#b0b4bb", "#d5c8d1"];
const DARK = ["#b38aa9", "#e0a23c", "#7b7f87", "#5c4a57"];

// One graph with Odoo's own chart library: bars and lines over the same labels.
export class DashboardGraph extends Component {
    static template = "ekarte_loyalty.DashboardGraph";
    static props = { graph: Object, label: String };

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => {
                const chart = new Chart(this.canvas.el, this.config);
                return () => chart.destroy();
            },
            () => [this.props.graph]
        );
    }

    dataset(set) {
        const color = (SCHEME === "dark" ? DARK : COLORS)[set.color];
        return {
            type: set.kind,
            label: set.label,
            data: set.values,
            backgroundColor: color,
            borderColor: color,
            borderWidth: set.kind === "line" ? 2 : 0,
            borderDash: set.kind === "line" ? [4, 4] : [],
            borderRadius: 3,
            maxBarThickness: 26,
            pointRadius: 0,
            pointHitRadius: 8,
            tension: 0.2,
            pointStyle: set.kind === "line" ? "line" : "rectRounded",
            order: set.kind === "line" ? 0 : 1,
        };
    }

    get config() {
        const { labels, sets, across } = this.props.graph;
        const ticks = { color: TEXT, maxTicksLimit: across ? 10 : 12, maxRotation: 0 };
        const plain = { grid: { display: false }, ticks, border: { color: GRID } };
        const ruled = {
            grid: { color: GRID },
            ticks: { ...ticks, maxTicksLimit: 5 },
            border: { display: false },
            beginAtZero: true,
        };
        return {
            data: { labels, datasets: sets.map((set) => this.dataset(set)) },
            type: "bar",
            options: {
                animation: false,
                maintainAspectRatio: false,
                indexAxis: across ? "y" : "x",
                interaction: { mode: "index", intersect: false, axis: across ? "y" : "x" },
                plugins: {
                    legend: {
                        position: "bottom",
                        labels: { color: TEXT, boxHeight: 8, usePointStyle: true },
                    },
                },
                scales: across ? { x: ruled, y: plain } : { x: plain, y: ruled },
            },
        };
    }
}
