"""Procedures as SimPy generators, the record they leave, and the schema of the data sheets."""
