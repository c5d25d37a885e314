"""An archive behind the classic DICOM service: C-STORE to store, C-FIND to ask (PS3.4 B and C)."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from casepan.api import AuthenticationFailed, DeliveryError, ExportContext, OutcomeUnknown
from casepan_dicom.archives import DUPLICATE, Held, needed, not_taken, refused, untrusted
from casepan_dicom.objects import CLASSES, Instance
from casepan_dicom.options import DicomOptions
from casepan_dicom.web import trust

_EXPLICIT = "1.2.840.10008.1.2.1"
_ECHO = "1.2.840.10008.1.1"  # Verification
_NOBODYS = "2.25.0"
_FIND = "1.2.840.10008.5.1.4.1.2.2.1"  # Study Root Query/Retrieve Information Model - FIND
_PERMANENT, _BY_USER = 1, 1
_TITLES = {3: "calling", 7: "called"}
"""Reasons of a rejection (PS3.8 9.3.4) that are about AE titles."""

_SUCCESS, _PENDING = 0x0000, (0xFF00, 0xFF01)
_WARNING = 0xB0


class DimseArchive:
    """Speaks to one archive with the options of one export."""

    def __init__(self, options: DicomOptions, ctx: ExportContext) -> None:
        self.options = options
        self.ctx = ctx
        self.net = needed("pynetdicom")

    @property
    def place(self) -> str:
        """The archive's AE title and address."""
        return f"dicom://{self.options.called}@{self.options.host}:{self.options.port}"

    def store(self, instances: Sequence[Instance], may_go: Callable[[], None]) -> tuple[str, ...]:
        """One association for all objects; each is answered."""
        from pydicom import dcmread

        warned: list[str] = []
        classes = {instance.sop_class for instance in instances}
        with self._association(classes, unwilling=not_taken()) as line:
            if not classes <= {str(context.abstract_syntax) for context in line.accepted_contexts}:
                raise not_taken()
            for instance in instances:
                may_go()
                warned += self._judge(line.send_c_store(dcmread(BytesIO(instance.content))))
        return tuple(dict.fromkeys(warned))

    def greet(self, kind: str) -> str:
        """C-ECHO, whether the archive offers to store such models, and C-FIND for a study that nobody has."""
        wanted = {_ECHO, _FIND, CLASSES[kind]}
        with self._association(wanted, unwilling=not_taken()) as line:
            offered = {str(context.abstract_syntax) for context in line.accepted_contexts}
            if CLASSES[kind] not in offered:
                raise not_taken()
            if _FIND not in offered:
                raise self._mute()
            if _ECHO in offered and _status(line.send_c_echo()) != _SUCCESS:
                raise self._not_reached("did not answer an echo")
            self._found(line, "SERIES", _NOBODYS, "SeriesDescription")
        return "the archive answers an echo, takes such models and answers queries"

    def held(self, study: str) -> Held:
        """Asked for the series, which says how many objects there must be, and for the objects."""
        with self._association({_FIND}, unwilling=self._mute()) as line:
            series = self._found(line, "SERIES", study, "SeriesDescription")
            found = self._found(line, "IMAGE", study, "SOPInstanceUID")
        return Held(next(iter(series), ""), frozenset(found))

    def _mute(self) -> DeliveryError:
        hint = "Allow casepan's AE title to query (C-FIND), or look into the archive yourself."
        return DeliveryError("the archive does not answer queries", place=self.place, hint=hint)

    @contextmanager
    def _association(self, classes: set[str], unwilling: DeliveryError) -> Iterator[Any]:
        """An association for these services; ``unwilling`` is raised when the archive offers none of them."""
        ends: list[socket.socket] = []
        self._knock()
        line = self._asked(classes, ends)
        if line.is_aborted:  # a rejection is lost when the archive hangs up faster than it is read
            line = self._asked(classes, ends)
        try:
            if not line.is_established:
                raise unwilling if line.rejected_contexts else self._not_associated(line)
            yield line
        finally:
            if line.is_established:
                line.release()
            for end in ends:  # pynetdicom leaves the socket of a broken association open
                end.close()

    def _asked(self, classes: set[str], ends: list[socket.socket]) -> Any:
        """One request for an association. ``ends`` gets its socket."""
        options = self.options
        entity = self.net.AE(ae_title=options.calling)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = options.timeout
        entity.connection_timeout = min(options.timeout, 10.0)
        entity.maximum_pdu_size = 0
        for sop_class in sorted(classes):
            entity.add_requested_context(sop_class, _EXPLICIT)
        tls = (trust(options, self.ctx.base), options.host) if options.tls else None
        seen = [(self.net.evt.EVT_CONN_OPEN, lambda event: ends.append(event.assoc.dul.socket.socket))]
        return entity.associate(options.host, options.port, ae_title=options.called, tls_args=tls, evt_handlers=seen)

    def _knock(self) -> None:
        """See whether anybody listens, and with TLS who, which pynetdicom only writes into its log."""
        options = self.options
        try:
            with socket.create_connection((options.host, options.port), min(options.timeout, 10.0)) as line:
                if options.tls:
                    trust(options, self.ctx.base).wrap_socket(line, server_hostname=options.host).close()
        except ssl.SSLCertVerificationError as error:
            raise untrusted(self.place) from error
        except ssl.SSLError as error:
            raise self._not_reached("does not agree to TLS") from error
        except OSError as error:
            raise self._not_reached("cannot be reached") from error

    def _not_reached(self, said: str) -> DeliveryError:
        hint = "Check that it runs, host, port and `tls`; casepan tries again by itself."
        return DeliveryError(f"the archive {said}", place=self.place, hint=hint)

    def _not_associated(self, line: Any) -> DeliveryError:
        """Rejected for good, rejected for now, or gone."""
        answer = line.acceptor.primitive if line.is_rejected else None
        if answer is not None and (answer.result, answer.result_source) == (_PERMANENT, _BY_USER):
            title = _TITLES.get(answer.diagnostic)
            about = f"the AE title in `{title}`" if title else "casepan"
            hint = "Compare `called` and `calling` with what the archive's settings list."
            return AuthenticationFailed(f"the archive does not know {about}", place=self.place, hint=hint)
        return self._not_reached("is busy" if line.is_rejected else "broke off before anything was sent")

    def _judge(self, answer: Any) -> list[str]:
        """A warning, if there is one."""
        value = _status(answer)
        if value is None:
            hint = "casepan asks what is there before it sends again. Does the archive know the AE title in `calling`?"
            raise OutcomeUnknown("the archive did not answer to the end", place=self.place, hint=hint)
        if value in (_SUCCESS, DUPLICATE):
            return []
        if value >> 8 != _WARNING:
            raise refused(value)
        return [f"status {value:04X}"]

    def _found(self, line: Any, level: str, study: str, keyword: str) -> list[str]:
        from pydicom import Dataset

        wanted = Dataset()
        wanted.QueryRetrieveLevel = level
        wanted.StudyInstanceUID = study
        wanted.SeriesInstanceUID = ""
        setattr(wanted, keyword, "")
        found = []
        for answer, item in line.send_c_find(wanted, _FIND):
            value = _status(answer)
            if value in _PENDING and item is not None:
                found.append(str(item.get(keyword, "")))
            elif value != _SUCCESS:
                hint = "Try again later. Does the archive know the AE title in `calling`?"
                raise DeliveryError("the archive did not answer the query", place=self.place, hint=hint)
        return found


def _status(answer: Any) -> int | None:
    """The status of an answer, None when the line broke before there was one."""
    status = answer.get("Status") if answer else None
    return None if status is None else int(status)
