import { patch } from "@web/core/utils/patch";
import { useService } from "@web/core/utils/hooks";
import { useBarcodeReader } from "@point_of_sale/app/hooks/barcode_reader_hook";
import { PaymentScreen } from "@point_of_sale/app/screens/payment_screen/payment_screen";
import { mayBeNumber, scanned } from "@ekarte_pos_terminal/app/services/ekarte_identifier";
import { CardPanel } from "./card_panel/card_panel";

patch(PaymentScreen, {
    components: { ...PaymentScreen.components, EkarteCardPanel: CardPanel },
});

patch(PaymentScreen.prototype, {
    setup() {
        super.setup(...arguments);
        this.ekarteReader = useService("barcode_reader");
        useBarcodeReader({
            ekarte_card: this._ekarteCardAction,
            product: this._ekarteNumberAction,
        });
    },
    async _ekarteCardAction(parsed) {
        if (this.pos.ekarte.active) {
            await this.pos.ekarte.scan(this.currentOrder, scanned(parsed.code));
        }
    },
    /** Goods cannot be added here; a plain number may still be a card's. */
    async _ekarteNumberAction(parsed) {
        const { ekarte } = this.pos;
        if (ekarte.active && !ekarte.offline && mayBeNumber(parsed.code)) {
            const answer = await ekarte.scan(this.currentOrder, scanned(parsed.code), {
                unsure: true,
            });
            if (!["14", "offline"].includes(answer.rc)) {
                return;
            }
        }
        this.ekarteReader.showNotFoundNotification(parsed);
    },
});
