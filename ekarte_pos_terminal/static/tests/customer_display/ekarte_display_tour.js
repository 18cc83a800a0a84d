import * as CustomerDisplay from "@point_of_sale/../tests/customer_display/customer_display_utils";
import { registry } from "@web/core/registry";

const line = {
    productName: "Tour Bread",
    price: "20.00 €",
    qty: "2",
    unit: "Units",
    unitPrice: "10.00 €",
    customerNote: "",
    internalNote: "[]",
    comboParent: "",
    packLotLines: [],
    price_without_discount: "20.00 €",
    isSelected: false,
};
const order = { lines: [line], finalized: false, amount: "18.00", paymentLines: [], change: 0 };
const card = {
    holder: "Anna Bērziņa",
    masked: "999100******0018",
    discount: "2.00 €",
    reduction: "",
    paid: "",
    earned: [{ name: "Green points", text: "+1" }],
    balances: [{ name: "Green points", text: "9.00 €" }],
    next: ["Prizes: 10 more for a voucher"],
};
const shows = (part, text) => ({
    content: `the display shows ${text}`,
    trigger: `.ekarte-display .ekarte-display-${part}:contains(${text})`,
});

registry.category("web_tour.tours").add("ekarte_display_shows_the_card", {
    steps: () =>
        [
            CustomerDisplay.addProduct({ ...order, ekarte: null }, "no card"),
            { content: "no card", trigger: "body:not(:has(.ekarte-display)) .orderline" },
            CustomerDisplay.postMessage({ ...order, ekarte: card }, "a card"),
            shows("greeting", "Anna Bērziņa"),
            shows("discount", "2.00"),
            shows("earned", "+1"),
            shows("balance", "9.00"),
            shows("next", "10 more"),
            CustomerDisplay.postMessage({ ...order, ekarte: { ...card, holder: "" } }, "anonymous"),
            {
                content: "nobody is named",
                trigger: ".ekarte-display:not(:contains(Anna)):contains(999100******0018)",
            },
            CustomerDisplay.postMessage({ ...order, lines: [], ekarte: null }, "card taken off"),
            { content: "welcome", trigger: "body:not(:has(.ekarte-display)) div:contains(Welcome.)" },
        ].flat(),
});
