"""Pictures of scans, drawn without a display."""

from casepan.mesh.pictures.camera import Frame, View, guess_frame
from casepan.mesh.pictures.overlay import Scale
from casepan.mesh.pictures.picture import Heat, Marker, render

__all__ = ["Frame", "Heat", "Marker", "Scale", "View", "guess_frame", "render"]
