import { CustomerDisplayPosAdapter } from "@point_of_sale/app/customer_display/customer_display_adapter";
import { formatCurrency } from "@point_of_sale/app/models/utils/currency";
import { patch } from "@web/core/utils/patch";
import { fromMinor } from "../pay/money";
import { displayData } from "./display_data";

patch(CustomerDisplayPosAdapter.prototype, {
    formatOrderData(order) {
        super.formatOrderData(...arguments);
        const shown = displayData(order);
        const text = (minor) =>
            minor ? formatCurrency(fromMinor(minor, order.currency), order.currency) : "";
        // Always there: what is left out would stay on the display from the order before.
        this.data.ekarte = shown && {
            ...shown,
            discount: text(shown.discount),
            reduction: text(shown.reduction),
            paid: text(shown.paid),
        };
    },
});
