import { useBarcodeReader } from "@point_of_sale/app/hooks/barcode_reader_hook";
import { scanned } from "@ekarte_pos_terminal/app/services/ekarte_identifier";

/** Every way in which a nomenclature may read what is on a card. */
const TYPES = [
    ...["ekarte_card", "product", "client", "coupon", "cashier", "quantity", "weight"],
    ...["price", "discount", "lot", "package", "location", "error"],
];

/**
 * In a dialog that asks for a card, whatever is scanned or swiped is one.
 *
 * @param {Function} onCard gets {kind, value}
 */
export function useCardReader(onCard, { exclusive = true } = {}) {
    const callbacks = {};
    for (const type of TYPES) {
        callbacks[type] = (parsed) => onCard(scanned(parsed.code));
    }
    useBarcodeReader(callbacks, exclusive);
}
