# Finds what a pattern matches (docs/SPEC.md, 2.16): all ways at once, so that no text takes more
# than its length times the pattern's.
from ....values import UNICODE

_ENDS = "\n\r\u2028\u2029"  # of lines
_KEPT = 64 if UNICODE else 4  # patterns whose instructions are not taken apart anew
_LINKS = 64  # instructions of a pattern of which it is known where they lead

_known = {}
_tables = {}  # of ASCII characters, by ranges


class Pattern:
    # `code`: instructions, (kind, ..), that name others by number; `places`: how many are kept;
    # `begins`: what takes the first character of a match, or None if that may be empty; `first`:
    # the same for ASCII, a byte each; `weight`: what a character counts
    def __init__(self, code):
        self.code = _instructions(code)
        self.links = {}
        self.places = 2
        for op in self.code:
            if op[0] == 6 or op[0] == 8:
                group = op[1] >> 1 if op[0] == 6 else op[1]
                self.places = max(self.places, 2 * group + 2)
        self.weight = 1 + len(self.code) // 16
        self.begins = self._begin()
        self.letter = ""  # that all matches begin with
        self.first = None
        if self.begins:
            self.first = bytearray(128)
            for c in range(128):
                self.first[c] = _takes_one(self.begins, c)
            if len(self.begins) == 1 and self.begins[0][0] == 1:
                self.letter = chr(self.begins[0][1])

    def _begin(self):
        out = []
        seen = set()
        todo = [0]
        while todo:
            for pc, _ in self.link(todo.pop()):
                kind = self.code[pc][0]
                if not kind:
                    return None
                if pc not in seen:
                    seen.add(pc)
                    if kind == 7:
                        todo.append(pc + 1)
                    else:
                        out.append(self.code[pc])
        return out

    def link(self, pc):
        # where an instruction leads before a character is taken: (instruction, places to keep on
        # the way, ~k to forget those of group k), the first way first
        found = self.links.get(pc)
        if found is not None:
            return found
        out = []
        seen = set()
        todo = [(pc, ())]
        while todo:
            n, saves = todo.pop()
            if n in seen:
                continue
            seen.add(n)
            op = self.code[n]
            kind = op[0]
            if kind == 4:
                todo.append((op[2], saves))
                todo.append((op[1], saves))
            elif kind == 5:
                todo.append((op[1], saves))
            elif kind == 6:
                todo.append((n + 1, saves + (op[1],)))
            elif kind == 8:
                todo.append((n + 1, saves + (~op[1],)))
            else:
                out.append((n, saves))
        if len(self.links) < _LINKS:
            self.links[pc] = out
        return out


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
            ranges = tuple([_u24(code, i) for i in range(at + 2, end, 3)])
            out.append((op, ranges, _ascii(ranges)))
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


def _ascii(ranges):
    # which characters of ASCII are in ranges: one byte each
    found = _tables.get(ranges)
    if found is None:
        if len(_tables) >= _KEPT:
            _tables.clear()
        found = bytearray(128)
        for i in range(0, len(ranges), 2):
            for c in range(ranges[i], min(ranges[i + 1], 127) + 1):
                found[c] = 1
        _tables[ranges] = found
    return found


def _takes(op, c):
    kind = op[0]
    if kind == 1:
        return op[1] == c
    if c < 128:
        return op[2][c] == (kind == 2)
    return _in(op[1], c) == (kind == 2)


def _takes_one(ops, c):
    for op in ops:
        if _takes(op, c):
            return True
    return False


class _Search:
    # `marks`: the place of the text, by instruction, at which a way was last there
    def __init__(self, pattern):
        self.pattern = pattern
        self.marks = [-1] * len(pattern.code)
        self.found = None

    def add(self, ways, pc, kept, at, before, after):
        # ways of `pc` that take a character; True: one has matched, so later ones do not count
        code = self.pattern.code
        link = self.pattern.link
        marks = self.marks
        todo = [(link(pc), 0, kept)]
        while todo:
            items, i, kept = todo.pop()
            while i < len(items):
                pc, saves = items[i]
                i += 1
                if marks[pc] == at:
                    continue
                marks[pc] = at
                now = kept
                if saves:
                    now = list(kept)
                    for n in saves:
                        if n >= 0:
                            now[n] = at
                        else:
                            now[2 * ~n] = now[2 * ~n + 1] = -1
                kind = code[pc][0]
                if kind == 7:
                    if _holds(code[pc][1], at, before, after):
                        todo.append((items, i, kept))
                        items = link(pc + 1)
                        i = 0
                        kept = now
                elif kind:
                    ways.append((pc, now))
                else:
                    self.found = now
                    return True
        return False

    def run(self, text, at):
        # -> where it has ended looking
        code = self.pattern.code
        first = self.pattern.first
        chars = iter(text[at:])
        before = text[at - 1 : at] if at else ""
        after = next(chars, "")
        fresh = [-1] * self.pattern.places
        ways = []
        self.add(ways, 0, fresh, at, before, after)
        while after and (ways or self.found is None):
            c = ord(after)
            before = after
            after = next(chars, "")
            at += 1
            further = []
            for pc, kept in ways:
                if _takes(code[pc], c) and self.add(further, pc + 1, kept, at, before, after):
                    break
            ways = further
            if self.found is None:
                if first is None:
                    self.add(ways, 0, fresh, at, before, after)
                    continue
                if not ways:  # pass over what no match begins with
                    while after:
                        c = ord(after)
                        if first[c] if c < 128 else _takes_one(self.pattern.begins, c):
                            break
                        before = after
                        after = next(chars, "")
                        at += 1
                if after:
                    c = ord(after)
                    if first[c] if c < 128 else _takes_one(self.pattern.begins, c):
                        self.add(ways, 0, fresh, at, before, after)
        return at


def find(code, text, start, spend):
    # -> the places of the first match from `start` on, -1 for a group that is not in it; or None
    p = pattern(code)
    at = start
    if p.letter:
        at = text.find(p.letter, start)
    if at < 0:
        spend((len(text) - start) * p.weight >> 8)
        return None
    search = _Search(p)
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
