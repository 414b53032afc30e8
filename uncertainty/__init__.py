"""Quantities, GUM and Monte Carlo evaluation, conformity, fits and the statistics of a laboratory.

Floor 1: knows numpy, scipy and pint, and none of the other rooms.
"""
