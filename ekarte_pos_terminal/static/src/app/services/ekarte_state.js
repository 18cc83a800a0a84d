/** What a till knows of the card of one order. Lives in the order's `uiState`. */

/** Answer codes that the till tells apart; see docs/ANSWER_CODES.md. */
export const OK = "00";
export const UNKNOWN = "14";

/**
 * - quote: the server's newest answer (names, sentences and amounts; never a number)
 * - print: what that answer was about, see `printOf`
 * - held: the holds of this order by payment line
 * - pending: {identifier, masked} scanned without a connection; the one place where a
 *   number may stay, until the first contact
 * - refused: the card is only shown, with what is wrong; the server did not take it
 * - forgotten: the card was removed while the server could not be told
 */
export function blankState() {
    return {
        quote: null,
        busy: false,
        error: "",
        message: "",
        offline: false,
        revision: 0,
        print: "",
        held: {},
        pending: null,
        refused: false,
        forgotten: false,
    };
}

export function stateOf(order) {
    // Orders kept by the browser from before this add-on was installed have none.
    order.uiState.ekarte ??= blankState();
    return order.uiState.ekarte;
}

export function hasCard(order) {
    return Boolean(stateOf(order).quote?.card);
}

export function hasHold(order) {
    return Object.keys(stateOf(order).held).length > 0;
}
