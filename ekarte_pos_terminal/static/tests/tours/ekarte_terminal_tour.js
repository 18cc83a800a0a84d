import { registry } from "@web/core/registry";

const KEY = /^[0-9a-f]{64}$/;
const seen = [];

function shownKey() {
    const key = document.querySelector(".modal .o_field_widget[name=key]").innerText.trim();
    if (!KEY.test(key)) {
        throw new Error("the dialog shows no key of 64 hexadecimal characters");
    }
    if (seen.includes(key)) {
        throw new Error("the dialog shows a key for the second time");
    }
    seen.push(key);
}

const openKey = (button) => [
    {
        content: "ask for the key",
        trigger: `.o_form_view button[name=action_create_key]:contains(${button})`,
        run: "click",
    },
    {
        content: "yes, really",
        trigger: ".modal footer button[name=action_create_key]",
        run: "click",
    },
    {
        content: "here it is",
        trigger: ".modal:contains(Key of Terminal T0000077) .o_field_widget[name=key] .o_clipboard_button",
        run: shownKey,
    },
    {
        content: "and gone",
        trigger: ".modal footer button:contains(Done)",
        run: "click",
    },
];

registry.category("web_tour.tours").add("ekarte_terminal_key", {
    steps: () => [
        {
            content: "a new terminal",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=name] input",
            run: "edit Till of the tour",
        },
        {
            trigger: ".o_field_widget[name=code] input",
            run: "edit T0000077",
        },
        {
            trigger: ".o_field_widget[name=branch_id] input",
            run: "edit Branch TG1",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(Branch TG1) a",
            run: "click",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "it has no key yet",
            trigger: ".alert:contains(Nobody has this terminal's key yet)",
        },
        ...openKey("Create Key"),
        {
            content: "the same button now replaces the key",
            trigger: ".o_form_view button[name=action_create_key]:contains(Replace Key)",
        },
        {
            trigger: ".o_field_widget[name=key_version]:contains(1)",
        },
        ...openKey("Replace Key"),
        {
            content: "the next version",
            trigger: ".o_field_widget[name=key_version]:contains(2)",
        },
    ],
});
