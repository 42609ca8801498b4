"""The laptop's side of the link to a board (docs/SPEC.md, 8): `opening.open_board`."""
