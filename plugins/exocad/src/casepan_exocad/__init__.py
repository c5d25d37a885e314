"""Casepan destination and reader for exocad-style project folders."""
