"""Cameras over HTTP: pages, JSON, streams and snapshots."""

from __future__ import annotations

import re
from typing import Any, Annotated

from pydantic import AfterValidator, BaseModel, Field
from twisted.internet.defer import Deferred

from iotd.cameras.camera import Camera
from iotd.cameras.hub import Feed, Frame, Sink
from iotd.cameras.resize import Resized, shrink
from iotd.cameras.service import Cameras
from iotd.cameras.viewers import Viewer, WallViewer
from iotd.errors import NotFound
from iotd.site.bodies import Strict
from iotd.site.paging import TextPaging, page_of
from iotd.site.routes import Answer, Call, Page, route
from iotd.site.streams import OpenStreams, Stream, until_ended
from iotd.times import rfc3339
from iotd.wire.multipart import CONTENT_TYPE, OPENING

MAX_TILES = 64


def _check_ids(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]{3,64}(,[a-z0-9-]{3,64})*", text):
        raise ValueError("give camera ids, separated by commas")
    if text.count(",") >= MAX_TILES:
        raise ValueError(f"at most {MAX_TILES} cameras")
    return text


class Size(Strict):
    """A snapshot's width in pixels; never larger than the picture itself."""

    width: int | None = Field(None, ge=16, le=4096)


class Watching(Size):
    """What a viewer wants; without ``fps`` each frame, without ``width`` as it is."""

    fps: float | None = Field(None, gt=0, le=60)


class WallWatching(Watching):
    """Which cameras, by id, separated by commas."""

    ids: Annotated[str, AfterValidator(_check_ids)]


class CameraOut(BaseModel):
    """A camera; ``state`` is idle, streaming or offline, ``started`` what a person wants,
    ``error`` what the board itself complained of last."""

    id: str
    name: str
    state: str
    started: bool
    fps: float
    width: int | None
    height: int | None
    bytes_per_second: int
    frames: int
    bad_frames: int
    dropped: int
    viewers: int
    last_frame_at: str | None
    error: str | None


class CameraList(BaseModel):
    """A page of cameras."""

    items: list[CameraOut]
    next: str | None


class CamerasApi:
    """Routes of cameras."""

    def __init__(self, cameras: Cameras, streams: OpenStreams) -> None:
        self._cameras, self._streams = cameras, streams

    @route("GET", "/cameras", kind="page")
    async def cameras_page(self, call: Call) -> Page:
        """All cameras."""
        return Page("cameras.html", title="Cameras", data={"cameras": self._cameras.list()})

    @route("GET", "/cameras/wall", kind="page")
    async def wall_page(self, call: Call) -> Page:
        """Many cameras at once, over one connection."""
        return Page("wall.html", title="Camera wall", data={"cameras": self._cameras.list()})

    @route("GET", "/cameras/<id>", kind="page")
    async def camera_page(self, call: Call, id: str) -> Page:
        """One camera."""
        camera = self._cameras.get(id)
        return Page("camera.html", title=camera["name"], data={"camera": camera})

    @route("GET", "/api/v1/cameras", query=TextPaging, answer=CameraList)
    async def list_cameras(self, call: Call) -> dict[str, Any]:
        """Every approved camera, by id."""
        return page_of(self._cameras.list(), call)

    @route("GET", "/api/v1/cameras/<id>", answer=CameraOut)
    async def get_camera(self, call: Call, id: str) -> dict[str, Any]:
        """One camera."""
        return self._cameras.get(id)

    @route("POST", "/api/v1/cameras/<id>/start", answer=CameraOut)
    async def start(self, call: Call, id: str) -> dict[str, Any]:
        """Let it stream; remembered across reconnects and restarts."""
        return await self._cameras.set_started(id, True, call.who.name)

    @route("POST", "/api/v1/cameras/<id>/stop", answer=CameraOut)
    async def stop(self, call: Call, id: str) -> dict[str, Any]:
        """Stop it; remembered across reconnects and restarts."""
        return await self._cameras.set_started(id, False, call.who.name)

    @route("GET", "/cameras/<id>/snapshot.jpg", query=Size, kind="plain")
    async def snapshot(self, call: Call, id: str) -> Answer:
        """The newest picture."""
        frame = self._cameras.find(id).feed.latest
        if frame is None:
            raise NotFound("There is no picture yet: start the camera first.", "id")
        if call.query.width is not None:
            frame = await self._shrunk(frame, call.query.width)
        headers = {"X-Timestamp": f"{frame.at:.3f}", "X-Taken-At": rfc3339(frame.at) or ""}
        return Answer(frame.jpeg, headers=headers, content_type="image/jpeg")

    def _shrunk(self, frame: Frame, width: int) -> Deferred[Frame]:
        smaller = self._cameras.in_thread(shrink, frame, width)
        smaller.addErrback(lambda _: frame)  # not decodable: shown as it is
        return smaller

    @route("GET", "/cameras/<id>/stream.mjpeg", query=Watching, kind="stream")
    async def stream(self, call: Call, id: str) -> None:
        """Live pictures, the newest only; begins with the first frame."""
        camera = self._cameras.find(id)
        feed = camera.sized(call.query.width)
        stream = self._open(call)
        viewer = Viewer(stream, feed, camera.tally, call.query.fps)
        camera.tally.viewers += 1
        camera.streams.add(stream)
        unwatch = feed.watch(viewer)
        try:
            _begin(camera, feed, viewer)
            await until_ended(stream)
        finally:
            unwatch()
            camera.streams.discard(stream)
            camera.tally.viewers -= 1

    @route("GET", "/cameras/wall.multipart", query=WallWatching, kind="stream")
    async def wall_stream(self, call: Call) -> None:
        """Live pictures of several cameras; each part names its camera in X-Camera."""
        cameras = [self._cameras.find(id) for id in dict.fromkeys(call.query.ids.split(","))]
        feeds = [(camera, camera.sized(call.query.width)) for camera in cameras]
        stream = self._open(call)
        wall, ends = WallViewer(stream), []
        for camera, feed in feeds:
            tile = wall.tile(camera.tally, call.query.fps)
            camera.tally.viewers += 1
            ends.append(feed.watch(tile))
            _begin(camera, feed, tile)
        try:
            await until_ended(stream)
        finally:
            for end in ends:
                end()
            for camera in cameras:
                camera.tally.viewers -= 1

    def _open(self, call: Call) -> Stream:
        self._streams.check_room(call.who)
        stream = Stream(call.request, CONTENT_TYPE)
        self._streams.add(call.who, stream)
        stream.write(OPENING)
        return stream


def _begin(camera: Camera, feed: Feed, viewer: Sink) -> None:
    """A stream of a streaming camera begins at once, any other with its first frame."""
    if not camera.streaming:
        return
    if feed.latest is not None:
        viewer.offer(feed.latest)
    elif isinstance(feed, Resized) and camera.feed.latest is not None:
        feed.offer(camera.feed.latest)
