/* global posmodel */
import * as Chrome from "@point_of_sale/../tests/pos/tours/utils/chrome_util";
import * as ProductScreen from "@point_of_sale/../tests/pos/tours/utils/product_screen_util";
import { negate, run } from "@point_of_sale/../tests/generic_helpers/utils";

/** Cards of the tests' network, see till_common.py. */
export const CLUB = "9980001000000110";
export const OTHER_CLUB = "9980001000000128";
export const STRANGER = "9980099000000118";
const PANEL = ".product-screen .ekarte-card-panel";

export function start() {
    return Chrome.startPoS();
}

export function add(name, quantity, price, total) {
    return ProductScreen.addOrderline(name, quantity, price, total);
}

export async function until(condition, what) {
    for (let waited = 0; waited < 10000; waited += 50) {
        if (condition()) {
            return;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`waited in vain: ${what}`);
}

/** Wait until nothing is asked any more; for what shall *not* have happened. */
export function settled() {
    return run(
        () => posmodel.ekarte.settled(posmodel.getOrder()),
        "every question about the card is answered"
    );
}

export function cardShown(text = "") {
    return {
        content: `the panel shows a card ${text}`,
        trigger: `${PANEL} .ekarte-card-head:contains("${text}")`,
    };
}

export function noCard() {
    return { content: "no card is shown", trigger: negate(`${PANEL} .ekarte-card-head`) };
}

export function removeCard() {
    return {
        content: "take the card off",
        trigger: `${PANEL} .ekarte-card-remove`,
        run: "click",
    };
}

export function openDialog() {
    return [
        {
            content: "the card button",
            trigger: ".control-buttons .ekarte-card-button",
            run: "click",
        },
        { content: "the dialog asks for a card", trigger: ".modal .ekarte-number" },
    ];
}

/** Type on the dialog's own keys, as on a touch screen. */
export function press(digits) {
    return [...digits].map((digit) => ({
        content: `press ${digit}`,
        trigger: `.modal .ekarte-numpad button[value="${digit}"]`,
        run: "click",
    }));
}

export function useCard() {
    return { trigger: ".modal .ekarte-dialog-use:enabled", run: "click" };
}

export function dialogSays(text) {
    return {
        content: `the dialog says ${text}`,
        trigger: `.modal .ekarte-card-dialog-message:contains("${text}")`,
    };
}

/** The card's lines on the order: how many, and what they take off together. */
export function takesOff(count, amount) {
    return run(
        () =>
            until(
                () => {
                    const own = posmodel.getOrder().lines.filter((line) => line.ekarte_role);
                    const sum = own.reduce((total, line) => total + line.priceIncl, 0);
                    return own.length === count && sum.toFixed(2) === (-amount).toFixed(2);
                },
                `${count} lines, ${amount} off`
            ),
        `${count} card lines take off ${amount}`
    );
}

export function totalIs(amount) {
    return {
        content: `the total is ${amount}`,
        trigger: `.product-screen .order-summary .total:contains("${amount}")`,
    };
}
