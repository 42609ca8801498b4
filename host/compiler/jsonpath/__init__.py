"""Paths, filters, patterns and intrinsic calls of the States Language."""
