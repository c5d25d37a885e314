"""Pictures of scans, drawn without a display."""

from casepan.mesh.pictures.camera import Frame, View, guess_frame
from casepan.mesh.pictures.overlay import Scale
from casepan.mesh.pictures.picture import Drawing, Marker, draw, render
from casepan.mesh.pictures.scene import Heat

__all__ = ["Drawing", "Frame", "Heat", "Marker", "Scale", "View", "draw", "guess_frame", "render"]
