"""Trees of expressions in the form that npm jsonata's ast() gives them, to be compared."""

from __future__ import annotations

from typing import Any

from tsme_host.compiler.jsonata import tree
from tsme_host.compiler.jsonata.order import put_in_order
from tsme_host.compiler.jsonata.syntax import Parser

Json = Any

# Where a mistake of these is, the reference says by where its lexer has come to.
_ROUGH = "S0101 S0102 S0103 S0104 S0105 S0301 S0302 S0401 S0402".split()


def ours(text: str) -> Json:
    """What this parser makes of an expression."""
    parser = Parser(text)
    try:
        node = put_in_order(parser.whole())
    except tree.JsonataError as error:
        at = _units(text, parser.ends.get(error.index, error.index))
        found = {"code": error.code, "message": error.message, "position": at}
        return _without_place(found)
    return {"ast": _Shown(text, parser.ends).node(node)}


def theirs(answer: Json) -> Json:
    """The same of the reference's answer, without what says nothing."""
    return {"ast": _tidy(answer["ast"])} if "ast" in answer else _without_place(answer)


def _without_place(found: Json) -> Json:
    if found["code"] in (*_ROUGH, "S0217"):
        return found | {"position": None}
    return found


def _units(text: str, at: int) -> int:
    """A place in units of UTF-16, as the reference counts."""
    return len(text[:at].encode("utf-16-le", "surrogatepass")) // 2


class _Shown:
    def __init__(self, text: str, ends: dict[int, int]) -> None:
        self.text = text
        self.ends = ends

    def end(self, at: int) -> int:
        return _units(self.text, self.ends[at])

    def stages(self, stages: list[Any]) -> list[Json]:
        out = []
        for stage in stages:
            if isinstance(stage, tree.Filter):
                made = {"type": "filter", "expr": self.node(stage.expr)}
            else:
                made = {"type": "index", "value": stage.name}
            out.append(made | {"position": self.end(stage.at)})
        return out

    def pairs(self, pairs: list[tuple[tree.Node, tree.Node]]) -> list[Json]:
        return [[self.node(key), self.node(value)] for key, value in pairs]

    def node(self, node: tree.Node | None) -> Json:
        if node is None:
            return {"type": "operator", "value": "?"}
        out = self.own(node)
        if not isinstance(node, (tree.Path, tree.Parent)):
            out["position"] = self.end(node.at)
        parts = {
            "predicate": self.stages(node.predicates),
            "stages": self.stages(node.stages),
            "focus": node.focus,
            "index": node.index,
            "ancestor": node.ancestor and node.ancestor.label,
            "tuple": node.tuple,
            "keepArray": node.keep_array,
            "consarray": node.cons,
        }
        out |= {key: value for key, value in parts.items() if value}
        if node.group is not None:
            out["group"] = self.pairs(node.group)
        if isinstance(node, tree.Call) and node.tail:
            place = out["position"]
            out = {"type": "lambda", "thunk": True, "arguments": [], "body": out}
            out["position"] = place
        return out

    def own(self, node: tree.Node) -> dict[str, Json]:
        match node:
            case tree.Literal(value=value):
                return _literal(value)
            case tree.Name(value=value):
                return {"type": "name", "value": value}
            case tree.Variable(name=name):
                return {"type": "variable", "value": name}
            case tree.Wildcard(deep=deep):
                kind, value = ("descendant", "**") if deep else ("wildcard", "*")
                return {"type": kind, "value": value}
            case tree.Parent(slot=slot):
                return {"type": "parent", "slot": slot.label}
            case tree.Regex(pattern=pattern, flags=flags):
                return {"type": "regex", "value": {"regex": pattern, "flags": flags}}
        return self.joined(node)

    def joined(self, node: tree.Node) -> dict[str, Json]:
        show = self.node
        match node:
            case tree.Path(steps=steps):
                out = {"type": "path", "steps": list(map(show, steps))}
                return out | ({"keepSingletonArray": True} if node.keep_singleton else {})
            case tree.Binary(op=op, left=left, right=right):
                return {"type": "binary", "value": op, "lhs": show(left), "rhs": show(right)}
            case tree.Apply(left=left, right=right):
                return {"type": "apply", "value": "~>", "lhs": show(left), "rhs": show(right)}
            case tree.Negate(value=value):
                return {"type": "unary", "value": "-", "expression": show(value)}
            case tree.Array(items=items):
                return {"type": "unary", "value": "[", "expressions": list(map(show, items))}
            case tree.Object(pairs=pairs):
                return {"type": "unary", "value": "{", "lhs": self.pairs(pairs)}
            case tree.Bind(name=name, value=value):
                return {"type": "bind", "value": ":=", "lhs": name, "rhs": show(value)}
            case tree.Block(parts=parts):
                return {"type": "block", "expressions": list(map(show, parts))}
            case tree.Sort(terms=terms):
                shown = [{"descending": down, "expression": show(term)} for term, down in terms]
                return {"type": "sort", "terms": shown}
        return self.functional(node)

    def functional(self, node: tree.Node) -> dict[str, Json]:
        show = self.node
        match node:
            case tree.Condition(test=test, then=then, otherwise=otherwise):
                out = {"type": "condition", "condition": show(test), "then": show(then)}
                return out if otherwise is None else out | {"else": show(otherwise)}
            case tree.Lambda(parameters=names, signature=signature, body=body):
                out = {"type": "lambda", "arguments": names, "body": show(body)}
                return out | ({"signature": signature} if signature else {})
            case tree.Call(callee=callee, arguments=arguments):
                out = {"type": "partial" if node.partial else "function", "value": "("}
                shown = list(map(show, arguments))
                return out | {"arguments": shown, "procedure": show(callee)}
            case tree.Transform(pattern=pattern, update=update, delete=delete):
                out = {"type": "transform", "pattern": show(pattern), "update": show(update)}
                return out if delete is None else out | {"delete": show(delete)}
        raise AssertionError(node)


def _literal(value: Json) -> dict[str, Json]:
    if isinstance(value, str):
        return {"type": "string", "value": value}
    if value is None or isinstance(value, bool):
        return {"type": "value", "value": value}
    return {"type": "number", "value": float(value)}


def _tidy(node: Json) -> Json:
    if isinstance(node, list):
        return [_tidy(part) for part in node]
    if not isinstance(node, dict):
        return node
    kind = node.get("type")
    if kind == "operator" and node["value"] == "?":
        return {"type": "operator", "value": "?"}
    node = dict(node)
    if kind == "regex":
        flags = node["value"]["flags"].replace("g", "")
        node["value"] = {"regex": node["value"]["regex"], "flags": flags}
    elif kind == "lambda" and not node.get("thunk"):
        node["arguments"] = [argument["value"] for argument in node["arguments"]]
        if "signature" in node:
            node["signature"] = node["signature"]["definition"]
    elif kind == "bind":
        node["lhs"] = node["lhs"]["value"]
    elif kind == "number":
        node["value"] = float(node["value"])
    elif kind == "path":
        node.pop("position", None)
    if kind is not None and "group" in node:
        node["group"] = node["group"]["lhs"]
    for name in ("ancestor", "slot"):
        if name in node:
            node[name] = node[name]["label"]
    return {key: value if kind == "regex" and key == "value" else _tidy(value)
            for key, value in node.items()}  # fmt: skip
