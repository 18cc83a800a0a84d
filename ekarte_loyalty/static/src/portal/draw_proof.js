/**
 * Recomputes the winners of a draw in the visitor's browser (docs/DRAWS.md), with
 * nothing of the server but the two documents that were published.
 */
import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

const FAIR_BITS = 256n;

const bytesOf = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

/** Return [head as an object, rows] of one of the two documents. */
export function readDocument(text) {
    const [head, rows] = text.split("\n\n");
    const pair = (line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)];
    return [Object.fromEntries(head.split("\n").map(pair)), rows.split("\n").filter(Boolean)];
}

/** Return "place pseudonym prize" of each winner, as the result writes them. */
export async function winners(seed, terms, rows) {
    const left = rows.map((row) => row.split(" ")).map(([name, count]) => [name, BigInt(count)]);
    const prizes = Object.keys(terms).filter((key) => key.startsWith("prize-")).length;
    const won = [];
    let counter = 0n;
    while (left.length && won.length < prizes) {
        const total = left.reduce((sum, [, count]) => sum + count, 0n);
        const end = (1n << FAIR_BITS) - ((1n << FAIR_BITS) % total);
        let number = end;
        while (number >= end) {
            const input = new Uint8Array(seed.length + 8);
            input.set(seed);
            new DataView(input.buffer).setBigUint64(seed.length, counter++);
            number = BigInt("0x" + hexOf(await sha256(input)));
        }
        let ticket = number % total;
        const place = left.findIndex(([, count]) => (ticket < count ? true : ((ticket -= count), false)));
        const [[name]] = left.splice(place, 1);
        won.push(`${won.length + 1} ${name} ${terms[`prize-${won.length + 1}`]}`);
    }
    return won;
}

/** Tell whether result and list are those that were promised, and agree. */
export async function isProven(listText, resultText, commitment, digest) {
    const [terms, rows] = readDocument(listText);
    const [found, told] = readDocument(resultText);
    const seed = bytesOf(found.seed);
    const listed = hexOf(await sha256(new TextEncoder().encode(listText)));
    return (
        listed === digest &&
        listed === found.list &&
        hexOf(await sha256(seed)) === commitment &&
        terms.commitment === commitment &&
        (await winners(seed, terms, rows)).join("\n") === told.join("\n")
    );
}

export class DrawProof extends Interaction {
    static selector = ".ekarte-draw";
    dynamicContent = {
        ".ekarte-draw-prove": { "t-on-click.withTarget": this.prove },
    };

    async prove(_event, button) {
        const { draw, commitment, digest } = this.el.dataset;
        this.show("");
        if (!window.crypto?.subtle) {
            this.show("cannot");
            return;
        }
        button.disabled = true;
        const texts = await this.waitFor(
            Promise.all(
                ["list", "result"].map(async (name) => {
                    const answer = await fetch(`/draws/${draw}/${name}.txt`);
                    return answer.text();
                })
            )
        );
        const proven = await this.waitFor(isProven(...texts, commitment, digest));
        button.disabled = false;
        this.show(proven ? "proven" : "refuted");
    }

    show(outcome) {
        for (const one of ["proven", "refuted", "cannot"]) {
            this.el
                .querySelector(`.ekarte-draw-${one}`)
                .classList.toggle("d-none", one !== outcome);
        }
    }
}

registry.category("public.interactions").add("ekarte_loyalty.draw_proof", DrawProof);
