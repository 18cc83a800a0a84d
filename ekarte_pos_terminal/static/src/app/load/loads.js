/** Lines that load a card: a gift card or pass is sold, money topped up, credit paid. */

export const LOAD_ROLE = "load";

export function isLoadProduct(template) {
    return Boolean(template?.ekarte_load);
}

export function isLoad(line) {
    return line.ekarte_role === LOAD_ROLE || isLoadProduct(line.product_id?.product_tmpl_id);
}

/** What the server has planned for a line: {masked, command}; nothing without a card. */
export function loadOf(line) {
    return line.uiState.ekarteLoad;
}
