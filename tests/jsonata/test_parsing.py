"""Expressions become the trees that npm jsonata makes, and patterns find what JavaScript finds."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests import interpreters
from tests.jsonata import reference
from tests.jsonata.suite import cases
from tests.jsonata.trees import ours, theirs
from tests.spec.expression_values import found as match
from tsme.program.expressions.functions import regex
from tsme_host.compiler.jsonata.regexes import compile_regex
from tsme_host.compiler.jsonata.tree import JsonataError

Json = Any
WORDS = re.compile(r"\"[^\"]*\"|\$?\w+|\s+|:=|\.\.|~>|\*\*|.", re.DOTALL)
LEAVES = """a b $x 1 % * ** 's' $ -2 true `q-r` and in or /a+/i $$""".split()
# _ stands for an expression, which has no blanks but here.
FORMS = [
    *"_._ _._ _._ _[_] _[] (_) (_;_) [_,_] [_.._] _{_:_} {_:_} _^(>_,_) _@$p _@$q _#$i".split(),
    *"_+_ _~>_ -_ $f(_) $f(?,_) function($a){_} $v:=_ _?_:_ _?_ |_|_| |_|_,_| _%_ _.%".split(),
    *"function($a,$b)<a<n>s?:n>{_} %._ _.%.%._ (_)(_) {} []".split(),
    "_ and _",
    "_ in _",
]
ATOMS = [
    *r"a b c . [ab] [^a] \w \d \s A 1 \b ^ $ \B [a-c1] [] é \u0041 [^] \W ß k ſ -".split(),
    "",
]
PARTS = "__ __ _|_ (_) (_) (?:_) (_)Q (?:_)Q (_|_)Q aQ .Q".split()
JUNK = [
    *r"( [ { \ * ? ] } ) | \c \x4 \1 \k (?<n>a) {1} a{ [z-a] [\d-z] [a-\d] \u{61} ^*".split(),
    *r"(?:^)* \0 \12 \377 [\b] [\c1] (?=a) \a".split(),
]
QUANTIFIERS = "* + ? {2} {1,2} {0,2} {2,} {0,3} {0} {,3}".split()


def ask(asked: list[Json]) -> list[Json]:
    try:
        reference.install()
    except interpreters.MissingTool as missing:
        if interpreters.strict():
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    done = subprocess.run(
        ["node", str(reference.HERE / "parse.js")],
        input="".join(json.dumps(one) + "\n" for one in asked),
        capture_output=True,
        check=True,
        encoding="utf-8",
        env=os.environ | {"NODE_PATH": str(reference.BUILD / "node_modules")},
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def samples() -> list[str]:
    found = [case.get("expr") for case in cases(reference.HERE / "samples")]
    return [text for text in found if isinstance(text, str)]


def grown(r: random.Random, forms: list[str], leaves: list[str], deep: int = 0) -> str:
    if deep > 4 or r.random() < 0.3:
        return r.choice(leaves)
    form = r.choice(forms)
    return "".join(grown(r, forms, leaves, deep + 1) if char == "_" else char for char in form)


def changed(r: random.Random, text: str, words: list[str]) -> str:
    """A text with a few words in the wrong place."""
    parts = WORDS.findall(text)
    for _ in range(r.randint(1, 3)):
        at = r.randrange(len(parts) + 1)
        parts[at : at + r.randint(0, 1)] = r.choice([[], [r.choice(words)]])
    return "".join(parts)


def differences(expressions: list[str]) -> list[str]:
    answers = ask([{"expr": text} for text in expressions])
    assert len(answers) == len(expressions)
    wrong = []
    for text, answer in zip(expressions, answers, strict=True):
        if not answer.get("code", "S"):
            continue  # a regular expression that JavaScript refuses: the checks do so here
        if ours(text) != theirs(answer):
            wrong.append(text)
    return wrong


def test_the_samples_have_the_reference_s_trees() -> None:
    expressions = samples()
    assert len(expressions) > 50
    assert differences(expressions) == []


def test_generated_expressions_have_the_reference_s_trees_or_its_mistakes() -> None:
    r = random.Random(1)
    words = [word for text in samples() for word in WORDS.findall(text)] + LEAVES
    makers: list[Callable[[], str]] = [
        lambda: grown(r, FORMS, LEAVES),
        lambda: changed(r, r.choice(samples_read), words),
    ]
    samples_read = samples()
    expressions = [makers[n % 2]() for n in range(6000)]
    assert differences([text for text in expressions if len(text) < 400]) == []


def test_generated_patterns_find_what_javascript_finds() -> None:
    r = random.Random(1)
    asked: list[Json] = []
    for number in range(2500):
        pattern = grown(r, PARTS, ATOMS)
        pattern = re.sub("Q", lambda _: r.choice(QUANTIFIERS) + r.choice(["", "", "?"]), pattern)
        if number % 5 == 0:
            at = r.randrange(len(pattern) + 1)
            pattern = pattern[:at] + r.choice(JUNK) + pattern[at:]
        texts = ["".join(r.choices("aabbc1A B\n\rékKſß-", k=r.randint(0, 8))) for _ in range(6)]
        asked.append({"pattern": pattern, "flags": r.choice(["", "i", "m", "im"]), "texts": texts})
    refused = 0
    for one, answer in zip(asked, ask(asked), strict=True):
        try:
            code = compile_regex(one["pattern"], one["flags"])
        except JsonataError as error:
            refused += bool(error.code)
            assert error.code or "message" in answer, one
            continue
        for text, expected in zip(one["texts"], answer["matches"], strict=True):
            assert groups(code, text, len(expected or ())) == expected, (one, text)
    assert refused < 100


def groups(code: bytes, text: str, count: int) -> list[str | None] | None:
    """The match and its groups, by the matcher of the device and by that of SPEC."""
    kept = regex.find(code, text, 0, lambda _: None)
    places = match(code, text, 0)
    if kept is None or places is None:
        assert kept is None
        assert places is None
        return None
    assert [None if place < 0 else place for place in kept] == places[: len(kept)]
    return [text[kept[0] : kept[1]], *regex.groups(text, kept)][:count]
