"""Twins: physics, command tables, faults and the true values. Imports none of the other rooms.

A witness must be independent: if the twin and the evaluation shared a routine, a bug in it would cancel out.
"""
