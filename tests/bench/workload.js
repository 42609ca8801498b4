// The expressions of workload f, evaluated by npm jsonata as often as the workflow does: workload.js
// INPUT. Prints the nanoseconds of all of them.
"use strict";
const jsonata = require("jsonata");
const given = JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"));

async function run(compiled) {
    const [step, items, last, all, twice, more, sum, first] = compiled;
    let input = given;
    do {
        const states = { input };
        input = {
            i: await step.evaluate(undefined, { states }),
            items: await items.evaluate(undefined, { states }),
        };
    } while (await last.evaluate(undefined, { states: { input } }));
    const found = await all.evaluate(undefined, { states: { input } });
    const result = [];
    for (const [Index, Value] of found.entries()) {
        const context = { Map: { Item: { Index, Value } } };
        const n = await twice.evaluate(undefined, { states: { input, context } });
        result.push(await more.evaluate(undefined, { states: { input: { n } } }));
    }
    const states = { input, result };
    return [await sum.evaluate(undefined, { states }), await first.evaluate(undefined, { states })];
}

(async () => {
    const compiled = [
        "$states.input.i + 1",
        "$states.input.items",
        "$states.input.i < 1000",
        "$states.input.items",
        "$states.context.Map.Item.Value * 2",
        "$states.input.n + 1",
        "$sum($states.result)",
        "$states.result[0]",
    ].map((text) => jsonata(text));
    await run(compiled);
    const times = [];
    for (let n = 0; n < 5; n++) {
        const begin = process.hrtime.bigint();
        await run(compiled);
        times.push(Number(process.hrtime.bigint() - begin));
    }
    times.sort((a, b) => a - b);
    console.log(String(times[2]));
})();
