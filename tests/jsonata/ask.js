// Asks npm jsonata: a line of JSON in for each evaluation, a line out, in the same order.
//
// in:  {"expr", "data" (left out: nothing), "bindings"}
// out: {"value"} | {} for nothing | {"error": {"code", "message", ...}}
//
// What JSON has no form for is told by an object with one member, {"<function>": true} or
// {"<nothing>": true}; infinities and NaN are texts, as AWS has them. The code of an error that is
// the host's own is "host".
"use strict";
const jsonata = require("jsonata");
const readline = require("readline");

const DEPTH = 500; // evaluations in one another
const STEPS = 300000; // evaluations in all, by which what has no end is known

// A deep copy of a result as plain JSON.
function shown(value) {
    if (value === undefined) return { "<nothing>": true };
    if (typeof value === "function") return { "<function>": true };
    if (typeof value === "number" && !Number.isFinite(value)) return String(value);
    if (value === null || typeof value !== "object") return value;
    if (value._jsonata_lambda || value._jsonata_function) return { "<function>": true };
    if (Array.isArray(value)) return value.map(shown);
    const out = {};
    for (const key of Object.keys(value)) {
        Object.defineProperty(out, key, { value: shown(value[key]), enumerable: true });
    }
    return out;
}

// Ends what would run for ever, or too deep.
function bound(expression) {
    let depth = 0;
    let steps = 0;
    expression.assign(Symbol.for("jsonata.__evaluate_entry"), () => {
        depth += 1;
        steps += 1;
        if (depth > DEPTH || steps > STEPS) throw { code: "U1001", message: "no end" };
    });
    expression.assign(Symbol.for("jsonata.__evaluate_exit"), () => {
        depth -= 1;
    });
}

async function answer(asked) {
    try {
        const expression = jsonata(asked.expr);
        bound(expression);
        const value = await expression.evaluate(asked.data, asked.bindings || {});
        return value === undefined ? {} : { value: shown(value) };
    } catch (error) {
        const { code, message, token, position, index, value } = error;
        return { error: { code: code || "host", message, token, position, index, value: shown(value) } };
    }
}

(async () => {
    for await (const line of readline.createInterface({ input: process.stdin })) {
        process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + "\n");
    }
})();
