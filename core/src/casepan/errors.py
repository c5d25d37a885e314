"""Every public exception, classed by what to do next.

An error says what happened (``reason``), where (``place``), and what to do (``hint``). The place may hold a file name, and a
file name is often a patient's name: it is printed for a PATH the user typed and kept in the state folder, never logged.
"""

from __future__ import annotations

from typing import ClassVar


class CasepanError(Exception):
    """Base of all errors that casepan raises on purpose.

    Args:
        reason: what happened, one sentence without names of patients, files or folders.
        place: where: a file, a line of ``lab.toml``, a destination. Private, see the module's docstring.
        hint: what to do about it.
    """

    code: ClassVar[str] = "CP100"
    exit_code: ClassVar[int] = 1

    def __init__(self, reason: str, *, place: str | None = None, hint: str | None = None) -> None:
        super().__init__(reason, place, hint)
        self.reason = reason
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        advice = f"\n  {self.hint}" if self.hint else ""
        return f"{where}{self.reason} [{self.code}]{advice}"


class UsageError(CasepanError):
    """The command line asks for something that cannot be: a missing path, an unknown case."""

    code = "CP102"
    exit_code = 2


class ConfigError(CasepanError):
    """``lab.toml`` (or a file it names) is wrong; ``problems`` holds every one of them."""

    code = "CP103"
    exit_code = 3

    def __init__(
        self, reason: str, *, place: str | None = None, hint: str | None = None, problems: tuple[ConfigError, ...] = ()
    ) -> None:
        super().__init__(reason, place=place, hint=hint)
        self.problems = problems

    def __str__(self) -> str:
        if not self.problems:
            return super().__str__()
        return "\n".join(str(problem) for problem in self.problems)


class SecretError(ConfigError):
    """A secret that a stage needs cannot be found where ``lab.toml`` says it is."""

    code = "CP104"


class AdapterError(CasepanError):
    """A plugin is broken, missing, or does not fit this version of casepan."""

    code = "CP110"
    exit_code = 4


class CaseError(CasepanError):
    """This case cannot be processed: it goes to quarantine, all others go on."""

    code = "CP120"
    exit_code = 5


class CorruptFile(CaseError):
    """A file does not hold what its format promises.

    Args:
        reason: what is wrong, without the file's name.
        place: the file's name.
        offset: byte offset (or 1-based line of a text file, then ``line`` is set) where it was noticed.
    """

    code = "CP121"

    def __init__(
        self,
        reason: str,
        *,
        place: str | None = None,
        hint: str | None = None,
        offset: int | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(reason, place=place, hint=hint or "Ask the sender to export the scan again.")
        self.offset = offset
        self.line = line

    def __str__(self) -> str:
        at = f" (line {self.line})" if self.line is not None else ""
        at = at or (f" (byte {self.offset})" if self.offset is not None else "")
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.reason}{at} [{self.code}]\n  {self.hint}"


class ClosedFormat(CaseError):
    """The file is intact, but only the vendor's own software can read its geometry."""

    code = "CP122"


class UnsafeArchive(CaseError):
    """An archive that would write outside its folder, or unpack to more than the limits allow."""

    code = "CP123"


class AmbiguousCase(CaseError):
    """Two adapters claim the same arrival with equal confidence."""

    code = "CP124"


class UnrecognisedArrival(CaseError):
    """No adapter knows this arrival and it holds no mesh that ``core.generic`` could take."""

    code = "CP125"


class LimitExceeded(CaseError):
    """Something is larger than its limit: a file read for recognition, a case in work, the time it took."""

    code = "CP126"


class NotReady(CasepanError):
    """What is there is not complete yet: wait and look again."""

    code = "CP130"
    exit_code = 5


class DeliveryError(CasepanError):
    """A destination did not take the case. ``retryable`` says whether trying again can help."""

    code = "CP140"
    exit_code = 6
    retryable: ClassVar[bool] = True

    def __init__(
        self, reason: str, *, place: str | None = None, hint: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(reason, place=place, hint=hint)
        self.retry_after = retry_after


class DeliveryRefused(DeliveryError):
    """The destination will never take this as it is (a permanent failure)."""

    code = "CP141"
    retryable = False


class AuthenticationFailed(DeliveryError):
    """The destination does not accept the credentials."""

    code = "CP142"
    retryable = False


class OutcomeUnknown(DeliveryError):
    """It cannot be told whether the destination took the case."""

    code = "CP143"
    retryable = False


class FenceLost(CasepanError):
    """Another process owns the case now; this one must not commit anything."""

    code = "CP150"
    exit_code = 7


class StateError(CasepanError):
    """The state folder or the ledger cannot be used: locked, newer, damaged, read-only, full."""

    code = "CP160"
    exit_code = 7
