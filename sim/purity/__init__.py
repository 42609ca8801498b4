"""Guards a machine against what is not its state and input."""
