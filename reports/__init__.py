"""Certificates from a record alone: one view, three writers (PDF, DCC, HTML)."""
