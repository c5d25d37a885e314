"""Options of ``deliver.http``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from attrs import frozen

from casepan.api import ByteCount, Duration, FilePath, PackingOptions, Secret, option
from casepan_deliver.addresses import parse_address, refuse_readable

_WORDS = re.compile(r"\{([^{}]*)\}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@frozen(kw_only=True)
class HttpOptions(PackingOptions):
    """A portal that takes one zip per case."""

    url: str = option(doc="address of the portal; with `way = put` it may hold `{name}` and `{key}`")
    way: Literal["multipart", "put", "presigned", "tus"] = option(
        "multipart",
        "`multipart`: one POST as from a form; `put`: one PUT; `presigned`: a POST that answers with the address for the PUT; "
        "`tus`: in pieces that a later try goes on with (tus 1.0)",
    )
    probe: str | None = option(
        None,
        "address that says whether the portal has a delivery, with `{key}` in it; asked before anything is sent twice",
    )
    token: Secret | None = option(None, "token of the portal, sent as `Authorization: Bearer`")
    token_header: str = option("Authorization", "another header for the bare token, such as `X-Api-Key`")
    user: str | None = option(None, "account, instead of a token")
    password: Secret | None = option(None, "its password")
    field: str = option("file", "name of the form's file field (`multipart`)")
    fields: Mapping[str, str] = option(factory=dict, doc="further fields of the form (`multipart`)")
    chunk: ByteCount = option(ByteCount(8 << 20), "size of one piece (`tus`)", minimum=1)
    compress: bool = option(False, "deflate the files; meshes shrink to about 45 % and take longer")
    ca: FilePath | None = option(None, "certificates (PEM) to trust instead of the system's, for a server of your own")
    timeout: Duration = option(Duration(60.0), "longest silence of the portal")
    insecure: bool = option(False, "allow http:// to another machine: everybody on the way can read along")

    def __attrs_post_init__(self) -> None:
        self._check_address("url", self.url, {"name", "key"} if self.way == "put" else set())
        if self.way == "put" and not _WORDS.findall(self.url):
            raise ValueError("'url' must hold {name} or {key}: every case needs an address of its own")
        if self.probe is not None:
            self._check_address("probe", self.probe.partition("?")[0], {"key"})
            if set(_WORDS.findall(self.probe)) != {"key"}:
                raise ValueError("'probe' must hold {key}, and no other word in braces")
        if (self.user is None) != (self.password is None):
            raise ValueError("'user' and 'password' belong together")
        if self.user is not None and self.token is not None:
            raise ValueError("either 'token', or 'user' and 'password'")
        if not _HEADER.fullmatch(self.token_header):
            raise ValueError("'token_header' is no name of a header")

    @property
    def can_ask(self) -> bool:
        """True when the portal can be asked whether it has a delivery."""
        return self.probe is not None or self.way == "tus"

    def _check_address(self, name: str, url: str, words: set[str]) -> None:
        try:
            refuse_readable(parse_address(url, ("https", "http")), insecure=self.insecure)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        if strange := set(_WORDS.findall(url)) - words:
            raise ValueError(f"{name}: {{{min(strange)}}} is not known here")
