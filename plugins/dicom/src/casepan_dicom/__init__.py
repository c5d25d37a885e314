"""Casepan destination and reader for DICOM encapsulated STL and OBJ."""
