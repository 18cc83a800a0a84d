// A terminal in another language: reads a signed document, a patch and the stop list with
// nothing but node's own crypto and JSON. Order: {keys, stages: [{kind, data, signature,
// key_id}], numbers}, all bytes base64. Answer: {versions, stopped, refused}.
import {createHmac, createPublicKey, scryptSync, verify} from "node:crypto";
import {readFileSync} from "node:fs";

const ED25519_SPKI = Buffer.from("302a300506032b6570032100", "hex");

function rightlySigned(text, stage, keys) {
    const raw = Buffer.from(keys[stage.key_id], "base64");
    const key = createPublicKey({
        key: Buffer.concat([ED25519_SPKI, raw]),
        format: "der",
        type: "spki",
    });
    return verify(null, text, key, Buffer.from(stage.signature, "base64"));
}

// RFC 7386, section 2.
function patched(target, patch) {
    if (patch === null || typeof patch !== "object" || Array.isArray(patch)) {
        return patch;
    }
    const made =
        target === null || typeof target !== "object" || Array.isArray(target)
            ? {}
            : {...target};
    for (const [name, value] of Object.entries(patch)) {
        if (value === null) {
            delete made[name];
        } else {
            made[name] = patched(made[name], value);
        }
    }
    return made;
}

// RFC 8785 for strings, whole numbers, booleans, lists and objects.
function canonical(value) {
    if (Array.isArray(value)) {
        return `[${value.map(canonical).join(",")}]`;
    }
    if (value !== null && typeof value === "object") {
        const names = Object.keys(value).sort();
        return `{${names
            .map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`)
            .join(",")}}`;
    }
    return JSON.stringify(value);
}

function stopped(list, number) {
    for (const key of Object.values(list.keys)) {
        const token = createHmac("sha256", Buffer.from(key, "hex"))
            .update(`stop|number|${number}`)
            .digest()
            .subarray(0, 16);
        const mark = scryptSync(token, "ekarte stop list", 5, {
            N: 16384,
            r: 8,
            p: 1,
            maxmem: 64 * 1024 * 1024,
        });
        for (const [rc, shelves] of Object.entries(list.cards)) {
            const shelf = shelves[mark.subarray(0, 1).toString("hex")] ?? "";
            const rests = Buffer.from(shelf, "base64");
            for (let place = 0; place < rests.length; place += 4) {
                if (rests.subarray(place, place + 4).equals(mark.subarray(1))) {
                    return rc;
                }
            }
        }
    }
    return "";
}

const order = JSON.parse(readFileSync(0, "utf8"));
let document = null;
const versions = [];
let refused = 0;
for (const stage of order.stages) {
    const content = Buffer.from(stage.data, "base64");
    const text =
        stage.kind === "delta"
            ? Buffer.from(canonical(patched(document, JSON.parse(content.toString()))))
            : content;
    if (rightlySigned(text, stage, order.keys)) {
        document = JSON.parse(text.toString());
        versions.push(document.version);
    } else {
        refused += 1;
    }
}
const found = Object.fromEntries(
    order.numbers.map((number) => [number, stopped(document.stop_list, number)])
);
process.stdout.write(JSON.stringify({versions, stopped: found, refused}));
