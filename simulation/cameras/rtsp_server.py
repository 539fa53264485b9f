"""An RTSP server for cameras made of films: GStreamer's, run by the system's own Python, one JSON line per command.

Started by `simulation/cameras/served_cameras.py`; knows nothing of the project. It reads its cameras from the first
line of stdin,
answers `{"port": N}` once it serves, then obeys one command a line, and ends when stdin does, so that it never
outlives the process that started it. Films are demultiplexed once and their access units sent as they are, bit for bit.
"""

import json
import random
import sys
import threading
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402  (the versions must be chosen first)

CODECS = {
    "video/x-h264": (
        "h264parse config-interval=-1",
        "video/x-h264,stream-format=byte-stream,alignment=au",
        "rtph264pay",
    ),
    "video/x-h265": (
        "h265parse config-interval=-1",
        "video/x-h265,stream-format=byte-stream,alignment=au",
        "rtph265pay",
    ),
}
COPY = Gst.BufferCopyFlags.FLAGS | Gst.BufferCopyFlags.META | Gst.BufferCopyFlags.MEMORY


class EncodedFilm:
    """The access units of an MP4 file in decoding order, timestamps in nanoseconds from 0."""

    def __init__(self, path):
        codec = self._codec(path)
        parser, caps, self.payloader = CODECS[codec]
        samples = self._samples(path, parser, caps)
        first = min(buffer.dts if buffer.dts != Gst.CLOCK_TIME_NONE else buffer.pts for buffer in samples)
        self.units = []
        for buffer in samples:
            pts = (buffer.pts if buffer.pts != Gst.CLOCK_TIME_NONE else buffer.dts) - first
            dts = buffer.dts - first if buffer.dts != Gst.CLOCK_TIME_NONE else pts
            key = not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT)
            self.units.append((buffer, pts, dts, key))
        step = self.units[-1][2] // max(1, len(self.units) - 1)
        self.duration = self.units[-1][2] + (step or Gst.SECOND)

    @staticmethod
    def _codec(path):
        pipeline = Gst.parse_launch("filesrc name=file ! qtdemux name=demux")
        pipeline.get_by_name("file").set_property("location", path)
        found = threading.Event()
        names = []

        def note_codec(pad, _caps):
            caps = pad.get_current_caps()
            name = caps.get_structure(0).get_name() if caps and caps.get_size() else ""
            if name in CODECS:
                names.append(name)
                found.set()

        def connect_pad(_demux, pad):
            pad.connect("notify::caps", note_codec)
            note_codec(pad, None)

        pipeline.get_by_name("demux").connect("pad-added", connect_pad)
        pipeline.set_state(Gst.State.PAUSED)
        found.wait(10)
        pipeline.set_state(Gst.State.NULL)
        if not names:
            raise ValueError(f"{path}: no H.264 or H.265 video in an MP4 file")
        return names[0]

    def _samples(self, path, parser, caps):
        text = f"filesrc name=file ! qtdemux ! {parser} ! {caps} ! appsink name=out sync=false max-buffers=0"
        pipeline = Gst.parse_launch(text)
        pipeline.get_by_name("file").set_property("location", path)
        out = pipeline.get_by_name("out")
        pipeline.set_state(Gst.State.PLAYING)
        samples = []
        while True:
            sample = out.emit("pull-sample")
            if sample is None:
                break
            self.caps = sample.get_caps().to_string()
            samples.append(sample.get_buffer())
        pipeline.set_state(Gst.State.NULL)
        if not samples:
            raise ValueError(f"{path}: no access unit")
        return samples


class MountedCamera:
    """One mount point: a film, who may see it, and what it does just now."""

    def __init__(self, spec, films):
        self.name = spec["name"]
        self.films = [films[path] for path in spec["films"]]
        self.loop = spec.get("loop", False)
        self.live = spec.get("live", False)
        self.speed = spec.get("speed", 1.0)
        self.limit = spec.get("limit", 0)
        self.user = spec.get("user", "")
        self.password = spec.get("password", "")
        self.udp_only = spec.get("udp_only", False)
        self.started = time.monotonic()
        self.pulled = False
        self.silent = False
        self.loss = 0.0
        self.clients = set()
        self.peak = 0
        self.opened = 0
        self.refused = 0

    def feed(self, appsrc):
        """Return a generator of buffers for one viewer: films one after the other, again and again when looping."""
        offset = 0
        skip = self._position() if self.live else 0
        rounds = 0
        while rounds == 0 or self.loop:
            for film in self.films:
                if skip >= film.duration:
                    skip -= film.duration
                    continue
                start = max((i for i, unit in enumerate(film.units) if unit[3] and unit[2] <= skip), default=0)
                base = film.units[start][2]
                for buffer, pts, dts, _key in film.units[start:]:
                    copy = buffer.copy_region(COPY, 0, buffer.get_size())
                    copy.pts = int((offset + pts - base) / self.speed)
                    copy.dts = int((offset + dts - base) / self.speed)
                    copy.duration = Gst.CLOCK_TIME_NONE
                    yield copy
                offset += film.duration - base
                skip = 0
            rounds += 1

    def _position(self):
        total = sum(film.duration for film in self.films)
        elapsed = int((time.monotonic() - self.started) * Gst.SECOND * self.speed)
        return elapsed % total if self.loop else min(elapsed, total - 1)


class ViewerPipelineFactory(GstRtspServer.RTSPMediaFactory):
    """Builds the pipeline of one viewer; each has its own, as with a real camera's sessions."""

    def __init__(self, camera):
        super().__init__()
        self.camera = camera
        film = camera.films[0]
        self.set_launch(
            f"( appsrc name=src format=time is-live=false block=false max-bytes=0 max-buffers=4 "
            f"! {film.payloader} name=pay0 pt=96 config-interval=-1 )"
        )
        self.connect("media-configure", self._configure)
        if camera.udp_only:
            self.set_protocols(GstRtsp.RTSPLowerTrans.UDP)

    def _configure(self, _factory, media):
        bin_ = media.get_element()
        appsrc = bin_.get_by_name("src")
        appsrc.set_property("caps", Gst.Caps.from_string(self.camera.films[0].caps))
        units = self.camera.feed(appsrc)
        waiting = threading.Event()

        def need(_appsrc, _length):
            waiting.set()
            while waiting.is_set():
                if self.camera.silent:
                    GLib.timeout_add(100, lambda: waiting.is_set() and need(appsrc, 0) and False)
                    return
                buffer = next(units, None)
                if buffer is None:
                    appsrc.emit("end-of-stream")
                    return
                if appsrc.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
                    return

        appsrc.connect("need-data", need)
        appsrc.connect("enough-data", lambda _appsrc: waiting.clear())
        bin_.get_by_name("pay0").get_static_pad("src").add_probe(
            Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST, self._lose
        )

    def _lose(self, _pad, _info):
        lost = self.camera.loss and random.random() < self.camera.loss
        return Gst.PadProbeReturn.DROP if lost else Gst.PadProbeReturn.OK


class CameraServer:
    """The cameras, who watches them, and the commands that disturb them."""

    def __init__(self, config):
        paths = {path for spec in config["cameras"] for path in spec["films"]}
        films = {path: EncodedFilm(path) for path in sorted(paths)}
        self.cameras = {spec["name"]: MountedCamera(spec, films) for spec in config["cameras"]}
        self.server = GstRtspServer.RTSPServer()
        self.server.set_address(config.get("address", "127.0.0.1"))
        self.server.set_service(str(config.get("port", 0)))
        self.server.connect("client-connected", self._on_connect)
        self._protect(config)
        for name in self.cameras:
            self._mount(name)
        if self.server.attach(None) == 0:
            raise OSError("cannot listen: the port is taken")

    def _protect(self, config):
        certificate = config.get("certificate")
        users = {camera.user: camera.password for camera in self.cameras.values() if camera.user}
        self.roles = ["anybody", *users]
        if not users and not certificate:
            return
        auth = GstRtspServer.RTSPAuth()
        if certificate:
            auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(certificate))
        digest = config.get("digest", True)
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST if digest else GstRtsp.RTSPAuthMethod.BASIC)
        for user, password in users.items():
            if digest:
                auth.add_digest(user, password, _token(user))
            else:
                auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), _token(user))
        auth.set_default_token(_token("anybody"))
        self.server.set_auth(auth)

    def _mount(self, name):
        camera = self.cameras[name]
        factory = ViewerPipelineFactory(camera)
        permissions = GstRtspServer.RTSPPermissions()
        for role in self.roles:
            # The library answers 404 where access is missing and 401 where only construction is.
            permissions.add_permission_for_role(role, "media.factory.access", True)
            permissions.add_permission_for_role(role, "media.factory.construct", camera.user in ("", role))
        factory.set_permissions(permissions)
        self.server.get_mount_points().add_factory(f"/{name}", factory)

    def _on_connect(self, _server, client):
        client.connect("pre-describe-request", self._on_describe)
        client.connect("setup-request", self._on_setup)
        client.connect("teardown-request", lambda client, _context: self._on_leave(client))
        client.connect("closed", self._on_leave)

    def _on_describe(self, client, context):
        camera = self.cameras.get(context.uri.abspath.strip("/"))
        if camera and camera.limit and len(camera.clients - {client}) >= camera.limit:
            camera.refused += 1
            return GstRtsp.RTSPStatusCode.NOT_ENOUGH_BANDWIDTH
        return GstRtsp.RTSPStatusCode.OK

    def _on_setup(self, client, context):
        camera = self.cameras.get(context.uri.abspath.strip("/").split("/")[0])
        if camera and client not in camera.clients:
            camera.clients.add(client)
            camera.opened += 1
            camera.peak = max(camera.peak, len(camera.clients))

    def _on_leave(self, client):
        for camera in self.cameras.values():
            camera.clients.discard(client)

    def execute(self, command):
        """Carry out one command and return its answer."""
        name, verb, value = command["camera"], command["do"], command.get("value")
        camera = self.cameras[name]
        if verb == "pull":
            camera.pulled = True
            self.server.get_mount_points().remove_factory(f"/{name}")
            self._disconnect(camera)
        elif verb == "restore":
            camera.pulled = False
            self._mount(name)
        elif verb == "disconnect":
            self._disconnect(camera)
        elif verb in ("silent", "loss", "limit"):
            setattr(camera, verb, value)
        elif verb != "sessions":
            raise ValueError(f"unknown command {verb}")
        now, peak, opened, refused = len(camera.clients), camera.peak, camera.opened, camera.refused
        return {"now": now, "peak": peak, "opened": opened, "refused": refused}

    @staticmethod
    def _disconnect(camera):
        for client in list(camera.clients):
            client.close()
        camera.clients.clear()


def _token(role):
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", role)
    return token


def _answer(content):
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


def _execute(server, line):
    try:
        _answer(server.execute(json.loads(line)))
    except (KeyError, ValueError) as error:
        _answer({"error": str(error)})


def main():
    Gst.init(None)
    if sys.argv[1:] == ["--check"]:
        needed = ["appsrc", "qtdemux", "h264parse", "h265parse", "rtph264pay", "rtph265pay", "udpsink", "rtpbin"]
        missing = [name for name in needed if Gst.ElementFactory.find(name) is None]
        sys.exit(f"missing GStreamer elements: {', '.join(missing)}" if missing else 0)
    try:
        server = CameraServer(json.loads(sys.stdin.readline()))
    except (KeyError, ValueError, OSError, GLib.Error) as error:
        _answer({"error": str(error)})
        sys.exit(1)
    loop = GLib.MainLoop()

    def read():
        for line in sys.stdin:
            GLib.idle_add(_execute, server, line)
        loop.quit()

    threading.Thread(target=read, daemon=True).start()
    _answer({"port": server.server.get_bound_port()})
    loop.run()


if __name__ == "__main__":
    main()
