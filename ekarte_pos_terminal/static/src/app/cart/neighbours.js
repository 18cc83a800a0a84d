/**
 * How the card's lines get on with modules that may be installed or not: pos_discount,
 * pos_loyalty, pos_restaurant. Their files cannot be imported, and a patch of a method
 * that they replace must come after theirs: it is made when the till starts.
 */
import { _t } from "@web/core/l10n/translation";
import { patch } from "@web/core/utils/patch";
import { registry } from "@web/core/registry";
import { AlertDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { PosOrder } from "@point_of_sale/app/models/pos_order";
import { PosOrderline } from "@point_of_sale/app/models/pos_order_line";
import { applyOffLines, isOwn } from "@ekarte_pos_terminal/app/services/ekarte_lines";

let patched = false;
let goodsOnly = 0;

/** Run `work` while `getOrderlines` leaves the card's lines out. */
function overGoods(work) {
    goodsOnly += 1;
    try {
        return work();
    } finally {
        goodsOnly -= 1;
    }
}

/** A discount of pos_discount or pos_loyalty is not one on the card's discount. */
function patchDiscounts() {
    if (PosOrderline.prototype.isGlobalDiscountApplicable) {
        patch(PosOrderline.prototype, {
            isGlobalDiscountApplicable() {
                return !isOwn(this) && super.isGlobalDiscountApplicable(...arguments);
            },
        });
    }
    patch(PosOrder.prototype, {
        getOrderlines() {
            const lines = super.getOrderlines(...arguments);
            return goodsOnly ? lines.filter((line) => !isOwn(line)) : lines;
        },
    });
    const methods = [
        ...["_getDiscountableOnOrder", "_getDiscountableOnSpecific", "_getCheapestLine"],
        ...["_getSpecificDiscountableLines"],
    ];
    for (const name of methods.filter((method) => PosOrder.prototype[method])) {
        patch(PosOrder.prototype, {
            [name](...args) {
                return overGoods(() => super[name](...args));
            },
        });
    }
    if (PosOrder.prototype._getRegularOrderlines) {
        patch(PosOrder.prototype, {
            // Two schemes that each count on the other's result would never come to rest.
            _getRegularOrderlines() {
                return super._getRegularOrderlines(...arguments).filter((line) => !isOwn(line));
            },
        });
    }
}

function patchSplitting() {
    const page = registry.category("pos_pages").get("SplitBillScreen", null);
    if (page) {
        patch(page.component.prototype, {
            onClickLine(line) {
                if (!isOwn(line)) {
                    return super.onClickLine(...arguments);
                }
                this.pos.dialog.add(AlertDialog, {
                    title: _t("Card discount"),
                    body: _t(
                        "It follows its goods: choose those, and both bills are reckoned anew."
                    ),
                });
            },
        });
    }
}

export function patchNeighbours() {
    if (!patched) {
        patched = true;
        patchDiscounts();
        patchSplitting();
    }
}

/** Tables are merged line by line; the card's lines are made anew for the whole. */
export function stripBeforeMerging(pos) {
    const merge = pos.mergeOrders;
    if (merge) {
        pos.mergeOrders = async (sourceOrder, destOrder, ...rest) => {
            await pos.ekarte.takeAlong(sourceOrder, destOrder);
            applyOffLines(sourceOrder, [], null);
            return merge.call(pos, sourceOrder, destOrder, ...rest);
        };
    }
}
