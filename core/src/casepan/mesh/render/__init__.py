"""Pictures of scans, drawn without a display."""

from casepan.mesh.render.camera import Frame, View, guess_frame
from casepan.mesh.render.overlay import Scale
from casepan.mesh.render.picture import Heat, Marker, render

__all__ = ["Frame", "Heat", "Marker", "Scale", "View", "guess_frame", "render"]
