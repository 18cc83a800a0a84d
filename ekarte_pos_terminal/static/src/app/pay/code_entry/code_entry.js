import { Component, useState } from "@odoo/owl";
import { BACKSPACE, EMPTY, Numpad, ZERO, getButtons } from "@point_of_sale/app/components/numpad/numpad";
import { useTypedKeys } from "../typed_keys";

const LENGTH_MIN = 4;
const LENGTH_MAX = 12;

/** The pad for the access code: the customer types, nobody reads it, nothing keeps it. */
export class CodeEntry extends Component {
    static template = "ekarte_pos_terminal.CodeEntry";
    static components = { Numpad };
    static props = {
        masked: String,
        onCode: Function,
        busy: { type: Boolean, optional: true },
    };

    setup() {
        this.code = ""; // kept out of the state: only its length is rendered
        this.state = useState({ length: 0 });
        useTypedKeys(
            (key) => this.onKey(key),
            () => this.submit()
        );
    }

    get buttons() {
        return getButtons([EMPTY, ZERO, BACKSPACE]).map((button) =>
            button === EMPTY ? { value: "-", text: " ", disabled: true } : button
        );
    }

    get dots() {
        return "●".repeat(this.state.length);
    }

    get isComplete() {
        return this.state.length >= LENGTH_MIN && !this.props.busy;
    }

    onKey(key) {
        if (key === "Backspace") {
            this.code = this.code.slice(0, -1);
        } else if (/^[0-9]$/.test(key) && this.code.length < LENGTH_MAX) {
            this.code += key;
        }
        this.state.length = this.code.length;
    }

    submit() {
        if (!this.isComplete) {
            return;
        }
        const code = this.code;
        this.code = "";
        this.state.length = 0;
        this.props.onCode(code);
    }
}
