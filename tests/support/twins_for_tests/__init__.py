"""Twins that exist for the tests of engine, station and backend alone."""
