import { patch } from "@web/core/utils/patch";
import { useBarcodeReader } from "@point_of_sale/app/hooks/barcode_reader_hook";
import { ProductScreen } from "@point_of_sale/app/screens/product_screen/product_screen";
import { isTrack, mayBeNumber, scanned } from "@ekarte_pos_terminal/app/services/ekarte_identifier";
import { isOwn } from "@ekarte_pos_terminal/app/services/ekarte_lines";
import { CardPanel } from "./card_panel/card_panel";

patch(ProductScreen, {
    components: { ...ProductScreen.components, EkarteCardPanel: CardPanel },
});

patch(ProductScreen.prototype, {
    setup() {
        super.setup(...arguments);
        useBarcodeReader({ ekarte_card: this._ekarteCardAction });
    },
    /** The nomenclature says that it is a card; goods of the same number go before. */
    async _ekarteCardAction(parsed) {
        const { ekarte, models } = this.pos;
        const track = isTrack(parsed.code);
        if (ekarte.active && (track || !models["product.product"].getBy("barcode", parsed.code))) {
            await ekarte.scan(this.currentOrder, scanned(parsed.code));
            this.numberBuffer.reset();
        } else if (!track) {
            await this._barcodeProductAction(parsed);
        } else {
            this.barcodeReader.showNotFoundNotification({ code: "%" });
        }
    },
    /** A number that no product has may be a card's: asked before it is called unknown. */
    async _barcodeProductAction(parsed) {
        const { ekarte } = this.pos;
        if (
            ekarte.active &&
            !ekarte.offline &&
            mayBeNumber(parsed.code) &&
            !(await this._getProductByBarcode(parsed))
        ) {
            const answer = await ekarte.scan(this.currentOrder, scanned(parsed.code), {
                unsure: true,
            });
            if (!["14", "offline", "refused"].includes(answer.rc)) {
                this.numberBuffer.reset();
                return;
            }
        }
        return super._barcodeProductAction(...arguments);
    },
    /** On a phone: how many pieces are in the cart. The card's lines are none. */
    get items() {
        const lines = this.currentOrder.lines.filter((line) => !isOwn(line));
        return this.env.utils.formatProductQty(
            lines.reduce((sum, line) => sum + line.qty, 0),
            false
        );
    },
});
