import { fromMinor } from "../pay/money";
import { grossMinor } from "../services/ekarte_lines";

const TRIES = 3;

/**
 * A pass costs what its program says, tax within; what a line asks for before tax follows
 * from that, whatever taxes the product and the order have.
 */
export function fitPassPrice(line, minor) {
    for (let tries = 0; tries < TRIES && grossMinor(line) !== minor; tries++) {
        const gross = grossMinor(line);
        line.price_type = "manual";
        line.price_unit = gross
            ? (line.price_unit * minor) / gross
            : fromMinor(minor, line.currency);
    }
}

/** The same for all passes of an order: its taxes may have changed. */
export function fitPassPrices(order) {
    for (const line of order.lines) {
        const load = line.uiState.ekarteLoad;
        if (load?.price && isPass(line) && !line.refunded_orderline_id) {
            fitPassPrice(line, load.price);
        }
    }
}

function isPass(line) {
    return line.product_id.product_tmpl_id.ekarte_load === "pass";
}
