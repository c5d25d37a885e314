"""Descriptors: what a plugin declares, as values with import strings, so that declaring costs nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from attrs import Attribute, field, frozen

from casepan.arrivals.names import LONGEST
from casepan.model.vocabulary import Severity

API_VERSION = 1
"""The contract's number. A plugin made for another number is refused with a sentence that says which side to upgrade."""

STAGE_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\.[a-z][a-z0-9]*(-[a-z0-9]+)*")
IMPORT_STRING = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def _is_stage_name(_: object, attribute: Attribute[str], value: str) -> None:
    if not STAGE_NAME.fullmatch(value):
        raise ValueError(f"{attribute.name} {value!r} is not of the form plugin.stage-name")


def _is_import_string(_: object, attribute: Attribute[Any], value: str | None) -> None:
    if value is not None and not IMPORT_STRING.fullmatch(value):
        raise ValueError(f"{attribute.name} {value!r} is not of the form package.module:Name")


@frozen
class StageSpec:
    """One stage of a plugin.

    Attributes:
        name: ``plugin.stage``, the prefix being the plugin's own name.
        summary: one sentence for ``casepan adapters show``.
        factory: ``"package.module:Class"``, imported when a pipeline first needs it and called as ``Class(options)``.
        options: ``"package.light_module:Options"``, an attrs class in a module free of heavy imports, or None.
        version: raise it when the same input gives another output; finished steps of older versions run again.
    """

    name: str = field(validator=_is_stage_name)
    summary: str
    factory: str = field(validator=_is_import_string)
    options: str | None = field(default=None, validator=_is_import_string)
    version: int = 1

    @property
    def plugin(self) -> str:
        """The plugin's name: what stands before the dot."""
        return self.name.partition(".")[0]

    @property
    def short(self) -> str:
        """What stands after the dot; the default id of a step."""
        return self.name.partition(".")[2]


@frozen
class ImporterSpec(StageSpec):
    """An importer. ``watches`` is True when a pipeline may name it under ``import`` (it has ``watch()``)."""

    watches: bool = False


@frozen
class ValidatorSpec(StageSpec):
    """A validator.

    Attributes:
        standalone: True when ``casepan validate PATH`` may run it without a ``lab.toml``.
        reads: fields of the case that its findings depend on (``("scans",)``); it runs again only when one of them
            changes. Empty means all of the case, also the findings of earlier steps.
    """

    standalone: bool = True
    reads: tuple[str, ...] = ()


@frozen
class TransformerSpec(StageSpec):
    """A transformer."""


@frozen
class NameLimits:
    """Under which names files lie at a destination. The defaults are what every package of casepan keeps to.

    Attributes:
        given: ``"kept"``: as the steps before named them, changed only where a name does not fit; ``"layout"``: words of the
            destination's own; ``"none"``: no file of the case gets there under a name.
        longest: most UTF-8 bytes of one name with its extension, None when no limit is known.
        longest_path: most UTF-8 bytes of a name with its folders, from the root of the destination, None likewise.
        characters: ``"portable"``: what Windows, macOS and Linux all take; ``"ascii"``: of that only the signs of ASCII.
    """

    given: Literal["kept", "layout", "none"]
    longest: int | None = LONGEST
    longest_path: int | None = None
    characters: Literal["portable", "ascii"] = "portable"


@frozen
class ExporterSpec(StageSpec):
    """An exporter.

    What it says here is told by ``casepan check`` before the first run. What depends on its options belongs into a method
    ``not_carried(self) -> Iterable[str]`` of the options class; what depends on the case, into the manifest and the receipt.

    Attributes:
        probe: True when ``probe(ctx)`` can ask the destination whether it has a delivery.
        formats: mesh formats the destination takes; empty means all.
        colour: False when the destination drops colour.
        max_faces: most faces per scan it takes, None for no limit.
        names: its limits for names of files, None when it does not say (the conformance kit wants it to).
        not_carried: what of a case never gets there, one phrase each: ``"documents and pictures"``.
    """

    probe: bool = False
    formats: tuple[str, ...] = ()
    colour: bool = True
    max_faces: int | None = None
    names: NameLimits | None = None
    not_carried: tuple[str, ...] = ()


@frozen
class ObserverSpec(StageSpec):
    """An observer: told what happens in the whole laboratory, where ``[adapters.PLUGIN] with`` has a table for it."""


@frozen
class Openness:
    """The card of one ecosystem: each a short text for technicians."""

    open: str
    closed: str
    colour: str
    prescription: str
    arrives: str
    lost: str


@frozen
class Personal:
    """Where people can be found in an ecosystem's files, so that ``prepare.pseudonymise`` can take them out.

    Attributes:
        names: which file and folder names carry people, one phrase for each.
        xml: places in XML documents: the root's tag, a slash, and an ElementPath below it. The last step may be
            ``@name`` for an attribute; without it the element's text is meant.
        hps: properties of 3Shape's HPS files.
        dicom: tags of DICOM headers, ``"0010,0010"``.
        headers: lines in the heads of meshes that quote file names (``"ply comment TextureFile"``).
        documents: suffixes of documents that show people to whoever opens them.
    """

    names: tuple[str, ...] = ()
    xml: tuple[str, ...] = ()
    hps: tuple[str, ...] = ()
    dicom: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()


@frozen
class AdapterInfo:
    """Who a plugin is.

    Attributes:
        name: equals the entry point's name.
        title: ``"3Shape TRIOS"``; shown to people.
        api_version: the contract it was written for.
        summary: one sentence.
        scanners: devices and programs it answers to.
        formats: formats its layouts carry.
        evidence: ``"real"``, ``"documented"`` or ``"inferred"``: the strongest proof behind its layouts.
        openness: the ecosystem's card, None for plugins that are no scanner ecosystem.
        personal: where people are named in its files, None for plugins that read no files of their own.
    """

    name: str
    title: str
    api_version: int
    summary: str
    scanners: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    evidence: Literal["real", "documented", "inferred"] | None = None
    openness: Openness | None = None
    personal: Personal | None = None


@frozen
class FindingDoc:
    """The page of one finding code: feeds ``casepan explain`` and the docs."""

    code: str
    severity: Severity
    title: str
    cause: str
    example: str
    remedy: str


@frozen
class HealthCheck:
    """One answer of ``casepan check --online``."""

    name: str
    ok: bool
    detail: str
    hint: str | None = None


@frozen
class Event:
    """Something that happened, for observers. ``ref`` is the case, ``detail`` holds no names."""

    kind: str
    ref: str | None
    at: str
    detail: Mapping[str, str | int | float | None] = field(factory=dict)


@frozen
class Expected:
    """What must come out of a sample.

    Attributes:
        stage: the importer that must claim it, None when nothing may.
        scans: path in the arrival (as ``inspect`` prints it) to ``"role/arch"``, over all cases; ``"bite/-"`` when no arch.
        teeth: all ordered FDI teeth over all cases, ascending.
        vendor_id: the identity of the first case, None when not checked.
        closed: number of closed files.
        cases: number of cases in the arrival.
        outcome: what a default crown-and-bridge pipeline must end with.
    """

    stage: str | None
    scans: Mapping[str, str] = field(factory=dict)
    teeth: tuple[int, ...] = ()
    vendor_id: str | None = None
    closed: int = 0
    cases: int = 1
    outcome: Literal["accept", "review", "reject", "quarantine"] = "accept"


@frozen
class Sample:
    """One generated arrival of an ecosystem.

    Attributes:
        name: short and unique in its plugin (``"open-export-stl"``).
        title: one line for people.
        files: makes the arrival when called: path below the inbox to bytes. The first path part is the arrival, unless the
            sample is loose meshes.
        expected: what must come out.
        evidence: ``"real"`` when names and tree were seen in a real export, ``"inferred"`` when rebuilt from descriptions.
        demo: True for the one sample that ``casepan demo`` uses.
    """

    name: str
    title: str
    files: Callable[[], Mapping[str, bytes]]
    expected: Expected
    evidence: Literal["real", "documented", "inferred"] = "inferred"
    demo: bool = False

    def write(self, folder: Path) -> Path:
        """Write the arrival below ``folder`` and return the path to hand to ``inspect`` (the folder itself for loose files)."""
        written = self.files()
        for path, content in written.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        tops = {path.split("/", 1)[0] for path in written}
        return folder / tops.pop() if len(tops) == 1 else folder
