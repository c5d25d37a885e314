"""Medit i-series: Medit Link plain and exocad-style exports."""
