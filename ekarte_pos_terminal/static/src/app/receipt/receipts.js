import { OrderReceipt } from "@point_of_sale/app/screens/receipt_screen/receipt/order_receipt";
import { ReceiptScreen } from "@point_of_sale/app/screens/receipt_screen/receipt_screen";
import { PosStore } from "@point_of_sale/app/services/pos_store";
import { patch } from "@web/core/utils/patch";
import { CardReceipt } from "./card_receipt";
import { ShopCopy } from "./shop_copy";

patch(OrderReceipt, {
    components: { ...OrderReceipt.components, CardReceipt },
});

patch(ReceiptScreen, {
    components: { ...ReceiptScreen.components, ShopCopy },
});

patch(PosStore.prototype, {
    async printReceipt({ basic = false, order = this.getOrder() } = {}) {
        const result = await super.printReceipt(...arguments);
        if (!basic && order.finalized && order.ekarte_receipt?.signature) {
            await this.printer.print(ShopCopy, { order }, this.printOptions);
        }
        return result;
    },
});
