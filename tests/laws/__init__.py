# The laws of docs/DESIGN.md, each with tests that try hard to break it.
