# The native functions by number (docs/SPEC.md, 2.16): name, signature, how many arguments $map and
# its like give it, and where it is.  A module is imported when one of its functions is asked for.
#
# Each is called as fn(m, *args), its arguments checked and completed by signatures.validate();
# some may be missing at the end.  m is the evaluation: m.now, the time in ms; m.draw(), 32 random
# bits; m.spend(n), n units of fuel; m.largest, bytes that a text or array may have.  Those marked
# with `!` depend on more than their arguments.

# One text, since every short one would take memory for good.
_ROWS = (
    "sum <a<n>:n> 1 aggregates;"
    "count <a:n> 1 aggregates;"
    "max <a<n>:n> 1 aggregates;"
    "min <a<n>:n> 1 aggregates;"
    "average <a<n>:n> 1 aggregates;"
    "string <x-b?:s> 1 strings;"
    "substring <s-nn?:s> 3 strings;"
    "substringBefore <s-s:s> 2 strings;"
    "substringAfter <s-s:s> 2 strings;"
    "lowercase <s-:s> 1 strings;"
    "uppercase <s-:s> 1 strings;"
    "length <s-:n> 1 strings;"
    "trim <s-:s> 1 strings;"
    "pad <s-ns?:s> 3 strings;"
    "match <s-f<s:o>n?:a<o>> 3 matching;"
    "contains <s-(sf):b> 2 matching;"
    "replace <s-(sf)(sf)n?:s> 4 replacing;"
    "split <s-(sf)n?:a<s>> 3 matching;"
    "join <a<s>s?:s> 2 strings;"
    "formatNumber <n-so?:s> 3 number_pictures;"
    "formatBase <n-n?:s> 2 numeric;"
    "formatInteger <n-s:s> 2 integers;"
    "parseInteger <s-s:n> 2 integers;"
    "number <(nsb)-:n> 1 numeric;"
    "floor <n-:n> 1 numeric;"
    "ceil <n-:n> 1 numeric;"
    "round <n-n?:n> 2 numeric;"
    "abs <n-:n> 1 numeric;"
    "sqrt <n-:n> 1 numeric;"
    "power <n-n:n> 2 powers;"
    "random <n?:n> 1 chance !;"
    "boolean <x-:b> 1 logic;"
    "not <x-:b> 1 logic;"
    "zip <a+> 0 arrays;"
    "keys <x-:a<s>> 1 objects;"
    "lookup <x-s:x> 2 objects;"
    "append <xx:a> 2 arrays;"
    "exists <x:b> 1 logic;"
    "spread <x-:a<o>> 1 objects;"
    "merge <a<o>:o> 1 objects;"
    "reverse <a:a> 1 arrays;"
    "error <s?:x> 1 logic;"
    "assert <bs?:x> 2 logic;"
    "type <x:s> 1 logic;"
    "shuffle <a:a> 1 chance !;"
    "distinct <x:x> 1 arrays;"
    "base64encode <s-:s> 1 coding;"
    "base64decode <s-:s> 1 coding;"
    "encodeUrlComponent <s-:s> 1 coding;"
    "encodeUrl <s-:s> 1 coding;"
    "decodeUrlComponent <s-:s> 1 coding;"
    "decodeUrl <s-:s> 1 coding;"
    "toMillis <s-s?:n> 2 date_iso !;"
    "fromMillis <n-s?s?:s> 3 dates;"
    "partition <xn?:a> 2 aws;"
    "range <nnn?:a<n>> 3 aws;"
    "hash <ss?:s> 2 aws;"
    "uuid <:s> 0 chance !;"
    "parse <s?:x> 1 aws;"
    "now <s?s?:s> 2 dates !;"
    "millis <:n> 0 dates !;"
    "*matches* <sf:a<o>> 2 matching;"
    "*replacement* <x:s> 1 replacing;"
    "*compare* <xxn:n> 3 logic;"
    "clone <(oa)-:o> 1 objects"
)


def functions():
    # all rows: (name, signature, arity, module, depends on more than its arguments)
    return [known(n) for n in range(_ROWS.count(";") + 1)]


def known(number):
    rows = _ROWS.split(";")
    if number < len(rows):
        row = rows[number].split()
        return row[0], row[1], int(row[2]), row[3], len(row) > 4
    from ....errors import TsmeError

    raise TsmeError("TSME-P004", "the program calls function $%d, which is not here" % number)


def number_of(name):
    # of a function by its name without `$`, or None
    n = 0
    for row in _ROWS.split(";"):
        if row.split(None, 1)[0] == name:
            return n
        n += 1
    return None


def find(number):
    # -> (function, signature, arity)
    name, signature, arity, part, _ = known(number)
    module = __import__("tsme.program.expressions.functions." + part, None, None, ["*"])
    return getattr(module, name.strip("*") + "_"), signature, arity
