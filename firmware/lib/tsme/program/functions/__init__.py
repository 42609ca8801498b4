# The intrinsic functions (docs/SPEC.md, 2.6); those that a program calls are loaded with it.
