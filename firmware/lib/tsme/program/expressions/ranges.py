# The operator `..`, and sorting (docs/SPEC.md, 2.16).
from ...values.binary64 import integral
from ...values.numbers import is_number
from .arithmetic import is_finite, settled
from .values import MISSING, ExpressionError, sequence


def span(m, a, b):
    x = _whole(a, "T2003")
    y = _whole(b, "T2004")
    if x is None or y is None or x > y:
        return MISSING
    n = y - x + 1
    if n > 10000000:
        raise ExpressionError("D2014", value=n)
    if n > m.largest:
        raise ExpressionError("D2015")
    if n > 255:
        m.count(n)
    if x > -9007199254740992 and y < 9007199254740992:
        return sequence(range(x, y + 1))
    return sequence([settled(v) for v in range(x, y + 1)])


def _whole(v, code):
    if v is MISSING:
        return None
    n = integral(v) if is_number(v) and is_finite(v) else None
    if n is None:
        raise ExpressionError(code, value=v)
    return n


class Sorter:
    # A merge sort that asks its caller: halves, the smaller half first, each sorted, then merged.
    def __init__(self, items):
        self.items = list(items)
        self.spare = None  # what is merged so far
        self.todo = [(0, len(items), 0)]  # from, to, and between if its halves are sorted
        self.left = self.right = 0  # where the two to compare are
        self.asked = self.second = False  # somebody was given them; b comes before a

    def answered(self, v):
        # b, the second, comes before a?
        self.second = v is not MISSING and v is not None and v is not False and v != "" and v == v
        if self.second and is_number(v) and v == 0:
            self.second = False

    def next_two(self, stack):
        # Two items onto the stack; or, if all is sorted, the array instead of this: True.
        items, todo = self.items, self.todo
        if self.asked:  # the last answer holds, and none is no
            if self.second:
                self.spare.append(items[self.right])
                self.right += 1
            else:
                self.spare.append(items[self.left])
                self.left += 1
        self.asked = True
        self.second = False
        while todo:
            low, high, middle = todo[-1]
            if not middle:
                todo.pop()
                if high - low > 1:
                    middle = low + (high - low >> 1)
                    todo.append((low, high, middle))
                    todo.append((middle, high, 0))
                    todo.append((low, middle, 0))
                continue
            if self.spare is None:
                self.spare = []
                self.left = low
                self.right = middle
            if self.left < middle and self.right < high:
                stack.append(items[self.left])
                stack.append(items[self.right])
                return False
            # what is left of either half is in order already
            if self.left < middle:
                n = high - (middle - self.left)
                items[n:high] = items[self.left : middle]
            items[low : low + len(self.spare)] = self.spare
            self.spare = None
            todo.pop()
        stack[-1] = items
        return True
