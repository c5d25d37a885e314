"""Align iTero: OrthoCAD and restorative exports with their manifest."""
