"""Casepan case reports: one HTML file with pictures, findings and a 3D viewer."""
