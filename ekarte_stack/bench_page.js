// In the till's page: how long until what an event set off could be seen.
//
// The clock starts with the event itself and stops when the browser has painted the
// awaited total: a frame's callback runs before the painting, a message that it sends
// arrives after it.
window.ekarteBench = (() => {
    const total = () => {
        const shown = document.querySelector(".order-summary .total")?.innerText ?? "";
        return parseInt(shown.replace(/\D/g, "") || "0");
    };
    const afterPaint = () =>
        new Promise((resolve) => {
            requestAnimationFrame(() => {
                const channel = new MessageChannel();
                channel.port1.onmessage = () => resolve(performance.now());
                channel.port2.postMessage(0);
            });
        });

    function arm(event, matches, wanted) {
        const before = total();
        const state = { begin: null, ms: null, before, after: null, changes: 0 };
        let last = before;
        const start = (ev) => {
            if (state.begin === null && matches(ev)) {
                state.begin = performance.now();
            }
        };
        const observer = new MutationObserver(async () => {
            const now = total();
            if (state.begin === null || now === last) {
                return;
            }
            last = now;
            state.changes += 1;
            if (wanted(now, before)) {
                const seen = await afterPaint();
                // What was gone again before anybody could see it has not come.
                if (total() === now) {
                    Object.assign(state, { ms: seen - state.begin, after: now });
                }
            }
        });
        document.addEventListener(event, start, true);
        observer.observe(document.body, {
            subtree: true,
            childList: true,
            characterData: true,
        });
        window.ekarteBench.stop = () => {
            observer.disconnect();
            document.removeEventListener(event, start, true);
            return state;
        };
        window.ekarteBench.state = state;
    }

    const product = (name) =>
        [...document.querySelectorAll("article.product")].find(
            (element) => element.querySelector(".product-name")?.innerText.trim() === name
        );

    return {
        total,
        /** A new order with one product in it. */
        async begin(name) {
            const old = window.posmodel.getOrder();
            window.posmodel.addNewOrder();
            if (old) {
                await window.posmodel.removeOrder(old);
            }
            product(name).click();
        },
        /** From the end of a scan to a lower total. */
        armScan: () =>
            arm(
                "keydown",
                (ev) => ev.key === "Enter",
                (now, before) => now < before
            ),
        /** From a click on a product to the total with the discount of both. */
        armClick: (expected) =>
            arm(
                "click",
                () => true,
                (now) => Math.abs(now - expected) <= 1
            ),
        click: (name) => product(name).click(),
    };
})();
