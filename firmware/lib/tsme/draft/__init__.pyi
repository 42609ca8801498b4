"""Drafts: what the clients of the kernel hand to users' functions, who may change it."""

def shown(e: Exception) -> str:
    """An exception as the cause of an error, which is kept: not too long, and Unicode."""
