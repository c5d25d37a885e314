"""Options of the exporter ``exocad.project``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import Attribute, frozen

from casepan.api import WITHHELD, FilePath, FolderPath, option

PLACEHOLDERS = ("%tc", "%d", "%l", "%f", "%p", "%n", "%s", "%c")
"""exocad's own, as they stand in ``<PathTemplate>`` of its settings."""

_LONGEST = 60  # signs beside the placeholders: files in a project bear its whole name, and paths end somewhere


def _is_name(_: object, attribute: Attribute[str], value: str) -> None:
    left = re.sub("|".join(PLACEHOLDERS), "", value)
    if "%" in left or re.search(r'[\x00-\x1f<>:"/\\|?*]', left) or len(left) > _LONGEST:
        known = ", ".join(PLACEHOLDERS)
        allowed = f"placeholders are {known}; at most {_LONGEST} other signs, no folders, none that Windows refuses"
        raise ValueError(f"{attribute.name} {value!r}: {allowed}")
    if "%l" not in value and "%s" not in value:
        raise ValueError(f"{attribute.name} {value!r}: needs %l or %s, which tell one case from another")


@frozen
class ProjectOptions:
    """Where projects go and how they are written."""

    path: FolderPath = option(FolderPath("out/exocad"), "folder that gets one project folder per case")
    template: FilePath | None = option(
        None, "a .dentalProject that your own exocad wrote; its configuration and its teeth are the pattern of new ones"
    )
    name: str = option(
        "%d_%l",
        "name of a project, as in <PathTemplate> of exocad's settings: %d day, %l patient with the case's ref, %f first "
        "name, %p practice, %n its id, %s tray, %tc tooth colour",
        source="default name of projects of a real installation",
        validator=_is_name,
    )
    private: bool = option(False, "write patient, practice and notes into project and name; else only the case's ref")
    neighbours: bool = option(
        True,
        "write the teeth beside the ordered ones as healthy, and one opposite as antagonist when that jaw was scanned",
    )
    seen_as: str = option(
        "", "the folder `path` as the CAD computer sees it (`D:\\CAD-Data`), for the hints of the receipt"
    )
    program: str = option("DentalCADApp.exe", "how exocad's CAD is started there, for the hints of the receipt")

    def not_carried(self) -> Iterator[str]:
        """What stays at home whatever the case is, see ``ExporterSpec``."""
        if not self.private:
            yield WITHHELD
