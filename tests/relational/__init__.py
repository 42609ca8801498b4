"""Relational machines: schemas, what the vectors say, and the laws."""
