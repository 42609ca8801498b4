# Finds what a pattern matches (docs/SPEC.md, 2.16): all ways at once, so that no text takes more
# than its length times the pattern's.
_ENDS = "\n\r\u2028\u2029"  # of lines
_KEPT = 4  # patterns whose instructions are not taken apart anew

_known = {}


class Pattern:
    # `code`: of each instruction what it is and where it leads, by their numbers; `places`: how
    # many are kept; `first`: a character that all matches begin with, or ""; `weight`: what a
    # character counts
    def __init__(self, code):
        self.code = _instructions(code)
        self.places = 2
        for op in self.code:
            if op[0] == 6 or op[0] == 8:
                group = op[1] >> 1 if op[0] == 6 else op[1]
                self.places = max(self.places, 2 * group + 2)
        self.first = self._begin()
        self.weight = 1 + len(self.code) // 16

    def _begin(self):
        at = 0
        while self.code[at][0] == 6:
            at += 1
        return chr(self.code[at][1]) if self.code[at][0] == 1 else ""


def _u16(code, at):
    return code[at] | code[at + 1] << 8


def _u24(code, at):
    return code[at] | code[at + 1] << 8 | code[at + 2] << 16


def _instructions(code):
    out = []
    numbers = {}  # of instructions, by their places
    at = 0
    while at < len(code):
        numbers[at] = len(out)
        op = code[at]
        if op == 1:
            out.append((1, _u24(code, at + 1)))
            at += 4
        elif op == 2 or op == 3:
            end = at + 2 + 6 * code[at + 1]
            out.append((op, tuple([_u24(code, i) for i in range(at + 2, end, 3)])))
            at = end
        elif op == 4:
            out.append((4, _u16(code, at + 1), _u16(code, at + 3)))
            at += 5
        elif op == 5:
            out.append((5, _u16(code, at + 1)))
            at += 3
        elif op:
            out.append((op, code[at + 1]))
            at += 2
        else:
            out.append((0,))
            at += 1
    for i in range(len(out)):
        op = out[i]
        if op[0] == 4:
            out[i] = (4, numbers[op[1]], numbers[op[2]])
        elif op[0] == 5:
            out[i] = (5, numbers[op[1]])
    return out


def pattern(code):
    found = _known.get(code)
    if found is None:
        if len(_known) >= _KEPT:
            _known.clear()
        found = _known[code] = Pattern(code)
    return found


def _word(c):
    return c == "_" or "0" <= c <= "9" or "A" <= c <= "Z" or "a" <= c <= "z"


def _holds(k, at, before, after):
    # `before`, `after`: the characters around a place, "" at the ends
    if k == 0:
        return at == 0
    if k == 1:
        return after == ""
    if k == 2:
        return at == 0 or before in _ENDS
    if k == 3:
        return after == "" or after in _ENDS
    return (_word(before) != _word(after)) == (k == 4)


def _in(ranges, c):
    for i in range(0, len(ranges), 2):
        if ranges[i] <= c <= ranges[i + 1]:
            return True
    return False


class _Search:
    # `marks`: the place of the text, by instruction, at which a way was last there
    def __init__(self, code, size):
        self.code = code
        self.marks = [-1] * len(code)
        self.size = size
        self.found = None

    def add(self, ways, pc, kept, at, before, after):
        # ways of `pc` that take a character; True: one has matched, so later ones do not count
        code = self.code
        marks = self.marks
        todo = [(pc, kept)]
        while todo:
            pc, kept = todo.pop()
            while marks[pc] != at:
                marks[pc] = at
                op = code[pc]
                kind = op[0]
                pc += 1
                if kind == 4:
                    todo.append((op[2], kept))
                    pc = op[1]
                elif kind == 5:
                    pc = op[1]
                elif kind == 6:
                    kept = list(kept)
                    kept[op[1]] = at
                elif kind == 8:
                    kept = list(kept)
                    kept[2 * op[1]] = kept[2 * op[1] + 1] = -1
                elif kind == 7:
                    if not _holds(op[1], at, before, after):
                        break
                elif kind:
                    ways.append((pc - 1, kept))
                    break
                else:
                    self.found = kept
                    return True
        return False

    def run(self, text, at):
        # -> where it has ended looking
        code = self.code
        chars = iter(text[at:])
        before = text[at - 1 : at] if at else ""
        after = next(chars, "")
        fresh = [-1] * self.size
        ways = []
        self.add(ways, 0, fresh, at, before, after)
        while after and (ways or self.found is None):
            c = ord(after)
            before = after
            after = next(chars, "")
            at += 1
            further = []
            for pc, kept in ways:
                op = code[pc]
                kind = op[0]
                takes = op[1] == c if kind == 1 else _in(op[1], c) == (kind == 2)
                if takes and self.add(further, pc + 1, kept, at, before, after):
                    break
            if self.found is None:
                self.add(further, 0, fresh, at, before, after)
            ways = further
        return at


def find(code, text, start, spend):
    # -> the places of the first match from `start` on, -1 for a group that is not in it; or None
    p = pattern(code)
    at = start
    if p.first:
        at = text.find(p.first, start)
        if at < 0:
            spend((len(text) - start) * p.weight >> 8)
            return None
    search = _Search(p.code, p.places)
    end = search.run(text, at)
    spend((end - start) * p.weight >> 8)
    return search.found


def find_all(code, text, spend, most=1 << 29):
    # gives the places of each match, one behind the other; behind the last that is wanted it
    # looks for one more, which may be an error
    from ..values import ExpressionError

    at = n = 0
    while True:
        kept = find(code, text, at, spend)
        if kept is None:
            return
        if kept[0] == kept[1] and n:
            raise ExpressionError("D1004")
        n += 1
        if n > most:
            return
        yield kept
        at = kept[1]
        if at >= len(text):
            return


def groups(text, kept):
    # null for one that is not in the match
    out = []
    for i in range(2, len(kept), 2):
        out.append(text[kept[i] : kept[i + 1]] if kept[i] >= 0 and kept[i + 1] >= 0 else None)
    return out
