# Intrinsic functions on text: Format, StringSplit.  intrinsics.py says how they are called.
from .arguments import a_text, an_array
from .faults import IntrinsicError


def _printed(v):
    if isinstance(v, str):
        return v
    if type(v) is int:
        return str(v)
    from .jsontext import dumps

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


def _pieces(template):
    pieces = [""]
    skip = False
    for i in range(len(template)):
        if skip:
            skip = False
            continue
        c = template[i]
        following = template[i + 1 : i + 2]
        if c == "\\" and following and following in "{}\\'":
            pieces[-1] += following
            skip = True
        elif c == "{" and following == "}":
            pieces.append("")
            skip = True
        else:
            pieces[-1] += c
    return pieces


# The separators are a set of characters; empty pieces are dropped.
def string_split(rng, text, separators):
    a_text(text, "the first argument")
    if not a_text(separators, "the second argument"):
        return [text] if text else []
    first = separators[0]
    for c in separators[1:]:
        text = text.replace(c, first)
    return [piece for piece in text.split(first) if piece]
