import * as ProductScreen from "@point_of_sale/../tests/pos/tours/utils/product_screen_util";
import * as PartnerList from "@point_of_sale/../tests/pos/tours/utils/partner_list_util";
import { scan_barcode } from "@point_of_sale/../tests/generic_helpers/utils";
import { setOfflineMode, setOnlineMode } from "@point_of_sale/../tests/generic_helpers/offline_util";
import { registry } from "@web/core/registry";
import * as Desk from "./ekarte_desk_util";

// Cards of the tests' network, see test_desk_tours.py.
const CLUB = "9980001000000110";
const GIFT = "9980002000000118";
const PASS = "9980005000000111";
const STRANGER = "9980099000000118";

const tours = registry.category("web_tour.tours");

tours.add("ekarte_desk_visits", {
    steps: () =>
        [
            Desk.start(),
            Desk.openCheckIn(),
            // Two visits are on the pass: typed, then scanned; a third is refused.
            Desk.typeCard(PASS),
            Desk.visitCounts("Welcome, Anna Ozola!", "1 visits"),
            scan_barcode(PASS),
            Desk.visitCounts("0 visits"),
            scan_barcode(PASS),
            Desk.visitRefused("Anna Ozola"),
            Desk.typeCard(STRANGER),
            Desk.visitRefused("not known"),
            Desk.close(),
            { trigger: "body:not(:has(.modal))" },
        ].flat(),
});

tours.add("ekarte_desk_visit_offline", {
    steps: () =>
        [
            Desk.start(),
            Desk.openCheckIn(),
            setOfflineMode(),
            Desk.typeCard(PASS),
            Desk.visitRefused("no connection"),
            setOnlineMode(),
            { trigger: ".modal .ekarte-visit-retry", run: "click" },
            Desk.visitCounts("1 visits"),
            Desk.close(),
        ].flat(),
});

tours.add("ekarte_desk_new_customer", {
    steps: () =>
        [
            Desk.start(),
            Desk.openEnrolment(),
            Desk.typeCard(CLUB),
            { trigger: ".modal .ekarte-enroll-number:contains('0110')" },
            { trigger: ".modal .ekarte-enroll-give:disabled" },
            Desk.fill("name", "Laima Kalniņa"),
            Desk.fill("phone", "+371 20000005"),
            Desk.fill("email", "laima"),
            { trigger: ".modal .ekarte-enroll-give:disabled" },
            Desk.fill("email", "laima@example.com"),
            Desk.agree("news"),
            Desk.give(),
            Desk.given("Laima Kalniņa"),
            { trigger: ".modal .ekarte-visit-text:contains('+5')" },
            { trigger: ".modal .ekarte-enroll-use", run: "click" },
            { trigger: ".ekarte-card-panel:contains('Laima Kalniņa')" },
            ProductScreen.customerIsSelected("Laima Kalniņa"),
        ].flat(),
});

tours.add("ekarte_desk_known_customer", {
    steps: () =>
        [
            Desk.start(),
            Desk.openEnrolment(),
            Desk.typeCard(CLUB),
            // Somebody else has this phone number already: it is she.
            Desk.fill("name", "Anna"),
            Desk.fill("phone", "+371 20000001"),
            Desk.give(),
            { trigger: ".modal .ekarte-enroll-known:contains('Anna Ozola')", run: "click" },
            { trigger: ".modal .ekarte-enroll-partner:contains('Anna Ozola')" },
            Desk.give(),
            Desk.given("Anna Ozola"),
            Desk.close("Done"),
            { trigger: "body:not(:has(.modal))" },
        ].flat(),
});

tours.add("ekarte_desk_chosen_customer_and_code", {
    steps: () =>
        [
            Desk.start(),
            Desk.openEnrolment(),
            Desk.typeCard(GIFT),
            { trigger: ".modal .ekarte-enroll-choose", run: "click" },
            PartnerList.clickPartner("Anna Ozola"),
            { trigger: ".modal .ekarte-enroll-partner:contains('Anna Ozola')" },
            { trigger: ".modal .ekarte-enroll-ask-code", run: "click" },
            Desk.typeCode("2468"),
            { trigger: ".modal .ekarte-enroll-code:contains('is chosen')" },
            Desk.give(),
            Desk.given("Anna Ozola"),
            Desk.close("Done"),
        ].flat(),
});

tours.add("ekarte_desk_card_of_the_order", {
    steps: () =>
        [
            Desk.start(),
            ProductScreen.addOrderline("Soap", "1", "5.0", "5.0"),
            scan_barcode(CLUB),
            { trigger: ".ekarte-card-panel .ekarte-enroll", run: "click" },
            { trigger: ".modal .ekarte-enroll-number:contains('0110')" },
            Desk.fill("name", "Laima Kalniņa"),
            Desk.give(),
            Desk.given("Laima Kalniņa"),
            Desk.close("Done"),
            { trigger: ".ekarte-card-panel .ekarte-card-name:contains('Laima Kalniņa')" },
            ProductScreen.customerIsSelected("Laima Kalniņa"),
        ].flat(),
});
