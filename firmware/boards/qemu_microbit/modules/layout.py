# The first blocks of the flash hold files; those behind them are for journals (board.toml).
FILES = 32
