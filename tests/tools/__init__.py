"""The command `tsme` and what stands behind it."""
