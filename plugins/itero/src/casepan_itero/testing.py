"""Generated arrivals of iTero's layouts, one for every tree that is known. All patients and order numbers are invented.

Names and trees marked real were seen in real exports (``quality.toml`` says where); their contents are made here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from attrs import evolve, frozen

from casepan.api import Expected, Sample, to_universal

if TYPE_CHECKING:
    from casepan.mesh import Mesh

Files = Mapping[str, bytes]
Scans = Mapping[str, str]
"""File name to ``"role/arch"``: both what is made and what must be read."""

STAGE = "itero.order"
PICTURE = b"\xff\xd8\xff\xe0 picture"
TABLES: Mapping[str, Mapping[str, str]] = {
    "RestorationTypes": {"2": "Crown", "4": "Veneer", "21": "Missing"},
    "BridgeTypes": {"1": "Traditional"},
    "ToothInBridgeTypes": {"-1": "N/R", "1": "Abutment", "2": "Pontic"},
    "Materials": {"2009": "Ceramic: Zirconia", "60": "Ceramic: Lithium disilicate"},
}


@frozen
class Tooth:
    """One tooth of a made order: FDI number and codes of the file's own tables."""

    tooth: int
    type: str = "2"
    material: str = "2009"
    shade: str = "A2"
    bridge: str = "-1"


@frozen
class Listed:
    """One line of ``ExportedObjects``."""

    file: str
    kind: str = "Surface"
    subtype: str = "Jaw"
    jaw: str = ""
    tooth: int | None = None


def manifest_xml(
    order: str,
    objects: Sequence[Listed],
    *,
    version: str = "5.0",
    teeth: Sequence[Tooth] = (),
    bridges: Sequence[tuple[str, int, int]] = (),
    info: Mapping[str, str] | None = None,
    tables: Mapping[str, Mapping[str, str]] = TABLES,
) -> bytes:
    """A manifest as an iTero export holds it.

    Args:
        bridges: id, first and last FDI tooth.
        info: further fields of ``RxInfo``, over the usual ones.
        tables: the code tables of ``RxDefines``: section to id to name.
    """
    number = "CaseId" if version < "3" else "OrderID"
    fields = {
        number: order,
        "OrderCode": "00ABCDEF",
        "Patient": "Doe, Jane",
        "Doctor": "Dr. Example, Ann",
        "DoctorLicense": "12345",
        "DueDate": "01/31/2026",
        "PracticeShipToAddress": "1 Example Street, Example Town",
        "ExportTime": "01/20/2026 12:00:00",
        **(info or {}),
    }
    rx = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    rows = "".join(_tooth(tooth) for tooth in teeth)
    spans = "".join(_bridge(*bridge) for bridge in bridges)
    defines = "".join(_table(name, table) for name, table in tables.items())
    listed = "".join(_object(item) for item in objects)
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<iTeroExport Version="{version}">\n'
    text += f"<RxInfo>{rx}<Teeth>{rows}</Teeth><Bridges>{spans}</Bridges></RxInfo>\n<RxDefines>{defines}</RxDefines>\n"
    return f"{text}<ExportedObjects>\n{listed}</ExportedObjects>\n</iTeroExport>\n".encode()


@cache
def scan(jaw: str, suffix: str = "stl", seed: int = 0, repeat: int = 0) -> bytes:
    """A small scan: jaw ``upper``, ``lower`` or ``both``; a ``repeat`` is the jaw once more, a little less of it."""
    from casepan.testing import scan_bytes, small_scan

    whole = _joined(small_scan("upper", seed), small_scan("lower", seed)) if jaw == "both" else small_scan(jaw, seed)
    return scan_bytes(evolve(whole, faces=whole.faces[: len(whole.faces) - 7 * repeat]), suffix)


def samples() -> tuple[Sample, ...]:
    """Every arrival."""
    groups = (_ortho, _ortho_variants, _restorative, _manifests, _arrivals)
    return tuple(sample for group in groups for sample in group())


def _made(scans: Scans, seed: int = 0) -> Files:
    jaws = [role.partition("/")[2] for role in scans.values()]
    repeats = [jaws[:index].count(jaw) for index, jaw in enumerate(jaws)]
    made = zip(scans, jaws, repeats, strict=True)
    return {name: scan(jaw, name.rpartition(".")[2], seed, repeat) for name, jaw, repeat in made}


def _joined(upper: Mesh, lower: Mesh) -> Mesh:
    """Both arches in one surface, without colour."""
    import numpy as np

    vertices = np.concatenate([upper.vertices, lower.vertices])
    faces = np.concatenate([upper.faces, lower.faces + np.int32(len(upper.vertices))])
    return evolve(upper, vertices=vertices, faces=faces, vertex_colours=None)


def _jaws(scans: Scans) -> tuple[Listed, ...]:
    """The manifest's lines for these scans, as a real one would have them."""
    return tuple(
        Listed(
            name, subtype="PreTreatment_Jaw" if role.startswith("preop") else "Jaw", jaw=role.partition("/")[2].title()
        )
        for name, role in scans.items()
    )


def _below(top: str, files: Mapping[str, bytes]) -> Files:
    return {f"{top}/{path}": content for path, content in files.items()}


def _pair(order: str, words: str, suffix: str = "stl") -> Scans:
    return {f"{order}_{words}_u.{suffix}": "arch/upper", f"{order}_{words}_l.{suffix}": "arch/lower"}


def _ortho_tree(order: str, scans: Scans, version: str = "3.0", seed: int = 0) -> Files:
    """An OrthoCAD export with its side files."""
    gallery = Listed(f"gallery_#{order}.jpg", "Image", "Gallery")
    manifest = manifest_xml(order, (*_jaws(scans), gallery), version=version, tables={})
    views = {f"gallery_#{order}_penta_{view}_m.jpg": PICTURE for view in ("front", "left", "lower", "right", "upper")}
    return {
        **_made(scans, seed),
        f"itero_export_#{order}_v{version.replace('.', '')}.xml": manifest,
        f"Rx_{order}.html": b"<html><title>iTero Treatment Information</title></html>",
        f"gallery_#{order}.jpg": PICTURE,
        **views,
        "itero_element_logo.png": b"\x89PNG logo",
    }


def _ortho() -> Iterable[Sample]:
    open_shell = _pair("70000001", "shell_occlusion")
    expected = Expected(STAGE, open_shell, vendor_id="70000001")
    files = _in_folder("OrthoCAD_Export_70000001", "70000001", open_shell)
    yield Sample("ortho-occlusion", "open shell, one file per arch in occlusion", files, expected, "real")
    up = _pair("70000001", "shell_teethup")
    expected = Expected(STAGE, up, vendor_id="70000001", outcome="reject")
    files = _in_folder("OrthoCAD_Export_70000001 (4)", "70000001", up)
    yield Sample("ortho-teeth-up", "one file per arch, teeth up: no bite", files, expected, "real")
    locked = {"300000002_shell_lockedocclusion_ul.stl": "arch/both"}

    def both_versions() -> Files:
        tree = _ortho_tree("300000002", locked)
        newer = manifest_xml("300000002", _jaws(locked), info={"UniquePatientIdentifier": "guid-1"}, tables={})
        return _below("OrthoCAD_Export_300000002", {**tree, "itero_export_#300000002_v50.xml": newer})

    expected = Expected(STAGE, locked, vendor_id="300000002")
    yield Sample("ortho-locked", "both arches in one file, two manifests", both_versions, expected)
    base = _pair("300000003", "lprofile_occlusion", "ply")
    expected = Expected(STAGE, base, vendor_id="300000003")
    files = _in_folder("OrthoCAD_Export_300000003", "300000003", base, "5.0")
    yield Sample("ortho-base-ply", "low-profile base, PLY", files, expected)


def _in_folder(top: str, order: str, scans: Scans, version: str = "3.0") -> Callable[[], Files]:
    return lambda: _below(top, _ortho_tree(order, scans, version))


def _ortho_variants() -> Iterable[Sample]:
    bite = {"300000004_shell_occlusion_u.stl": "arch/upper", "300000004_shell_occlusion_l_bite1.stl": "arch/lower"}

    def practice() -> Files:
        return _below("STL", {**_made(bite), "Orden Laboratorio1.pdf": b"%PDF-1.4 order"})

    expected = Expected(STAGE, bite, vendor_id="300000004")
    yield Sample("ortho-bite-position", "a lower in a bite position, no manifest", practice, expected, "real")
    label = _pair("MC269", "lprofile_occlusion")

    def labelled() -> Files:
        return _below("scans", _made(label))

    yield Sample(
        "ortho-label", "a free label instead of the order", labelled, Expected(STAGE, label, vendor_id="mc269"), "real"
    )
    cut = {**_pair("70000007", "shell_occlusion"), "70000007_shell_occlusion_u_cut_1.stl": "other/upper"}

    def edited() -> Files:
        return _below("70000007", _made(cut))

    expected = Expected(STAGE, cut, vendor_id="70000007")
    yield Sample("ortho-cut", "with a part cut out by a laboratory", edited, expected, "real")
    mixed = {**_pair("70000008", "shell_occlusion"), **_pair("70000008", "shell_teethup")}

    def twice() -> Files:
        return {
            "Downloads/" + path: content
            for words in ("shell_occlusion", "shell_teethup")
            for path, content in _below(
                f"OrthoCAD_Export {words}", _ortho_tree("70000008", _pair("70000008", words))
            ).items()
        }

    in_folders = {f"OrthoCAD_Export {name.split('_', 1)[1][:-6]}/{name}": role for name, role in mixed.items()}
    expected = Expected(STAGE, in_folders, vendor_id="70000008")
    yield Sample("ortho-two-poses", "one order exported in occlusion and teeth up", twice, expected)


_CROWN = {
    "upper_jaw_without_ditch_#{}.ply": "preparation/upper",
    "upper_jaw_with_ditch_#{}.ply": "preparation/upper",
    "upper_jaw_pretreatment_#{}.ply": "preop/upper",
    "lower_jaw_with_ditch_#{}.ply": "antagonist/lower",
}
_BRIDGE = (
    Tooth(14, bridge="1"),
    Tooth(15, type="21", material="-1", shade="-1", bridge="1"),
    Tooth(16, bridge="1"),
    Tooth(22, type="4", material="60", shade="B1"),
    Tooth(36, type="21", material="-1", shade="-1"),
)
_BRIDGE_TEETH = (14, 15, 16, 22)


def _numbered(order: str, scans: Scans, suffix: str = "ply") -> Scans:
    return {name.format(order).replace(".ply", f".{suffix}"): role for name, role in scans.items()}


def restorative_tree(order: str, suffix: str = "ply", *, seed: int = 0, names: Scans | None = None) -> Files:
    """A restorative export: four meshes, textures, margin line, prescription sheet and manifest."""
    scans = _numbered(order, names or _CROWN, suffix)
    textures = [name.replace(".ply", "_texture.jpg") for name in scans if suffix == "ply" and "with_ditch" in name]
    listed = (
        *_jaws(scans),
        *(Listed(name, "Texture", "Jaw", name.partition("_")[0].title()) for name in textures),
        Listed("margin_14.pts", "Line", "Margin", "Upper", 14),
    )
    info = {"Notes": "Light contacts", "ToothShadeSystem": "VITA Lumin", "UniquePatientIdentifier": "guid-2"}
    manifest = manifest_xml(order, listed, teeth=_BRIDGE, bridges=(("1", 16, 14),), info=info)
    return {
        **_made(scans, seed),
        **dict.fromkeys(textures, PICTURE),
        "margin_14.pts": b"0 0 0\n",
        f"iTero_Rx_{order}.pdf": b"%PDF-1.4 sheet",
        f"itero_export_#{order}_v50.xml": manifest,
    }


def _restorative() -> Iterable[Sample]:
    scans = _numbered("300000005", _CROWN)
    expected = Expected(STAGE, scans, _BRIDGE_TEETH, "300000005")

    def folder() -> Files:
        return _below("iTero_Export_300000005", restorative_tree("300000005"))

    yield Sample("restorative-ply", "bridge and veneer, PLY with textures", folder, expected, demo=True)

    def zipped_flat() -> Files:
        return {"iTero_Export_300000005 (1).zip": zipped(restorative_tree("300000005"))}

    prefix = "iTero_Export_300000005 (1).zip!"
    expected = Expected(STAGE, {prefix + name: role for name, role in scans.items()}, _BRIDGE_TEETH, "300000005")
    yield Sample("restorative-zip-flat", "the same as a zip, downloaded twice", zipped_flat, expected)

    def zipped_top() -> Files:
        tree = _below("iTero_Export_300000005", restorative_tree("300000005", "stl"))
        return {"iTero_Export_300000005.zip": zipped({**tree, "__MACOSX/._x": b"litter"})}

    prefix = "iTero_Export_300000005.zip!iTero_Export_300000005/"
    stl = {prefix + name: role for name, role in _numbered("300000005", _CROWN, "stl").items()}
    expected = Expected(STAGE, stl, _BRIDGE_TEETH, "300000005")
    yield Sample("restorative-zip-top", "STL, zip with a top folder packed on a Mac", zipped_top, expected)

    def dropped() -> Files:
        tree = restorative_tree("300000009")
        return _below("web", {name.replace("#", ""): content for name, content in tree.items()})

    expected = Expected(
        STAGE, {n.replace("#", ""): r for n, r in _numbered("300000009", _CROWN).items()}, _BRIDGE_TEETH, "300000009"
    )
    yield Sample("restorative-no-hash", "names without the number sign", dropped, expected, "real")


def _manifests() -> Iterable[Sample]:
    order = "300000006"
    scans = _numbered(order, _CROWN)

    def legacy() -> Files:
        old = manifest_xml(order, _jaws(scans), version="2.4", teeth=(Tooth(11),))
        tree = dict(restorative_tree(order))
        names = {f"iTero_Export_#{order}_v{version}.xml": old for version in (10, 21, 22, 23, 24)}
        return _below(f"iTero_Export_{order}", {**tree, **names})

    expected = Expected(STAGE, scans, _BRIDGE_TEETH, order)
    yield Sample("manifest-versions", "six versions of the manifest: the highest counts", legacy, expected)

    def wrong_role() -> Files:
        listed = tuple(Listed(name, jaw=role.partition("/")[2].title()) for name, role in scans.items())
        tree = dict(restorative_tree(order))
        tree[f"itero_export_#{order}_v50.xml"] = manifest_xml(order, listed, teeth=(Tooth(14),))
        return _below(f"iTero_Export_{order}", tree)

    expected = Expected(STAGE, scans, (14,), order)
    yield Sample("manifest-wrong-role", "a pre-treatment scan listed as jaw", wrong_role, expected, "real")

    def incomplete() -> Files:
        tree = dict(restorative_tree(order))
        del tree[f"lower_jaw_with_ditch_#{order}.ply"]
        return _below(f"iTero_Export_{order}", tree)

    left = {name: role for name, role in scans.items() if "lower" not in name}
    expected = Expected(STAGE, left, _BRIDGE_TEETH, order, outcome="reject")
    yield Sample("manifest-file-missing", "a listed scan did not arrive", incomplete, expected)

    names = {"Maxilla_Base.ply": "preparation/upper", "Mandible_Base.ply": "antagonist/lower"}

    def forged() -> Files:
        manifest = manifest_xml("999999999", _jaws(names), version="2.4", teeth=(Tooth(14),))
        return _below("case 12", {**_made(names), "iTero_Export_#999999999_v24.xml": manifest})

    expected = Expected(STAGE, names, (14,), outcome="reject")
    yield Sample("manifest-forged", "a manifest forged around meshes of another scanner", forged, expected, "real")


def _arrivals() -> Iterable[Sample]:
    def two() -> Files:
        first = {f"iTero_Export_300000005/{name}": content for name, content in restorative_tree("300000005").items()}
        pair = _ortho_tree("70000001", _pair("70000001", "shell_occlusion"), seed=1)
        return {"Downloads/a.zip": zipped(first), **_below("Downloads/OrthoCAD_Export_70000001", pair)}

    scans = {f"OrthoCAD_Export_70000001/{name}": role for name, role in _pair("70000001", "shell_occlusion").items()}
    zipped_scans = _numbered("300000005", _CROWN).items()
    scans |= {f"a.zip!iTero_Export_300000005/{name}": role for name, role in zipped_scans}
    expected = Expected(STAGE, scans, _BRIDGE_TEETH, vendor_id="70000001", cases=2)
    yield Sample("two-orders", "two orders in one download folder", two, expected)

    def again() -> Files:
        zips = (zipped(restorative_tree("300000005", seed=seed)) for seed in (0, 1))
        return dict(
            zip(("Downloads/iTero_Export_300000005.zip", "Downloads/iTero_Export_300000005 (1).zip"), zips, strict=True)
        )

    expected = Expected(STAGE, teeth=_BRIDGE_TEETH, vendor_id="300000005")
    yield Sample("downloaded-twice", "one order downloaded twice", again, expected)


def zipped(files: Files) -> bytes:
    """The files as the bytes of a zip, the same for the same input."""
    import io
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 20, 12, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _tooth(tooth: Tooth) -> str:
    values = {
        "AdaId": to_universal(tooth.tooth),
        "RestorationType": tooth.type,
        "ToothMaterial": tooth.material,
        "MiddleShade": tooth.shade,
        "DieShade": "-1",
        "BridgeID": tooth.bridge,
    }
    return f"<Tooth{_attributes(values)}/>"


def _bridge(number: str, first: int, last: int) -> str:
    ends = {"Id": number, "Type": "1", "FromAdaId": to_universal(first), "ToAdaId": to_universal(last)}
    return f"<Bridge{_attributes(ends)}/>"


def _table(name: str, table: Mapping[str, str]) -> str:
    row = "Material" if name == "Materials" else "Type"
    rows = "".join(f"<{row}{_attributes({'Id': code, 'Name': text})}/>" for code, text in table.items())
    return f"<{name}>{rows}</{name}>"


def _object(item: Listed) -> str:
    values = {"ObjectType": item.kind, "SubType": item.subtype, "JawId": item.jaw, "FileName": item.file}
    if item.tooth:
        values["AdaId"] = to_universal(item.tooth)
    return f"  <Object{_attributes({name: value for name, value in values.items() if value})}/>\n"


def _attributes(values: Mapping[str, str]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in values.items())
