import * as Chrome from "@point_of_sale/../tests/pos/tours/utils/chrome_util";
import * as ProductScreen from "@point_of_sale/../tests/pos/tours/utils/product_screen_util";

export function start() {
    return Chrome.startPoS();
}

function openAction(selector) {
    return [
        ...ProductScreen.clickControlButtonMore(),
        { content: `open ${selector}`, trigger: selector, run: "click" },
    ];
}

export function openCheckIn() {
    return openAction(".modal .ekarte-check-in-button");
}

export function openEnrolment() {
    return openAction(".modal .ekarte-enroll-button");
}

export function typeCard(number) {
    return [
        {
            content: "type the number of a card",
            trigger: ".modal .ekarte-card-entry .ekarte-number:enabled",
            run: `edit ${number}`,
        },
        { trigger: ".modal .ekarte-number-ok:enabled", run: "click" },
    ];
}

export function visitCounts(...texts) {
    return texts.map((text) => ({
        content: `a green answer: ${text}`,
        trigger: `.modal .ekarte-visit-ok:contains("${text}")`,
    }));
}

export function visitRefused(text) {
    return {
        content: `a red answer: ${text}`,
        trigger: `.modal .ekarte-visit-no:contains("${text}")`,
    };
}

export function typeCode(code) {
    const digits = [...code].map((digit) => ({
        trigger: `.modal .ekarte-code-pad button:contains("${digit}")`,
        run: "click",
    }));
    return [...digits, { trigger: ".modal .ekarte-code-ok:enabled", run: "click" }];
}

export function fill(field, value) {
    return {
        content: `${field}: ${value}`,
        trigger: `.modal .ekarte-enroll-${field}`,
        run: `edit ${value}`,
    };
}

export function agree(purpose) {
    const box = `.modal .ekarte-enroll-purpose[data-purpose="${purpose}"]`;
    return [
        { content: `agree to ${purpose}`, trigger: box, run: "click" },
        { trigger: `${box}[aria-checked="true"]` },
    ];
}

export function give() {
    return {
        content: "give the card",
        trigger: ".modal .ekarte-enroll-give:enabled",
        run: "click",
    };
}

export function given(name) {
    return {
        content: `the card is ${name}'s`,
        trigger: `.modal .ekarte-visit-ok .ekarte-visit-title:contains("${name}")`,
    };
}

export function close(name = "Close") {
    return {
        content: "close the dialog",
        trigger: `.modal .modal-footer button:contains("${name}")`,
        run: "click",
    };
}
