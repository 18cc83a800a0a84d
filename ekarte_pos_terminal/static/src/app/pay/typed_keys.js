import { useExternalListener } from "@odoo/owl";
import { barcodeService } from "@barcodes/barcode_service";

const DIGITS = /^[0-9]$/;

/**
 * Keys of the keyboard for a dialog with a numpad. A scanner types, too, but faster than
 * anybody: what comes in a burst is left to the barcode reader.
 */
export function useTypedKeys(onKey, onEnter = () => {}) {
    let burst = [];
    let timer = null;
    const flush = () => {
        const keys = burst;
        burst = [];
        if (keys.length <= 2) {
            keys.forEach((key) => (key === "Enter" ? onEnter() : onKey(key)));
        }
    };
    useExternalListener(window, "keydown", (event) => {
        if (event.ctrlKey || event.altKey || event.metaKey) {
            return;
        }
        if (["INPUT", "TEXTAREA", "SELECT"].includes(event.target.tagName)) {
            return;
        }
        const key = [",", "."].includes(event.key) ? "." : event.key;
        if (!DIGITS.test(key) && ![".", "Backspace", "Enter"].includes(key)) {
            return;
        }
        // Enter on a focused button is that button's click.
        if (key === "Enter" && event.target.tagName === "BUTTON") {
            return;
        }
        event.preventDefault();
        burst.push(key);
        clearTimeout(timer);
        timer = setTimeout(flush, barcodeService.maxTimeBetweenKeysInMs);
    });
}
