"""Relational machines on boards and in other processes, as if they were here.

`tsme.remote` is where users import it from; docs/RELATIONAL.md, "From another machine".
"""
