# Intrinsic functions on text: Format, StringSplit.  table.py says how they are called.
from ...errors import IntrinsicError
from .arguments import a_text, an_array


def _printed(v):
    if isinstance(v, str):
        return v
    if type(v) is int:
        return str(v)
    from ...values.json import dumps

    return dumps(v, True)


# `{}` takes the next argument; a backslash before a brace or a backslash makes it literal.
def format_(rng, template, args):
    a_text(template, "the template")
    pieces = _pieces(template) if "\\" in template else template.split("{}")
    if len(pieces) != len(an_array(args, "the second argument")) + 1:
        raise IntrinsicError("the template must have one {} for each argument")
    out = [pieces[0]]
    for i in range(len(args)):
        out.append(_printed(args[i]))
        out.append(pieces[i + 1])
    return "".join(out)


# A character of a text is never taken by its index: MicroPython counts from the beginning.
def _pieces(template):
    pieces = []
    piece = []
    before = ""  # a backslash or brace of which the next character decides
    for c in template:
        if before == "\\" and c in "{}\\'":
            piece.append(c)
            before = ""
        elif before == "{" and c == "}":
            pieces.append("".join(piece))
            piece = []
            before = ""
        else:
            piece.append(before)
            before = c if c in "\\{" else ""
            if not before:
                piece.append(c)
    piece.append(before)
    pieces.append("".join(piece))
    return pieces


# The separators are a set of characters; empty pieces are dropped.
def string_split(rng, text, separators):
    a_text(text, "the first argument")
    if not a_text(separators, "the second argument"):
        return [text] if text else []
    separators = set(separators)
    if len(separators) > 8:
        piece = []
        out = []
        for c in text:
            if c not in separators:
                piece.append(c)
            elif piece:
                out.append("".join(piece))
                piece = []
        return out + ["".join(piece)] if piece else out
    first = separators.pop()
    for c in separators:
        text = text.replace(c, first)
    return [piece for piece in text.split(first) if piece]
