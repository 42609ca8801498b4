"""Sides beside which the store and the server are measured: processes that run rounds."""
