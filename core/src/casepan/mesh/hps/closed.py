"""Read a schema CE file with the operator's own key, through the optional package ``hpsdecode``.

casepan ships no key, looks for none, and takes none from the environment: the key is an argument or there is no
geometry.
"""

from __future__ import annotations

from io import BytesIO

import numpy as np

from casepan.errors import AdapterError, ClosedFormat, CorruptFile, UsageError
from casepan.mesh.hps.document import parse_document
from casepan.mesh.hps.geometry import CLOSED_HINT
from casepan.mesh.opening import Source, load
from casepan.mesh.surface import Mesh


def read_with_key(source: Source, *, key: bytes, name: str = "") -> Mesh:
    """The mesh of an HPS file of any schema, its coordinates decrypted with a key that the operator has the right to
    use.

    Raises:
        UsageError: the key is empty.
        AdapterError: ``hpsdecode`` is not installed.
        ClosedFormat: the key does not fit.
        CorruptFile: the file is damaged.
    """
    if not key:
        raise UsageError("the key is empty", hint="Pass the key that your contract with the vendor gives you.")
    data, name = load(source, name=name)
    document = parse_document(data, name)
    try:
        from hpsdecode import load_hps
        from hpsdecode.exceptions import HPSEncryptionError
    except ImportError as error:
        raise AdapterError("hpsdecode is not installed", hint="Install it with: pip install casepan[hps]") from error
    try:
        _, decoded = load_hps(BytesIO(data), encryption_key=bytes(key))
    except HPSEncryptionError as error:
        raise ClosedFormat("the key does not open this file", place=name or None, hint=CLOSED_HINT) from error
    except Exception as error:
        raise CorruptFile(f"HPS: {type(error).__name__} while decoding", place=name or None) from error
    vertices = np.array(decoded.vertices, np.float32).reshape(-1, 3)
    faces = np.array(decoded.faces, np.int32).reshape(-1, 3)
    return Mesh(vertices, faces, format="hps", notes={"schema": document.schema})
