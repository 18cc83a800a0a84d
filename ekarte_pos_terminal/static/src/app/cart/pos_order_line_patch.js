import { patch } from "@web/core/utils/patch";
import { formatCurrency } from "@web/core/currency";
import { PosOrderline } from "@point_of_sale/app/models/pos_order_line";
import { isOwn } from "@ekarte_pos_terminal/app/services/ekarte_lines";
import { stateOf } from "@ekarte_pos_terminal/app/services/ekarte_state";

const MINOR_PER_UNIT = 100;

patch(PosOrderline.prototype, {
    canBeMergedWith(orderline) {
        return !isOwn(this) && !isOwn(orderline) && super.canBeMergedWith(...arguments);
    },
    /** The card's lines bear the name the server gave them. */
    setFullProductName() {
        if (!isOwn(this) || !this.full_product_name) {
            super.setFullProductName(...arguments);
        }
    },
    get orderDisplayProductName() {
        const shown = super.orderDisplayProductName;
        return isOwn(this)
            ? { ...shown, name: this.full_product_name, attributeString: "" }
            : shown;
    },
    getDisplayClasses() {
        return { ...super.getDisplayClasses(), "ekarte-line": isOwn(this) };
    },
    /** Their taxes are already those after the fiscal position. */
    prepareBaseLineForTaxesComputationExtraValues() {
        const values = super.prepareBaseLineForTaxesComputationExtraValues(...arguments);
        return isOwn(this) ? { ...values, tax_ids: this.tax_ids } : values;
    },
    /** What the card takes off this line, minor units; a combo has it from its parts. */
    get ekarteSavedMinor() {
        const saved = stateOf(this.order_id).quote?.per_line || [];
        const uuids = this.getAllLinesInCombo().map((line) => line.uuid);
        return saved
            .filter((part) => uuids.includes(part.uuid))
            .reduce((sum, part) => sum + part.discount, 0);
    },
    get ekarteSaving() {
        if (isOwn(this) || this.combo_parent_id || !this.order_id || this.order_id.finalized) {
            return "";
        }
        const minor = this.ekarteSavedMinor;
        return minor ? formatCurrency(-minor / MINOR_PER_UNIT, this.currency.id) : "";
    },
});
