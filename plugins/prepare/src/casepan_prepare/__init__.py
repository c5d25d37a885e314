"""Casepan transformers that prepare a case for work: repair, orient, simplify, pseudonymise, printable models."""
