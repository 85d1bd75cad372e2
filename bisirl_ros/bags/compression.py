"""What recorders pack: chunks by lz4 or zstd, single messages by zstd."""

from __future__ import annotations

import sys
from typing import Any, Final

PACKED: Final = b"\x28\xb5\x2f\xfd"
"""How a zstd frame begins, and no CDR."""


def unpacked_chunk(data: bytes, compression: str, plain_bytes: int, crc: int) -> bytes:
    """Its content, checked; raises ValueError where it is not what it was."""
    from rosbags.rosbag2.storage_mcap import decompress

    try:
        return decompress(data, compression, plain_bytes, crc)
    except Exception as error:  # each library has its own
        raise ValueError(str(error)) from error


def begun_chunk(data: bytes, compression: str) -> bytes:
    """What can be told of one that is cut off, unchecked; raises ValueError where nothing can."""
    import lz4.frame  # type: ignore[import-untyped]

    starts = {"lz4": lz4.frame.LZ4FrameDecompressor, "zstd": _zstd().ZstdDecompressor}
    try:
        return bytes(starts[compression]().decompress(data))
    except Exception as error:  # each library has its own
        raise ValueError(str(error)) from error


def unpacked_message(raw: bytes) -> bytes:
    """As it was before a recorder packed it, if it did; raises ValueError where it cannot be."""
    if not raw.startswith(PACKED):
        return raw
    try:
        return bytes(_zstd().decompress(raw))
    except Exception as error:
        raise ValueError(str(error)) from error


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd
