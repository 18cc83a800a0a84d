import { PosOrderline } from "@point_of_sale/app/models/pos_order_line";
import { patch } from "@web/core/utils/patch";
import { _t } from "@web/core/l10n/translation";
import { isLoad, loadOf } from "./loads";

const PIECES = [0, 1];

patch(PosOrderline.prototype, {
    canBeMergedWith(orderline) {
        return !isLoad(this) && !isLoad(orderline) && super.canBeMergedWith(...arguments);
    },
    setQuantity(quantity) {
        const pieces = Math.abs(Number(quantity) || 0);
        if (isLoad(this) && !PIECES.includes(pieces)) {
            return {
                title: _t("One card, one line"),
                body: _t("Add the product again for another card."),
            };
        }
        return super.setQuantity(...arguments);
    },
    get ekarteLoad() {
        return this.uiState && isLoad(this) && !this.order_id?.finalized ? loadOf(this) || {} : null;
    },
});
