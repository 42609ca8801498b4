"""The compiler: Amazon States Language text in, a compact CBOR program out.

The passes, in the order they run; each is a module that can be read alone:

* `source`   JSON text -> `Node`, every value with its place
* `validate` `Node` -> `model.Machine`, all problems found in one go
* `check`    the two together; what `tsme check` calls
* `report`   problems -> text or JSON for people and editors
"""
