/**
 * The digital card: its number is kept on this device only, once it was typed here.
 * The server says whether it is the number of this card, and draws it; it keeps nothing.
 */
import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

const PREFIX = "ekarte.card.";

/** Forget the cards that this device keeps for others than who is logged in. */
export function forgetOthers(storage, owner) {
    for (const key of Object.keys(storage)) {
        if (key.startsWith(PREFIX) && !key.startsWith(`${PREFIX}${owner}.`)) {
            storage.removeItem(key);
        }
    }
}

export class CardCode extends Interaction {
    static selector = ".ekarte-show";
    dynamicContent = {
        ".ekarte-show-form": { "t-on-submit.prevent": this.onSubmit },
        ".ekarte-show-forget": { "t-on-click": this.onForget },
    };

    setup() {
        const { owner, card } = this.el.dataset;
        this.key = `${PREFIX}${owner}.${card}`;
        forgetOthers(window.localStorage, owner);
    }

    start() {
        const kept = window.localStorage.getItem(this.key);
        this.display(kept ? JSON.parse(kept) : null);
    }

    display(code) {
        const shown = this.el.querySelector(".ekarte-show-code");
        shown.classList.toggle("d-none", !code);
        this.el.querySelector(".ekarte-show-form").classList.toggle("d-none", Boolean(code));
        if (code) {
            shown.querySelector(".ekarte-show-qr").src = code.qr;
            shown.querySelector(".ekarte-show-barcode").src = code.barcode;
            shown.querySelector(".ekarte-show-number").textContent = code.number;
        }
    }

    async onSubmit(event) {
        const form = event.target;
        const problem = this.el.querySelector(".ekarte-show-problem");
        const answer = await this.waitFor(
            fetch(form.action, { method: "POST", body: new FormData(form) })
        );
        const told = await this.waitFor(answer.json());
        problem.textContent = told.problem || "";
        problem.classList.toggle("d-none", !told.problem);
        if (told.qr) {
            form.reset();
            window.localStorage.setItem(this.key, JSON.stringify(told));
            this.display(told);
        }
    }

    onForget() {
        window.localStorage.removeItem(this.key);
        this.display(null);
    }
}

registry.category("public.interactions").add("ekarte_loyalty.card_code", CardCode);
