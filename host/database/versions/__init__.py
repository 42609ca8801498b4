"""The steps that migrations.py makes, in their order."""
