"""Read PLY: ascii, little and big endian, any property types and order, polygons, colours and texture coordinates."""

from casepan.mesh.ply.reader import read_ply

__all__ = ["read_ply"]
