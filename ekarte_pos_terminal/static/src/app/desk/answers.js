/** Ask the server; if the connection was lost, look first whether it is back. */
export async function ask(pos, name, args) {
    if (pos.ekarte.offline) {
        await pos.data.checkConnectivity();
    }
    return pos.ekarte.call(name, args);
}

/** Whether the server has decided; else the same question may be asked again. */
export function isSettled(answer) {
    return !["offline", "error"].includes(answer.rc);
}

/** What the ledger says is part of a slip's line; on its own it is a sentence. */
export function sentence(text) {
    return text ? text[0].toUpperCase() + text.slice(1) : "";
}
