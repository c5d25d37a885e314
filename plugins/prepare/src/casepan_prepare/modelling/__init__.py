"""A closed printable body from the open surface of one arch. manifold3d makes every union and cut in here."""
