"""3Shape's HPS container (``.dcm``, not DICOM): what is in it, and the geometry where it is open.

Schemas CA and CC are open and read in full. Schema CE, which every dental scan of these years uses, encrypts the
coordinates: counts, connectivity, device, time, jaw, transforms and texture images are read, coordinates never, unless
the operator passes a key of their own to ``closed.read_with_key``. Importing this package imports nothing heavy.
"""
