"""Relational schemas: reading, checking, compiling, drawing them, and what is made of one."""
