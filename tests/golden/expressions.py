"""Workflows in JSONata of the golden corpus: each instruction of docs/SPEC.md, 2.16."""

from __future__ import annotations

from typing import Any

from tests.golden.workflows import Flow, map_, pass_, task, wait

Json = Any
JSONATA = {"QueryLanguage": "JSONata"}
GARDEN: Json = {
    "beds": [
        {
            "name": "kale",
            "water": 3,
            "plants": [{"kind": "curly", "n": 4}, {"kind": "red", "n": 2}],
        },
        {"name": "leek", "water": 1.5, "plants": {"kind": "blue", "n": 9}},
        {"name": "bean", "water": 3, "plants": []},
    ],
    "text": "write to bob@home, or ann@work.",
    "limit": 2,
    "at": "2024-03-01T12:30:45.123Z",
}
S = "$states.input"


def gives(**texts: str) -> Flow:
    """A Pass whose output has these expressions as members."""
    output = {name: "{% " + text + " %}" for name, text in texts.items()}
    return Flow({"A": {"Type": "Pass", "Output": output, "End": True}}, GARDEN, extra=JSONATA)


EXPRESSIONS: dict[str, Flow] = {
    "jsonata-paths": gives(
        all=f"{S}.beds.plants.kind",
        first=f"{S}.beds.plants[0].kind",
        last=f"{S}.beds[-1].name",
        wet=f"{S}.beds[water > $states.input.limit].name",
        parent=f'{S}.beds.plants.{{"bed": %.name, "kind": kind}}',
        at=f'{S}.beds#$i[$i > 0].{{"i": $i, "name": name}}',
        below=f"{S}.**.kind",
        each=f"{S}.beds[0].*",
        kept=f"{S}.beds[0].name[]",
        minus=f"-{S}.limit",
        join=f'{S}.(beds@$b.beds[water = $b.water].{{"a": $b.name, "b": name}})',
    ),
    "jsonata-groups": gives(
        by=f"{S}.beds{{$string(water): $count(name)}}",
        names=f"{S}.beds{{name: plants.n}}",
        one=f"{S}.beds^(>water, name).name",
        two=f"{S}.beds^(water + 0).name",
        sorted=f"$sort({S}.beds.plants.n)",
        turned=f"$sort({S}.beds, function($l, $r) {{ $l.name > $r.name }}).name",
        range="[1..4][$ % 2 = 0]",
    ),
    "jsonata-functions": gives(
        map=f"$map({S}.beds.water, function($w, $i) {{ $w * $i }})",
        sum=f"$sum({S}.beds.water) / 3",
        half="($half := function($a, $b) { $a / $b }(?, 2); $half(5))",
        chain='($f := $trim ~> $uppercase; $f("  x "))',
        signed="(function($x, $y)<n-n:n> { $x + $y })(1, 2)",
        deep="($f := function($n) { $n <= 1 ? 1 : $n * $f($n - 1) }; $f(12))",
        tail="($c := function($n, $a) { $n = 0 ? $a : $c($n - 1, $a + 1) }; $c(500, 0))",
        reduced=f"$reduce({S}.beds.water, function($a, $b) {{ $a + $b }})",
        kept=f"$filter({S}.beds, function($b) {{ $b.water = 3 }}).name",
        single=f'$single({S}.beds, function($b) {{ $b.name = "leek" }}).water',
        each=f'$each({S}.beds[1].plants, function($v, $k) {{ $k & ":" & $v }})',
        sift=f"$sift({S}.beds[1], function($v) {{ $v = 1.5 }})",
        seen="$exists($nowhere) or $boolean([0, 1])",
    ),
    "jsonata-texts": gives(
        match=f"$match({S}.text, /(\\w+)@(\\w+)/).groups",
        swap=f'$replace({S}.text, /(\\w+)@(\\w+)/, "$2 at $1")',
        called=f'$replace({S}.text, /o/, function($m) {{ $m.start & "" }})',
        split=f'$split({S}.text, " ")',
        day=f'$fromMillis($toMillis({S}.at), "[D1o] [MNn] [Y]")',
        number='$formatNumber(1234.5, "#,##0.00")',
        shown=f"$string({S}.beds[1])",
        third="$string(1 / 3)",
        infinite="[1 / 0, -1 / 0]",
        parsed='$parse("{\\"a\\": 9223372036854775807}").a',
        hash='$hash("soil", "SHA-256")',
    ),
    "jsonata-transform": gives(
        changed=f'{S} ~> |beds|{{"water": water * 2, "wet": true}}, ["plants"]|',
        merged=f'$merge([{S}.beds[0], {{"n": 1}}])',
        zipped="$zip([1, 2], [3, 4])",
    ),
    "jsonata-chance": gives(
        seeded="$random(42)", drawn="$random()", id="$uuid()", mixed="$shuffle([1..5])"
    ),
    "jsonata-workflow": Flow(
        {
            "A": pass_(Assign={"seen": "{% $count($states.input.beds) %}"}, Next="T"),
            "T": task(
                Arguments={"n": "{% $seen %}", "name": "{% $states.input.beds[0].name %}"},
                TimeoutSeconds="{% 10 * $seen %}",
                Catch=[
                    {
                        "ErrorEquals": ["States.ALL"],
                        "Output": "{% $states.errorOutput.Error %}",
                        "Next": "W",
                    }
                ],
                Output="{% $states.result.got %}",
                Next="C",
            ),
            "C": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.input = $seen %}", "Next": "M"}],
                "Default": "W",
            },
            "M": map_(
                {"I": pass_(Output="{% $states.input * $states.input %}")},
                Items="{% [1..$seen] %}",
                ItemSelector="{% $states.context.Map.Item.Value + 1 %}",
                Output="{% $sum($states.result) %}",
                Next="W",
            ),
            "W": wait(Seconds="{% $seen %}"),
        },
        GARDEN,
        [("ok", {"got": 3}, 5)],
        extra=JSONATA,
    ),
    "error-13": Flow(
        {
            "A": pass_(Output="{% $states.input.text + 1 %}", Next="B"),
            "B": pass_(),
        },
        GARDEN,
        extra=JSONATA,
    ),
    "error-13-type": Flow({"A": wait(Seconds="{% $states.input.text %}")}, GARDEN, extra=JSONATA),
}
