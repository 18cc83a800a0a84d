import { patch } from "@web/core/utils/patch";
import { Orderline } from "@point_of_sale/app/components/orderline/orderline";
import { isOwn } from "@ekarte_pos_terminal/app/services/ekarte_lines";

patch(Orderline.prototype, {
    /** What the card takes off has no pieces and no price of one. */
    get lineScreenValues() {
        const shown = super.lineScreenValues;
        return isOwn(this.line)
            ? { ...shown, unitPart: "", decimalPart: "", displayPriceUnit: "" }
            : shown;
    },
});
