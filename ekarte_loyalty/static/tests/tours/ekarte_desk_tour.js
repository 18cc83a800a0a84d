import { registry } from "@web/core/registry";

const SEARCH = ".ekarte-desk-search input";

// An operator scans a card that nobody has, registers its customer, gives the card, reads
// out the questionnaire, notes a consent, and finds the customer again: by keyboard.
registry.category("web_tour.tours").add("ekarte_desk_tour", {
    steps: () => [
        { trigger: SEARCH, run: "edit 9980001000000029" },
        { trigger: SEARCH, run: "press Enter" },
        { trigger: ".ekarte-desk-unknown" },
        { trigger: ".ekarte-desk-new", run: "click" },
        { trigger: "#ekarte-new-name", run: "edit Anna Ozola" },
        { trigger: "#ekarte-new-phone", run: "edit +371 20000001" },
        { trigger: "#ekarte-new-phone", run: "press Enter" },
        { trigger: ".ekarte-desk-known:contains('Anna Ozola')" },
        { trigger: "#ekarte-new-name", run: "edit Marta Liepa" },
        { trigger: ".ekarte-desk-known .ekarte-desk-sure", run: "click" },
        { trigger: ".ekarte-desk-give:contains('Marta Liepa'):contains('is ready')" },
        { trigger: ".ekarte-desk-give-it", run: "click" },
        { trigger: ".ekarte-desk-number:contains('998000******0029')" },
        { trigger: ".ekarte-desk-form .ekarte-desk-save", run: "click" },
        { trigger: ".ekarte-question[data-question=Birthday] .is-invalid" },
        {
            trigger: ".ekarte-question[data-question=Birthday] input",
            run() {
                // The helper cannot fill in an empty field of type date.
                this.anchor.value = "1980-02-29";
                this.anchor.dispatchEvent(new Event("input", { bubbles: true }));
            },
        },
        { trigger: ".ekarte-question[data-question=Work] select", run: "selectByLabel Nurse" },
        { trigger: ".ekarte-question[data-question=Driver] select", run: "select yes" },
        { trigger: ".ekarte-desk-save", run: "click" },
        { trigger: ".o_notification:contains('+5')" },
        { trigger: ".ekarte-desk-questions .fa-check-square-o" },
        { trigger: ".ekarte-desk-consents input:not(:checked)", run: "click" },
        { trigger: ".ekarte-desk-consents input:checked" },
        { trigger: ".ekarte-desk-balances:contains('5')" },
        { trigger: SEARCH, run: "edit liepa" },
        { trigger: SEARCH, run: "press Enter" },
        { trigger: ".ekarte-desk-customer.active:contains('Marta Liepa')" },
        { trigger: SEARCH, run: "press Enter" },
        { trigger: ".ekarte-desk-person:contains('+371 20000001')" },
    ],
});
