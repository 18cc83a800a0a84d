import { ControlButtons } from "@point_of_sale/app/screens/product_screen/control_buttons/control_buttons";
import { patch } from "@web/core/utils/patch";

patch(ControlButtons.prototype, {
    clickEkarteCheckIn() {
        this.props.close?.();
        this.pos.ekarteCheckIn();
    },
    clickEkarteEnroll() {
        this.props.close?.();
        this.pos.ekarteEnroll();
    },
});
