"""The front end: text in, checked machine out."""
