"""Journals as files: images, replay, what became of each action."""
