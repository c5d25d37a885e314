"""Read PLY: ascii, little and big endian, any property types and order, polygons, colours and texture coordinates."""
