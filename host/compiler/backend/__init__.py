"""The back end: a checked machine becomes instructions and bytes."""
