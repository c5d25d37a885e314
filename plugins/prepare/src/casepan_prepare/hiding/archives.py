"""A zip made anew of what is in it, every member cleaned; or none at all."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from io import BytesIO

from attrs import field, frozen

from casepan_prepare.hiding.pictures import without_words
from casepan_prepare.hiding.surfaces import Companions, clean_mesh, clean_mtl
from casepan_prepare.hiding.texts import WAYS, Cleaner, clean_document
from casepan_prepare.hiding.views import BROKEN, LARGEST, CannotSearchError

_DEEPEST = 3
_EARLIEST = (1980, 1, 1, 0, 0, 0)
_MESHES = frozenset({"stl", "ply", "obj", "dcm", "glb"})
_TEXTURES = frozenset({"png", "jpg", "jpeg"})
_DROPPINGS = ("__macosx", ".ds_store", "thumbs.db", "desktop.ini")  # of file managers: nobody put them there


@frozen
class _Member:
    """A file of an archive under its new name."""

    old: str = field(repr=False)
    new: str
    data: bytes = field(repr=False)

    @property
    def base(self) -> str:
        """The old name without folders, as other files may call it."""
        return _base(self.old)

    @property
    def suffix(self) -> str:
        """Of both names, in lower case."""
        return self.new.rpartition(".")[2]


def clean_zip(data: bytes, cleaner: Cleaner, *, sheets: bool, depth: int = 0) -> bytes:
    """The archive with cleaned members under neutral names, without dates, comments and extra fields.

    The same archive gives the same bytes.

    Args:
        data: the whole archive.
        cleaner: what cleaning the case needs.
        sheets: whether HTML sheets may go along.

    Raises:
        CannotSearchError: a member cannot be opened and cleaned, so nothing of the archive may go along.
    """
    members = _members(data, depth)
    worn = _worn(members)
    cleaned: dict[str, bytes] = {}
    for member in sorted(members, key=lambda one: (one.suffix not in _TEXTURES, one.suffix != "mtl")):
        made = _cleaned(member, worn, cleaner, sheets=sheets, depth=depth)
        if made is None:
            raise CannotSearchError("something in it cannot be cleaned")
        cleaned[member.new] = made
    return _packed({member.new: cleaned[member.new] for member in members})


def _members(data: bytes, depth: int) -> list[_Member]:
    """The files of an archive by their old names; what file managers leave behind is dropped."""
    if depth >= _DEEPEST:
        raise CannotSearchError("packed too many times")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            infos = sorted((info for info in archive.infolist() if _is_file(info)), key=lambda info: info.filename)
            if sum(info.file_size for info in infos) > LARGEST:
                raise CannotSearchError("more than the limit is packed into it")
            if any(info.flag_bits & 1 for info in infos):
                raise CannotSearchError("a password")
            return [
                _Member(info.filename, f"file-{number}.{_suffix(info.filename)}", archive.read(info))
                for number, info in enumerate(infos, 1)
            ]
    except BROKEN as error:
        raise CannotSearchError("an archive that cannot be opened") from error


def _is_file(info: zipfile.ZipInfo) -> bool:
    folded = info.filename.casefold()
    return not info.is_dir() and not any(f"/{name}" in f"/{folded}" for name in _DROPPINGS)


def _suffix(name: str) -> str:
    """The suffix, if it is one that can be cleaned; any other may be part of a name, and nothing comes of it."""
    suffix = name.rpartition(".")[2].lower()
    return suffix if suffix in {*WAYS, *_MESHES, *_TEXTURES, "mtl", "zip"} else "bin"


def _base(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2].casefold()


def _worn(members: list[_Member]) -> Companions:
    """The new names of pictures and material files that a mesh or a material file wears."""
    named = [one for one in members if one.suffix in _TEXTURES or one.suffix == "mtl"]
    if len({one.base for one in named}) < len(named):
        raise CannotSearchError("two of its pictures have one name")
    wearing = [one.data.lower() for one in members if one.suffix in ("mtl", "obj", "ply")]
    files = {one.base: one.new for one in named if any(one.base.encode() in text for text in wearing)}
    return Companions(files)


def _cleaned(member: _Member, worn: Companions, cleaner: Cleaner, *, sheets: bool, depth: int) -> bytes | None:
    """A member without names; None for what cannot be cleaned: photographs, closed formats, what nobody knows."""
    if member.suffix in WAYS:
        return clean_document(member.data, member.suffix, cleaner) if sheets or WAYS[member.suffix] != "html" else None
    if member.suffix == "zip":
        return clean_zip(member.data, cleaner, sheets=sheets, depth=depth + 1)
    if member.suffix in _TEXTURES:  # a picture that no mesh wears is a photograph
        return without_words(member.data) if member.base in worn.files else None
    if member.suffix == "mtl":
        return clean_mtl(member.data, worn)
    shape = clean_mesh(member.data, member.new, worn, cleaner) if member.suffix in _MESHES else None
    return shape.data if shape else None


def _packed(files: Mapping[str, bytes]) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, _EARLIEST)
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
            archive.writestr(info, data)
    return stream.getvalue()
