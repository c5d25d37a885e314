"""Files as 3Shape software writes them, made for samples and tests. All patients are invented."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from attrs import frozen

from casepan.api import to_universal

if TYPE_CHECKING:
    from casepan.mesh import Mesh

ORDER_ID = "C1001_20260301_0930_OP1_Doe_Jane"
_EMPTY_LISTS = ("SplitBridgeLink", "Material", "ToothElementType", "Manufacturer", "OrderExchangeAttachment")
_ARCHIVE_TIME = (2026, 3, 1, 9, 30, 0)


@frozen
class Unit:
    """One tooth of a made order: FDI number, class, and the element and bridge it belongs to."""

    tooth: int
    kind: str = "teCrown"
    element: int = 1
    material: str = "Zirconia"
    shade: str = "A2"
    bridge: bool = False


def order_xml(
    units: Sequence[Unit],
    *,
    order_id: str = ORDER_ID,
    patient: tuple[str, str] = ("Jane", "Doe"),
    source: str = "ssTRIOS",
    scans: Sequence[str] = ("stPreparationIntraOral", "stAntagonistIntraOral"),
    order: Mapping[str, str] | None = None,
    delivery: str = "1772962200",
    scan_files: Sequence[str] = (),
) -> bytes:
    """An order XML as Dental System writes it.

    Args:
        units: the ordered teeth; those with ``bridge`` are joined by connectors in the order given.
        order: further properties of the order, over the usual ones.
        delivery: epoch seconds as text; ``"0"`` and negative ones mean unset.
        scan_files: file names for the scans, empty in every real order.
    """
    first, last = patient
    properties = {
        "IntOrderID": order_id,
        "ExtOrderID": "",
        "ClientContactPerson": "Dr. Example",
        "OrderImportanceID": "oiNormal",
        "Patient_RefNo": "P-0001",
        "Patient_FirstName": first,
        "Patient_LastName": last,
        "PatientGuid": "_NULL_",
        "ShipToDeliveryAddress": "False",
        "OrderComments": 'Light contacts.&#xA;Shade "A2" & translucent edge',
        "Customer": "Example Clinic",
        "Items": "as ordered",
        "ScanSource": source,
        **(order or {}),
    }
    job = {"ModelJobID": "MJ1", "OrderID": order_id}
    names = dict(zip(scans, scan_files, strict=False))
    lists: dict[str, Iterable[Mapping[str, str]]] = {
        "Order": [properties],
        "ModelJob": [job],
        "ModelElement": [_element(units, number, delivery) for number in sorted({unit.element for unit in units})],
        "ToothElement": [_tooth(unit, number) for number, unit in enumerate(units, 1)],
        **_links(units),
        "Scan": [_scan(kind, names.get(kind, ""), number) for number, kind in enumerate(scans, 1)],
        **{name: [] for name in _EMPTY_LISTS},
    }
    return _container(lists)


def materials_xml(names: Mapping[str, str]) -> bytes:
    """A ``Materials.xml``: names by ``<site>_<id>`` key."""
    pairs = [key.partition("_") for key in names]
    items = [{"CreatorSiteID": s, "ItemID": i, "Name": n} for (s, _, i), n in zip(pairs, names.values(), strict=True)]
    return _container({"Material": items})


def hps_scan(mesh: Mesh, schema: str = "CE", properties: Mapping[str, str] | None = None) -> bytes:
    """A scan in 3Shape's own format. With schema ``CE`` the points are noise, as without the key they look to all."""
    import numpy as np

    points = mesh.vertices.astype("<f4").tobytes()
    program = np.zeros(len(mesh.faces), dtype=[("op", "u1"), ("corners", "<u4", 3)])
    program["op"], program["corners"] = 6, mesh.faces
    stored = np.random.default_rng(len(program)).bytes(len(points) + -len(points) % 8) if schema == "CE" else points
    facets = {"facet_count": len(program), "base64_encoded_bytes": program.nbytes, "color": 8421504}
    vertices = {"vertex_count": len(mesh.vertices), "base64_encoded_bytes": len(points), "check_value": 1}
    told = (properties or {"ScanSource": "TRIOS"}).items()
    lines = (
        '<HPS version="1.1">\n  <Packed_geometry>',
        f'    <Schema>{schema}</Schema>\n    <Binary_data>\n      <{schema} version="1.0">',
        f"        <Facets{_attributes(facets)}>{_base64(program.tobytes())}</Facets>",
        f"        <Vertices{_attributes(vertices)}>{_base64(stored)}</Vertices>",
        f"      </{schema}>\n    </Binary_data>\n  </Packed_geometry>\n  <Properties>",
        *(f"    <Property name={quoteattr(name)} value={quoteattr(value)} />" for name, value in told),
        "  </Properties>\n</HPS>",
    )
    return "\n".join(lines).encode()


def jaw_metadata(jaw: str) -> Mapping[str, str]:
    """The properties in which an HPS file states its arch."""
    text = f'<?xml version="1.0" encoding="utf-16"?><ModelMetadata><JawPosition>{jaw}</JawPosition></ModelMetadata>'
    return {"ScanSource": "TRIOS", "SID.Model.Metadata": base64.b64encode(text.encode("utf-16-le")).decode()}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The files as the bytes of a zip, the same for the same input."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _ARCHIVE_TIME), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _element(units: Sequence[Unit], number: int, delivery: str) -> Mapping[str, str]:
    unit = next(unit for unit in units if unit.element == number)
    return {
        "ModelElementID": f"ME{number}",
        "ModelJobID": "MJ1",
        "MaterialID": "C1001_Material1",
        "ProcessStatusID": "psScanned",
        "ModelFilename": "",
        "CreateDate": "1772357400",
        "DeliveryDate": delivery,
        "CacheMaterialName": unit.material,
        "CacheColor": unit.shade,
        "ModelElementType": "meIndicationRegular",
    }


def _tooth(unit: Unit, number: int) -> Mapping[str, str]:
    return {
        "ToothElementID": f"TE{number}",
        "ModelElementID": f"ME{unit.element}",
        "ToothNumber": to_universal(unit.tooth),
        "AbutmentKitID": "",
        "CacheToothTypeClass": unit.kind,
    }


def _links(units: Sequence[Unit]) -> dict[str, list[Mapping[str, str]]]:
    joined = [number for number, unit in enumerate(units, 1) if unit.bridge]
    pairs = list(pairwise(joined))
    return {
        "Link": [{"LinkID": f"L{i}", "CacheLinkTypeClass": "ltConnector"} for i, _ in enumerate(pairs, 1)],
        "LinkToothElement": [
            {"LinkToothElementID": f"LT{i}{end}", "LinkID": f"L{i}", "ToothElementID": f"TE{end}"}
            for i, pair in enumerate(pairs, 1)
            for end in pair
        ],
    }


def _scan(kind: str, file_name: str, number: int) -> Mapping[str, str]:
    return {
        "ScanID": f"S{number}",
        "ScanType": kind,
        "ModelElementID": "_NULL_",
        "ScanDate": "-18000",
        "FileName": file_name,
    }


def _list(name: str, items: Iterable[Mapping[str, str]]) -> str:
    objects = "".join(_object(name, item) for item in items)
    body = f'<List name="Items">\n{objects}</List>' if objects else '<List name="Items"/>'
    return f'<Object name="{name}List" type="TDM_List_{name}">\n{body}\n</Object>\n'


def _object(name: str, properties: Mapping[str, str]) -> str:
    lines = "".join(
        f"<Property name={quoteattr(key)} value={quoteattr(value)}/>\n" for key, value in properties.items()
    )
    return f'<Object type="TDM_Item_{name}">\n{lines}</Object>\n'


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _container(lists: Mapping[str, Iterable[Mapping[str, str]]]) -> bytes:
    body = "".join(_list(name, items) for name, items in lists.items())
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<DentalContainer version="2023-1">\n'
        f'<Object name="MainObject" type="TDM_Container">\n{body}<Property name="EmptyRecycleBin" value="false"/>\n'
        "</Object>\n</DentalContainer>\n"
    ).encode()


def _attributes(values: Mapping[str, int]) -> str:
    return "".join(f' {name}="{value}"' for name, value in values.items())
