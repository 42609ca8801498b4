// Asks npm jsonata for trees, and JavaScript for matches: a line of JSON in, a line out, in order.
//
// in:  {"expr"} or {"pattern", "flags", "texts"}
// out: {"ast"}, {"matches": for each text null or [text, group ...]}, or {"code", "position", "message"}
"use strict";
const jsonata = require("jsonata");
const readline = require("readline");

const OWN = ["nextFunction", "seekingParent"]; // of the reference's own work, no part of a tree

function plain(key, value) {
    if (OWN.includes(key)) return undefined;
    if (value instanceof RegExp) return { regex: value.source, flags: value.flags };
    return value;
}

function matched(pattern, flags, texts) {
    const regex = new RegExp(pattern, flags);
    return texts.map((text) => {
        const found = regex.exec(text);
        return found && [...found].map((part) => (part === undefined ? null : part));
    });
}

function answer(asked) {
    try {
        if ("pattern" in asked) return { matches: matched(asked.pattern, asked.flags, asked.texts) };
        return { ast: jsonata(asked.expr).ast() };
    } catch (error) {
        return { code: error.code || "", position: error.position, message: error.message };
    }
}

readline
    .createInterface({ input: process.stdin })
    .on("line", (line) => console.log(JSON.stringify(answer(JSON.parse(line)), plain)));
