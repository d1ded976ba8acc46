"""The body of an answer, bounded: at most one content coding, and only gzip, which is all we offer."""

from __future__ import annotations

import zlib

from tracker.errors import SourceBroken

_MAGIC = b"\x1f\x8b"


class Body:
    """Gathers the chunks of one answer, decoded. At most `limit` bytes before and after decoding, else SourceBroken."""

    def __init__(self, codings: str, limit: int) -> None:
        named = [name for each in codings.lower().split(",") if (name := each.strip()) not in ("", "identity")]
        if named not in ([], ["gzip"], ["x-gzip"]):
            raise SourceBroken(f"its content coding {', '.join(named)[:60]!r} was not offered")
        self._gunzip = zlib.decompressobj(wbits=31) if named else None
        self._parts: list[bytes] = []
        self._left, self._wire, self._limit = limit, limit, limit

    def feed(self, chunk: bytes) -> None:
        self._wire -= len(chunk)
        if self._gunzip is None:
            return self._keep(chunk)
        try:
            while chunk and self._wire >= 0:
                self._keep(self._gunzip.decompress(chunk, self._left + 1))
                chunk = self._gunzip.unused_data
                if chunk.startswith(_MAGIC):  # a further member; anything else after the end is padding
                    self._gunzip = zlib.decompressobj(wbits=31)
                else:
                    break
        except zlib.error:
            raise SourceBroken("its gzip coding is damaged") from None
        return self._keep(b"")

    def _keep(self, part: bytes) -> None:
        self._left -= len(part)
        if self._left < 0 or self._wire < 0:
            raise SourceBroken(f"it is larger than {self._limit} bytes")
        self._parts.append(part)

    def finish(self) -> bytes:
        """The whole body. A gzip coding that stops early is SourceBroken, never a shorter body."""
        if self._gunzip is not None and not self._gunzip.eof:
            raise SourceBroken("its gzip coding is truncated")
        return b"".join(self._parts)
