import { _t } from "@web/core/l10n/translation";
import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { usePos } from "@point_of_sale/app/hooks/pos_hook";
import { uuidv4 } from "@point_of_sale/utils";
import { CardEntry } from "../../pay/card_entry/card_entry";
import { CodeEntry } from "../../pay/code_entry/code_entry";
import { ask, isSettled, sentence } from "../answers";

const NOT_FOR_THIS_CARD = "57";

/** Counts visits, one card after the other: the entry is open again after each answer. */
export class CheckInDialog extends Component {
    static template = "ekarte_pos_terminal.CheckInDialog";
    static components = { Dialog, CardEntry, CodeEntry };
    static props = { close: Function };

    setup() {
        this.pos = usePos();
        this.state = useState({ busy: false, answer: null, asksCode: false });
        this.identifier = null; // not in the state: nothing that renders may show it
        this.key = null;
    }

    get isVisit() {
        return this.state.answer.rc === "00";
    }

    get title() {
        const { holder, message, rc } = this.state.answer;
        if (rc === NOT_FOR_THIS_CARD) {
            return _t("No visits are counted on this card.");
        }
        if (rc !== "00") {
            return sentence(message);
        }
        return holder ? _t("Welcome, %s!", holder) : _t("Welcome!");
    }

    get sentences() {
        const { explain = [], next = [] } = this.state.answer;
        return [...explain, ...next];
    }

    onCard(identifier) {
        this.identifier = identifier;
        this.key = uuidv4();
        return this.visit();
    }

    /** A code that was wrong is another question: what was refused stays refused. */
    onCode(code) {
        this.key = uuidv4();
        return this.visit(code);
    }

    /** The same question again, after the connection was lost: it is answered once. */
    retry() {
        return this.visit();
    }

    async visit(code = null) {
        if (this.state.busy) {
            return;
        }
        this.state.busy = true;
        const asked = [this.key, this.identifier, code];
        const answer = await ask(this.pos, "ekarte_check_in", asked);
        this.state.busy = false;
        this.state.asksCode = Boolean(answer.code_asked) && answer.rc === "55";
        this.state.answer = answer;
        if (isSettled(answer) && !this.state.asksCode) {
            this.identifier = null;
        }
    }

    get mayRetry() {
        return Boolean(this.identifier) && !this.state.asksCode;
    }
}
