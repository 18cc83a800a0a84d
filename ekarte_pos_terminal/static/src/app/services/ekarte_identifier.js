/**
 * What a customer holds out, as the requests name it: {kind, value}. Nothing here may be
 * logged or shown whole.
 */

const TRACK_1 = /^%/;
const TRACK_2 = /^;\d+=/;
// Shorter numbers are places, cashiers and promotions; longer ones are no card numbers.
const NUMBER = /^\d{8,19}$/;
const SHOWN_DIGITS = 4;

/** Tell what was scanned or swiped: a stripe's track by its first sign, else a barcode. */
export function scanned(text) {
    if (TRACK_1.test(text)) {
        return { kind: "track1", value: text };
    }
    if (TRACK_2.test(text)) {
        return { kind: "track2", value: text };
    }
    return { kind: "barcode", value: text };
}

/** A number as typed: people put blanks and dashes between the digits. */
export function typed(text) {
    return { kind: "keyed", value: text.replace(/[\s-]/g, "") };
}

export function isTrack(text) {
    return TRACK_1.test(text) || TRACK_2.test(text);
}

/** Whether a barcode that nothing else knows may be a card's number. */
export function mayBeNumber(text) {
    return NUMBER.test(text);
}

/** The last digits of what was scanned, for the cashier to tell cards apart. */
export function masked(identifier) {
    const number = (identifier.value.match(/\d{8,19}/) || [""])[0];
    return number ? `•••• ${number.slice(-SHOWN_DIGITS)}` : "••••";
}
