# The expression machine (docs/SPEC.md, 2.16): what JSONata is compiled to.  Loaded by rare.py when
# a program first evaluates one.
