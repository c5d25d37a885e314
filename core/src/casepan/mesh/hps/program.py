"""The byte program that an HPS file stores its faces as. Free of numpy.

It works on a ring of directed border edges with a current edge, and a cursor over the vertices. Each instruction is
one byte; most of them put a triangle on the current edge. Facts: ../shared/facts/trios.md, section 3.2 (from the
public HIMSA 501 text and real files).
"""

from __future__ import annotations

from array import array

from attrs import define, field

_WIDTHS = ((2, 4), (4, 4), (2, 2))
"""Bytes of an operand of Restart16 and of Absolute16: real files use four for the second, whatever its name says."""

_RESTART, _RESTART16, _RESTART32, _SKIP = 4, 5, 6, 10
_NEED_NO_EDGE = frozenset((_RESTART, _RESTART16, _RESTART32, _SKIP))


class ProgramError(ValueError):
    """The program makes no sense; ``offset`` is the instruction's place in it."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset


def run_program(program: bytes, faces: int, vertices: int) -> array[int]:
    """Vertex indices of all faces, three per face, by running the program.

    Args:
        program: the decoded ``Facets`` element.
        faces: the number of faces that the file declares.
        vertices: the number of vertices that the file declares.

    Raises:
        ProgramError: under no known operand width does the program give exactly these faces.
    """
    first: ProgramError | None = None
    for short_restart, short_absolute in _WIDTHS:
        machine = _Machine(program, vertices, short_restart, short_absolute)
        try:
            machine.run()
        except ProgramError as error:
            first = first or error
            continue
        if len(machine.out) == 3 * faces:
            return machine.out
        reason = f"the program makes {len(machine.out) // 3} faces, {faces} are declared"
        first = first or ProgramError(reason, len(program))
    assert first is not None
    raise first


@define
class _Machine:
    """The ring is kept as linked edges: edge e runs from ``start[e]`` to ``stop[e]``, ``after[e]`` follows it."""

    program: bytes
    vertices: int
    short_restart: int
    short_absolute: int
    out: array[int] = field(factory=lambda: array("i"))
    start: list[int] = field(factory=list)
    stop: list[int] = field(factory=list)
    after: list[int] = field(factory=list)
    before: list[int] = field(factory=list)
    current: int = -1
    cursor: int = 0
    at: int = 0

    def run(self) -> None:
        """Run to the end of the program."""
        program, size = self.program, len(self.program)
        steps = (
            self._vertex,
            self._previous,
            self._next,
            self._ignore,
            self._restart,
            self._restart_short,
            self._restart_long,
            self._absolute_short,
            self._absolute_long,
            self._remove,
            self._skip,
        )
        while self.at < size:
            op = program[self.at]
            if op > _SKIP:
                raise ProgramError(f"instruction {op} is not known", self.at)
            if self.current < 0 and op not in _NEED_NO_EDGE:
                raise ProgramError("an instruction needs an edge where there is none", self.at)
            self.at += 1
            steps[op]()

    def _vertex(self) -> None:
        self._attach(self._next_vertex())

    def _absolute_short(self) -> None:
        self._attach(self._operand(self.short_absolute))

    def _absolute_long(self) -> None:
        self._attach(self._operand(4))

    def _attach(self, vertex: int) -> None:
        """A triangle from the current edge to a vertex; its two new edges take the edge's place."""
        edge, after = self.current, self.after
        end = self.stop[edge]
        self.out.extend((vertex, end, self.start[edge]))
        new, following = len(after), after[edge]
        self.start.append(vertex)
        self.stop.append(end)
        self.before.append(edge)
        after.append(following)
        self.before[following] = new
        after[edge] = new
        self.stop[edge] = vertex
        self.current = following

    def _previous(self) -> None:
        """A triangle over the current edge and the one before it; one edge takes the place of both."""
        edge = self.current
        other = self.before[edge]
        self.out.extend((self.start[edge], self.start[other], self.stop[edge]))
        self._merge(other, edge)

    def _next(self) -> None:
        """A triangle over the current edge and the one behind it; one edge takes the place of both."""
        edge = self.current
        other = self.after[edge]
        self.out.extend((self.start[edge], self.stop[other], self.stop[edge]))
        self._merge(edge, other)

    def _merge(self, kept: int, dropped: int) -> None:
        if kept == dropped:
            raise ProgramError("an instruction needs two edges where there is one", self.at - 1)
        self.stop[kept] = self.stop[dropped]
        following = self.after[dropped]
        self.after[kept] = following
        self.before[following] = kept
        self.current = following

    def _ignore(self) -> None:
        self.current = self.after[self.current]

    def _restart(self) -> None:
        self._begin(self._next_vertex(), self._next_vertex(), self._next_vertex())

    def _restart_short(self) -> None:
        width = self.short_restart
        self._begin(self._operand(width), self._operand(width), self._operand(width))

    def _restart_long(self) -> None:
        self._begin(self._operand(4), self._operand(4), self._operand(4))

    def _begin(self, a: int, b: int, c: int) -> None:
        """A triangle of its own; the ring is its three edges."""
        self.out.extend((a, b, c))
        self.start = [a, b, c]
        self.stop = [b, c, a]
        self.after = [1, 2, 0]
        self.before = [2, 0, 1]
        self.current = 0

    def _remove(self) -> None:
        """Take the current edge off the ring, and the one before it too when the two run back on each other.

        The facts' table says only "drop current edge"; that both go when they fold together, and that otherwise the
        edge before is led to where the current one ended, is what makes all six real files come out with clean
        orientation.
        """
        edge = self.current
        before, following = self.before[edge], self.after[edge]
        if self.start[before] == self.stop[edge] and following != before:
            before = self.before[before]
        else:
            self.stop[before] = self.stop[edge]
        if edge in (before, following):
            self.current = -1
            return
        self.after[before] = following
        self.before[following] = before
        self.current = following

    def _skip(self) -> None:
        self._next_vertex()

    def _next_vertex(self) -> int:
        self.cursor += 1
        if self.cursor > self.vertices:
            raise ProgramError("the program uses more vertices than there are", self.at - 1)
        return self.cursor - 1

    def _operand(self, width: int) -> int:
        value = int.from_bytes(self.program[self.at : self.at + width], "little")
        self.at += width
        if self.at > len(self.program):
            raise ProgramError("the program is cut off", len(self.program))
        if value >= self.vertices:
            raise ProgramError("the program uses a vertex that is not there", self.at - width)
        return value
