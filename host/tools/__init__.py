"""The command `tsme` and what stands behind it: one module for each group of commands."""
