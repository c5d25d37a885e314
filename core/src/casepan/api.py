"""THE public surface for plugin authors.

Of casepan's modules a plugin imports this one, ``casepan.mesh``, ``casepan.operate`` and, in tests, ``casepan.testing``.
"""

from __future__ import annotations

from casepan.arrivals.assemble import assemble_case, scan_of
from casepan.arrivals.listing import open_archive
from casepan.arrivals.names import strip_copy_marks
from casepan.arrivals.sheets import SheetLabels, with_sheets
from casepan.arrivals.xml import read_xml
from casepan.contract.context import Context, ExportContext, ImportContext, ObserverContext
from casepan.contract.listing import Entry, Listing, Recognition
from casepan.contract.options import (
    ByteCount,
    Duration,
    FilePath,
    FolderPath,
    Millimetres,
    NoOptions,
    Secret,
    option,
)
from casepan.contract.specs import (
    API_VERSION,
    AdapterInfo,
    Event,
    Expected,
    ExporterSpec,
    FindingDoc,
    HealthCheck,
    ImporterSpec,
    NameLimits,
    ObserverSpec,
    Openness,
    Personal,
    Sample,
    TransformerSpec,
    ValidatorSpec,
)
from casepan.contract.stages import Watch, exporter, transformer, validator
from casepan.errors import (
    AdapterError,
    AuthenticationFailed,
    CaseError,
    CasepanError,
    ClosedFormat,
    ConfigError,
    CorruptFile,
    DeliveryError,
    DeliveryRefused,
    FenceLost,
    NotReady,
    OutcomeUnknown,
    UnrecognisedArrival,
    UsageError,
)
from casepan.handing import (
    STAYS_AT_HOME,
    WITHHELD,
    PackageOptions,
    deliver_package,
    left_out,
    named_scans,
    probe_package,
    scan_files,
    xml_document,
)
from casepan.hookspecs import hookimpl
from casepan.knowledge.completeness import Lack, completeness_rules, lacks
from casepan.knowledge.implants import (
    ImplantLibrary,
    ImplantSystem,
    ImplantTable,
    implant_table,
    match_system,
    plain_words,
)
from casepan.knowledge.kinds import kind_from_words
from casepan.knowledge.letter_pictures import letter_files, letter_pictures
from casepan.knowledge.letters import Letter, Texts, as_html, as_markdown, letter_texts, write_letter
from casepan.knowledge.marked import with_marked_teeth
from casepan.knowledge.materials import material_from_words
from casepan.knowledge.rx_write import rx_document
from casepan.knowledge.shades import parse_shade
from casepan.knowledge.teeth import arch_of, from_fdi, from_palmer, from_universal, parse_teeth, to_universal
from casepan.knowledge.units import unit_finding
from casepan.model.case import Artifact, Case, CaseKey, Origin, Patient, Scan, Transform
from casepan.model.decided import Answer, Change, Decision, Desk
from casepan.model.files import Attachment, ClosedFile, FileRef, IgnoredFile
from casepan.model.finding import Finding
from casepan.model.practice import Practice, PracticeDefaults
from casepan.model.prescription import Implant, Prescription, WorkItem
from casepan.model.records import Receipt
from casepan.model.vocabulary import Arch, Confidence, Kind, Material, Provenance, Role
from casepan.packages import (
    PackageFile,
    Seal,
    deliver_folder,
    deliver_zip,
    files_of_seal,
    probe_folder,
    probe_zip,
    proof_of_seal,
    sealed_files,
)
from casepan.stages.packing import PackingOptions, case_seal, pack_case

__all__ = [
    "API_VERSION",
    "STAYS_AT_HOME",
    "WITHHELD",
    "AdapterError",
    "AdapterInfo",
    "Answer",
    "Arch",
    "Artifact",
    "Attachment",
    "AuthenticationFailed",
    "ByteCount",
    "Case",
    "CaseError",
    "CaseKey",
    "CasepanError",
    "Change",
    "ClosedFile",
    "ClosedFormat",
    "Confidence",
    "ConfigError",
    "Context",
    "CorruptFile",
    "Decision",
    "DeliveryError",
    "DeliveryRefused",
    "Desk",
    "Duration",
    "Entry",
    "Event",
    "Expected",
    "ExportContext",
    "ExporterSpec",
    "FenceLost",
    "FilePath",
    "FileRef",
    "Finding",
    "FindingDoc",
    "FolderPath",
    "HealthCheck",
    "IgnoredFile",
    "Implant",
    "ImplantLibrary",
    "ImplantSystem",
    "ImplantTable",
    "ImportContext",
    "ImporterSpec",
    "Kind",
    "Lack",
    "Letter",
    "Listing",
    "Material",
    "Millimetres",
    "NameLimits",
    "NoOptions",
    "NotReady",
    "ObserverContext",
    "ObserverSpec",
    "Openness",
    "Origin",
    "OutcomeUnknown",
    "PackageFile",
    "PackageOptions",
    "PackingOptions",
    "Patient",
    "Personal",
    "Practice",
    "PracticeDefaults",
    "Prescription",
    "Provenance",
    "Receipt",
    "Recognition",
    "Role",
    "Sample",
    "Scan",
    "Seal",
    "Secret",
    "SheetLabels",
    "Texts",
    "Transform",
    "TransformerSpec",
    "UnrecognisedArrival",
    "UsageError",
    "ValidatorSpec",
    "Watch",
    "WorkItem",
    "arch_of",
    "as_html",
    "as_markdown",
    "assemble_case",
    "case_seal",
    "completeness_rules",
    "deliver_folder",
    "deliver_package",
    "deliver_zip",
    "exporter",
    "files_of_seal",
    "from_fdi",
    "from_palmer",
    "from_universal",
    "hookimpl",
    "implant_table",
    "kind_from_words",
    "lacks",
    "left_out",
    "letter_files",
    "letter_pictures",
    "letter_texts",
    "match_system",
    "material_from_words",
    "named_scans",
    "open_archive",
    "option",
    "pack_case",
    "parse_shade",
    "parse_teeth",
    "plain_words",
    "probe_folder",
    "probe_package",
    "probe_zip",
    "proof_of_seal",
    "read_xml",
    "rx_document",
    "scan_files",
    "scan_of",
    "sealed_files",
    "strip_copy_marks",
    "to_universal",
    "transformer",
    "unit_finding",
    "validator",
    "with_marked_teeth",
    "with_sheets",
    "write_letter",
    "xml_document",
]
