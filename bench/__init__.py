"""Catalogue, wiring, runs, journal, campaign and command line: knows every room, is known by none."""
