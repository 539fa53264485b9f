"""HLS playlists as cameras write them, and as nobody should."""

import pytest

from domain.errors import SourceUnavailable
from ingest.http_video.hls_playlist import parse_playlist

HEAD = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n"


def test_segments_are_numbered_from_the_sequence() -> None:
    found = parse_playlist(HEAD + b"#EXTINF:4,\na.ts\n\n#EXTINF:4,\r\nb.ts\r\n")
    assert [(segment.number, segment.reference) for segment in found.segments] == [(7, "a.ts"), (8, "b.ts")]
    assert (found.target_s, found.complete, found.variants) == (4.0, False, ())


def test_parts_of_one_file_follow_each_other() -> None:
    text = HEAD + b'#EXT-X-MAP:URI="i.mp4"\n#EXT-X-BYTERANGE:10@5\nx\n#EXT-X-BYTERANGE:20\nx\n#EXT-X-ENDLIST\n'
    found = parse_playlist(text)
    assert [(part.first, part.length, part.head) for part in found.segments] == [(5, 10, "i.mp4"), (15, 20, "i.mp4")]
    assert found.complete


def test_variants_are_listed() -> None:
    text = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\n# x\nhigh.m3u8\n"
    found = parse_playlist(text)
    assert found.variants == ("low.m3u8", "high.m3u8")
    assert found.segments == ()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<html>",
        HEAD + b'#EXT-X-KEY:METHOD=AES-128,URI="k"\na.ts\n',
        HEAD + b"#EXT-X-KEY:METHOD=SAMPLE-AES\na.ts\n",
    ],
)
def test_what_cannot_be_read_is_refused(text: bytes) -> None:
    with pytest.raises(SourceUnavailable):
        parse_playlist(text)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + b"#EXT-X-KEY:METHOD=NONE\na.ts\n",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:-1e999\n#EXT-X-MEDIA-SEQUENCE:99999999999999999999999\na.ts\n",
        b"\xef\xbb\xbf#EXTM3U\n#EXT-X-BYTERANGE:@@\na.ts\n",
        b"#EXTM3U\n" + b'#EXT-X-MAP:URI="' * 10_000 + b"\na.ts\n",
        b"#EXTM3U\n" + b"A" * 100_000 + b"=" * 100_000,
    ],
)
def test_odd_playlists_are_read_at_once(text: bytes) -> None:
    found = parse_playlist(text)
    assert len(found.segments) == 1
    assert 1.0 <= found.target_s <= 30.0


def test_variants_of_sound_alone_come_last() -> None:
    master = b"""#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="mp4a.40.2"
sound.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.4d401f,mp4a.40.2"
film.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1
unknown.m3u8
"""
    assert parse_playlist(master).variants == ("film.m3u8", "unknown.m3u8", "sound.m3u8")
