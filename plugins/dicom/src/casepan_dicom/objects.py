"""Make DICOM objects: Encapsulated STL, OBJ and MTL (PS3.3 A.85.1 to A.85.3), one study and one series per case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

from casepan.api import Case, ExportContext
from casepan_dicom.uids import uid

if TYPE_CHECKING:
    from pydicom import Dataset

Kind = Literal["stl", "obj", "mtl"]
CLASSES = {
    "stl": "1.2.840.10008.5.1.4.1.1.104.3",
    "obj": "1.2.840.10008.5.1.4.1.1.104.4",
    "mtl": "1.2.840.10008.5.1.4.1.1.104.5",
}
SERIES = "casepan: {count} of one case"
"""Said by the series of every object, so that a probe knows how many there must be."""

_ICON = 64
_LONGEST = 64
"""Signs of an identifier, and of a name (PS3.5 6.2, LO and PN)."""


@frozen
class Model:
    """One document to be wrapped.

    Attributes:
        title: opaque name of the scan; shown: what it shows, for people (``"upper preparation"``).
        content: bytes of the file.
        frame: name of the coordinate frame it shares with others, None when nobody said one.
        icon: 64 x 64 grey pixels of a preview, None when there is none.
        materials: the name under which an OBJ refers to the case's MTL object, None when it does not.
    """

    kind: Kind
    title: str
    shown: str
    content: bytes = field(repr=False)
    frame: str | None = None
    icon: bytes | None = field(default=None, repr=False)
    materials: str | None = None


@frozen
class Instance:
    """One finished object: the bytes of a DICOM file (PS3.10) and what it is known by."""

    name: str
    sop_class: str
    sop_instance: str
    content: bytes = field(repr=False)


def instances(models: Sequence[Model], case: Case, ctx: ExportContext, *, private: bool) -> tuple[Instance, ...]:
    """The models as DICOM files; the same input gives the same bytes."""
    made = []
    for number, model in enumerate(models, start=1):
        dataset = _dataset(model, number, len(models), case, ctx, private=private)
        if model.materials:
            at = next(n for n, other in enumerate(models, start=1) if other.kind == "mtl")
            dataset.ReferencedInstanceSequence = [_reference(uid(ctx.key, "model", at), model.materials)]
        content = _written(dataset)
        made.append(Instance(f"{number:02d}-{model.title}.dcm", dataset.SOPClassUID, dataset.SOPInstanceUID, content))
    return tuple(made)


def _dataset(model: Model, number: int, count: int, case: Case, ctx: ExportContext, *, private: bool) -> Dataset:
    from pydicom import Dataset

    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID = CLASSES[model.kind]
    made.SOPInstanceUID = uid(ctx.key, "model", number)
    _patient(made, case, private=private)
    _study(made, case, ctx, case.received_at or ctx.now(), private=private)
    made.Modality = "M3D"
    made.SeriesInstanceUID = uid(ctx.key, "series")
    made.SeriesNumber = "1"
    made.SeriesDescription = SERIES.format(count=count)
    made.FrameOfReferenceUID = uid(ctx.key, "frame", model.frame or "")
    made.PositionReferenceIndicator = ""
    _equipment(made)
    _document(made, model, number)
    made.ModelGroupUID = uid(ctx.key, "group")
    if model.icon:
        made.IconImageSequence = [_icon(model.icon)]
    return made


def _patient(made: Any, case: Case, *, private: bool) -> None:
    patient = case.patient
    named = private and bool(patient.last or patient.name)
    last, first = (patient.last or patient.name or "", (patient.first or "") if patient.last else "")
    made.PatientName = _name(last, first) if named else f"{case.ref}^"
    made.PatientID = _cut(_word(patient.reference or case.ref)) if private else case.ref
    made.PatientBirthDate = ""
    made.PatientSex = ""
    made.PatientIdentityRemoved = "NO" if private else "YES"
    if not private:
        made.DeidentificationMethod = "casepan: the case's reference stands for the patient"


def _study(made: Any, case: Case, ctx: ExportContext, when: datetime, *, private: bool) -> None:
    made.StudyInstanceUID = uid(ctx.key, "study")
    made.StudyDate = made.ContentDate = when.strftime("%Y%m%d")
    made.StudyTime = made.ContentTime = when.strftime("%H%M%S")
    made.TimezoneOffsetFromUTC = "+0000"
    made.StudyID = made.AccessionNumber = case.ref[:16]
    made.StudyDescription = "intraoral scan"
    doctor = case.prescription.doctor if private else None
    made.ReferringPhysicianName = _name(doctor, "") if doctor else ""
    made.AcquisitionDateTime = ""


def _equipment(made: Any) -> None:
    from importlib.metadata import version

    made.Manufacturer = "casepan"
    made.ManufacturerModelName = "casepan-dicom"
    made.DeviceSerialNumber = "none"
    made.SoftwareVersions = version("casepan-dicom")


def _document(made: Any, model: Model, number: int) -> None:
    made.InstanceNumber = str(number)
    made.BurnedInAnnotation = "NO"
    made.RecognizableVisualFeatures = "YES"  # teeth tell who somebody is
    made.DocumentTitle = model.title
    made.ContentDescription = model.shown
    made.ConceptNameCodeSequence = []
    made.MIMETypeOfEncapsulatedDocument = f"model/{model.kind}"
    made.EncapsulatedDocument = model.content + b"\0" * (len(model.content) % 2)
    made.EncapsulatedDocumentLength = len(model.content)
    if model.kind != "mtl":
        made.MeasurementUnitsCodeSequence = [_millimetres()]


def _millimetres() -> Dataset:
    from pydicom import Dataset

    unit = Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "mm", "UCUM", "millimeter"
    return unit


def _reference(instance: str, name: str) -> Dataset:
    from pydicom import Dataset

    reference = Dataset()
    reference.ReferencedSOPClassUID = CLASSES["mtl"]
    reference.ReferencedSOPInstanceUID = instance
    reference.RelativeURIReferenceWithinEncapsulatedDocument = name
    return reference


def _icon(pixels: bytes) -> Dataset:
    """A preview in grey, the only form besides a palette that icons have (PS3.3 C.7.6.1.1.6)."""
    from pydicom import Dataset

    icon = Dataset()
    icon.SamplesPerPixel = 1
    icon.PhotometricInterpretation = "MONOCHROME2"
    icon.Rows = icon.Columns = _ICON
    icon.BitsAllocated = icon.BitsStored = 8
    icon.HighBit = 7
    icon.PixelRepresentation = 0
    icon.add_new(0x7FE00010, "OB", pixels)
    return icon


def _written(dataset: Any) -> bytes:
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    stream = BytesIO()
    file = FileDataset(stream, dataset, file_meta=meta, preamble=b"\0" * 128)
    file.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _name(last: str, first: str) -> str:
    """A name as DICOM holds them; one that is too long loses its end."""
    return _cut(f"{_word(last)}^{_word(first)}")


def _cut(text: str) -> str:
    """Counted in bytes: the standard counts signs, and validators do not agree."""
    return text.encode("utf-8")[:_LONGEST].decode("utf-8", "ignore")


def _word(text: str) -> str:
    """A text without the signs that divide names and values in DICOM, and without bytes that nobody could decode."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(" " if sign in "\\^=" or not sign.isprintable() else sign for sign in text).strip()
