import { registry } from "@web/core/registry";

const prove = { trigger: "button.ekarte-draw-prove", run: "click" };

registry.category("web_tour.tours").add("ekarte_draw_is_proven", {
    steps: () => [
        prove,
        {
            content: "the browser has drawn the same winners",
            trigger: ".ekarte-draw-proven:not(.d-none)",
        },
    ],
});

registry.category("web_tour.tours").add("ekarte_draw_is_refuted", {
    steps: () => [
        {
            content: "the page shows another commitment than was sworn to",
            trigger: ".ekarte-draw",
            run: ({ anchor }) => (anchor.dataset.commitment = "00"),
        },
        prove,
        {
            content: "the browser says so",
            trigger: ".ekarte-draw-refuted:not(.d-none)",
        },
    ],
});
