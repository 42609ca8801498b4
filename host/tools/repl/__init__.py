"""`tsme repl`: a prompt for what runs, on a board or behind `tsme serve`."""
