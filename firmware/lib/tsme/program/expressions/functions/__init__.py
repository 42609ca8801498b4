# The native functions of expressions (docs/SPEC.md, 2.16), a module each theme.
