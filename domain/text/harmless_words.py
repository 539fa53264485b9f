"""Which parts of an address may be shown: words known from cameras and servers, and short numbers.

An allow-list, because a secret can look like anything; a word that is not known is hidden.
"""

import re

_KNOWN_WORDS = """
a alarm amp analog api app archive area asp aspx asx audio av avi avstream axis
back backup bay box bridge bucket building c cam camera cameras capture car cgi ch chan chanid channel channels
channelid chn clip clips codec config corner corridor current
d data database day db dbname default defaultprimary defaultsecondary demo desk device devices dock door doors e east
encoder encoding end entrance entry event events exit extra
f factory feed fence fhd field film films first flat floor flv fluent fourth front full
g garage garden gate gates gif ground group h hall hd hevc high hls home hook hooks house hq i image images img
index inner input inside ir isapi j jpeg jpg k kitchen l lab lane left lift live livestream lobby lot low lq
m main mainstream media metadata metrics mjpeg mjpg mkv mobile monitor mov mp mpeg mpg mpegts multi multicast
n night nord north nphm nvr o office onvif original ost out outer output outside
p panorama park parking path pic picture play player playback playlist plant platform porch preview primary
profile profiles proxy ptz public push q r ram ramp realmonitor realtime rear reception recorder recording records
remote replay resolution right roof room root rtp rtsp rtspstream s sd sdp second secondary sensor server service
services shop side sightline site smp snap snapshot snapshots source south square stairs station store storage stream
streaming streams sub subchannel substream subtype sud t tcp test third thermal top track trackid
tracks trafficlight ts tunnel tv udp unicast v vault video videoinput videos videostream view viewer views vga
vod w wall warehouse webhook webhooks west wide widescreen window x xxhdpi y yard z zone
h263 h264 h265 mp3 mp4 mpeg2 mpeg4 m3u8 g711 aac pcm opus vp8 vp9 av1 stream1 stream2
hq sq uhd qcif cif qvga svga xga on off true false yes no none auto null any all require prefer disable disabled
enable enabled verify ca both only once new old min max small large medium normal live2 xml json html htm php
"""
_WORDS = frozenset(_KNOWN_WORDS.split())

_KNOWN_KEYS = """
action audio bitrate camera cameraid camid ch channel channelid channelno chn cmd codec compression connecttimeout
encoding format fps framerate gop group height id index input instance interval linktype media mode mirror no
overlay preset profile profileid proto protocol quality query res resolution rotation source speed sslmode stream
streamid streamno streamtype subtype substream text timeout tls track transport transportmode type unicast videocodec
video view width x y zoom
"""
HARMLESS_KEYS = frozenset(_KNOWN_KEYS.split())
"""Keys of a query whose short plain values may be shown; in lower case, without hyphens and underscores."""

_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[-_.]")
_LONGEST = 48
_MOST_DIGITS = 8
_LONGEST_NUMBER = 4
_MOST_LETTERS = 3
"""Single letters a text may hold, as in `h264_ch1_c2`; more of them would let a random token pass."""


def is_harmless(text: str) -> bool:
    """Return whether `text` is only known words and short numbers, such as `h264Preview_01_main` or `1.sdp`."""
    if len(text) > _LONGEST or not text.isascii():
        return False
    if text.lower() in _WORDS:
        return True
    digits = letters = reached = 0
    for piece in _PIECE.finditer(text):
        word = piece.group()
        if piece.start() != reached:
            return False
        reached = piece.end()
        if word.isdigit():
            digits += len(word)
            if len(word) > _LONGEST_NUMBER:
                return False
        elif word.isalpha():
            letters += len(word) == 1
            if word.lower() not in _WORDS:
                return False
    return reached == len(text) and digits <= _MOST_DIGITS and letters <= _MOST_LETTERS


def is_harmless_value(text: str) -> bool:
    """Return whether the value of a harmless key may be shown: plain words, or a size such as `1920x1080`."""
    width, by, height = text.partition("x")
    if by and 0 < len(width) <= _LONGEST_NUMBER and 0 < len(height) <= _LONGEST_NUMBER:
        return f"{width}{height}".isascii() and f"{width}{height}".isdigit()
    return is_harmless(text)
