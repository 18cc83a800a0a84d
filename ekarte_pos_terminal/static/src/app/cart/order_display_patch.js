import { patch } from "@web/core/utils/patch";
import { OrderDisplay } from "@point_of_sale/app/components/order_display/order_display";
import { isOwn } from "@ekarte_pos_terminal/app/services/ekarte_lines";

patch(OrderDisplay.prototype, {
    /** Goods first, what the card takes off after them. */
    get comboSortedLines() {
        const lines = super.comboSortedLines;
        return [...lines.filter((line) => !isOwn(line)), ...lines.filter(isOwn)];
    },
});
