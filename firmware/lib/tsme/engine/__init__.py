# What owns time, handlers and the outside: the engine that runs executions on a board.
