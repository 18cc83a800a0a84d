import * as Chrome from "@point_of_sale/../tests/pos/tours/utils/chrome_util";
import { negate } from "@point_of_sale/../tests/generic_helpers/utils";
import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("ekarte_close_session", {
    steps: () =>
        [
            Chrome.startPoS(),
            Chrome.clickMenuOption("Close Register"),
            // What cards paid is shown like all takings, and not counted.
            { trigger: ".modal:contains('E-karte'):contains('15.00')" },
            { trigger: ".modal .ekarte-booked" },
            { trigger: negate("span:contains('E-karte Count')", ".modal") },
            { trigger: ".modal .fa-clone", run: "click" },
            {
                trigger: ".modal .modal-footer button:contains('Close Register')",
                run: "click",
                expectUnloadPage: true,
            },
        ].flat(),
});
