import { patch } from "@web/core/utils/patch";
import { PosOrder } from "@point_of_sale/app/models/pos_order";
import { isOwn } from "@ekarte_pos_terminal/app/services/ekarte_lines";
import { blankState } from "@ekarte_pos_terminal/app/services/ekarte_state";

patch(PosOrder.prototype, {
    initState() {
        super.initState();
        this.uiState.ekarte = blankState();
    },
    /** What is selected or discounted "last" is the last of the goods. */
    getLastOrderline() {
        const line = super.getLastOrderline(...arguments);
        return line && isOwn(line) ? this.lines.findLast((one) => !isOwn(one)) : line;
    },
});
