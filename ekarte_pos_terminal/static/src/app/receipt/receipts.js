import { OrderReceipt } from "@point_of_sale/app/screens/receipt_screen/receipt/order_receipt";
import { ReceiptScreen } from "@point_of_sale/app/screens/receipt_screen/receipt_screen";
import { PosPrinterService } from "@point_of_sale/app/services/pos_printer_service";
import { PosStore } from "@point_of_sale/app/services/pos_store";
import { patch } from "@web/core/utils/patch";
import { CardReceipt } from "./card_receipt";
import { ReceiptAndCopy } from "./receipt_and_copy";
import { ShopCopy } from "./shop_copy";

patch(OrderReceipt, {
    components: { ...OrderReceipt.components, CardReceipt },
});

patch(ReceiptScreen, {
    components: { ...ReceiptScreen.components, ShopCopy },
});

/** Odoo draws papers in one place, which it clears with the next frame but one. */
async function placeIsFree() {
    for (let frames = 0; frames < 2; frames++) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
    }
}

function isSigned({ finalized, ekarte_receipt }) {
    return Boolean(finalized && ekarte_receipt?.signature);
}

patch(PosPrinterService.prototype, {
    /** Without a printer of its own the till asks the browser, for both papers at once. */
    print(component, props, ...options) {
        const both =
            component === OrderReceipt &&
            !this.hardware_proxy.printer &&
            !props.basic_receipt &&
            isSigned(props.order);
        return super.print(both ? ReceiptAndCopy : component, props, ...options);
    },
});

patch(PosStore.prototype, {
    async printReceipt({ basic = false, order = this.getOrder() } = {}) {
        const result = await super.printReceipt(...arguments);
        if (!basic && isSigned(order) && this.hardwareProxy.printer) {
            await placeIsFree();
            await this.printer.print(ShopCopy, { order }, this.printOptions);
        }
        return result;
    },
});
