"""The studio's page and its HTTP API: routes, parameters, and refusals in one line."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from fexgan import bundled, load
from fexgan.affects import EMOTIONS
from fexgan.errors import InputError
from fexgan.expressions import read_expressions
from fexgan.framing import parse_points
from fexgan.media import encode_image
from fexgan.page import fill, template, templates
from fexgan.studio.arkit import RECORDED_FPS
from fexgan.synthesis import Model
from fexgan.units import arkit_weights, recording
from fexgan.variants import check_known
from fexgan.web.clips import Clips
from fexgan.web.desk import Desk, Look, NotOpen, OpenPicture, Unplaced, Unwanted, check_still, few_keyframes
from fexgan.web.guard import Guard
from fexgan.web.parameters import (
    LOOK,
    Parameters,
    read_details,
    read_face,
    read_look,
    read_mixture,
    read_number,
    read_variants,
)

LARGEST_BODY = 64_000_000
"""Bytes of a picture file that is taken."""
DEFAULT_FPS = 24.0
LONGEST_SEED = 10
"""Digits of a seed in text; Python itself reads no number of thousands of them."""
PRESENCE_S = 0.5
"""How often it is asked whether somebody still waits for a clip."""
CLIP = (*LOOK, "keyframes", "fps")
"""The parameters that a clip is asked for with."""
CLIP_KINDS = {".mp4": "video/mp4", ".gif": "image/gif", ".webp": "image/webp"}
PICTURE_KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}
SCRIPTS = "studio"
"""The folder of templates, and of addresses, that holds the modules of the page's script."""
KEEP = {"Cache-Control": "private, max-age=3600"}
"""A look of a picture never changes: browsers need not ask twice."""
ASK_AGAIN = {"Cache-Control": "no-cache"}
"""Modules of different versions would not fit together."""


class Server:
    """Answers requests about the pictures on a desk.

    `checkpoint`: the name of what edits them, for command lines; None where those need not name it.
    """

    def __init__(self, desk: Desk, checkpoint: str | None = None) -> None:
        self.desk, self.checkpoint = desk, checkpoint
        self.is_ending: Callable[[], bool] = lambda: False
        """Whether no more is to be done: clips are given up then, which the end would wait for."""
        self._clips = Clips()
        self._drawing = Lock()
        self._model: Model | None = None

    def app(self, hosts: Sequence[str]) -> Starlette:
        """The application; it answers requests for `hosts` alone, and none of other sites' pages (see `Guard`)."""
        picture = "/api/pictures/{key}"
        routes = [
            Route("/", self.page),
            Route(f"/{SCRIPTS}/{{name}}", self.script),
            _route("/api/studio", self.studio),
            _route("/api/examples/{name}", self.example),
            _route("/api/random.png", self.random, "seed"),
            _route("/api/mixture.json", self.mixture, "mixture"),
            _route("/api/units.json", self.units, "mixture"),
            _route("/api/units.csv", self.recording, "keyframes", "fps", "variants"),
            _route("/api/pictures", self.open, "name", "points", method="POST"),
            _route(picture, self.showing, "source", "face", method="POST"),
            _route(f"{picture}/source.jpg", self.source),
            _route(f"{picture}/edit.jpg", self.edit, *LOOK, "details"),
            _route(f"{picture}/sheet.png", self.sheet, *LOOK),
            _route(f"{picture}/save.{{suffix}}", self.save, *LOOK),
            _route(f"{picture}/clip.{{suffix}}", self.clip, *CLIP),
            _route(f"{picture}/clip.{{suffix}}/progress.json", self.progress, *CLIP),
        ]
        refusals: dict[Any, Any] = {InputError: _refuse, NotOpen: _gone}
        return Starlette(routes=routes, middleware=[Middleware(Guard, hosts)], exception_handlers=refusals)

    def page(self, request: Request) -> Response:
        return HTMLResponse(fill("studio.html"))

    def script(self, request: Request) -> Response:
        """A module of the page's script."""
        name = request.path_params["name"]
        if name not in templates(SCRIPTS):
            raise HTTPException(404)
        return Response(template(f"{SCRIPTS}/{name}"), media_type="text/javascript", headers=ASK_AGAIN)

    def studio(self, request: Request) -> Response:
        """What there is to choose from."""
        return JSONResponse(
            {
                "emotions": EMOTIONS,
                "variants": self.desk.editor.checkpoint.config.model.variants,
                "expressions": [
                    {
                        "name": one.name,
                        "mixture": dict(one.mixture.strengths),
                        "variants": dict(one.mixture.variants),
                        "note": one.note,
                    }
                    for one in read_expressions([])
                ],
                "examples": sorted(_examples()),
                "examples_folder": bundled.PICTURES,
                "checkpoint": self.checkpoint,
            }
        )

    def example(self, request: Request) -> Response:
        name = request.path_params["name"]
        path = _examples().get(name)
        if path is None:
            raise InputError(f"picture {name!r} is not bundled; /api/studio lists those that are")
        return Response(path.read_bytes(), media_type=PICTURE_KINDS[path.suffix], headers=KEEP)

    def random(self, request: Request) -> Response:
        """A face of nobody, drawn neutral from `seed`, PNG."""
        text = request.query_params.get("seed", "0")
        if not (text.isdecimal() and len(text) <= LONGEST_SEED):
            raise InputError(f"seed {text!r:.40} draws nobody; give a whole number, 0 or more")
        with self._drawing:
            self._model = self._model or load()
            face = self._model.random(1, seed=int(text))[0]
        return Response(encode_image(np.asarray(face)), media_type="image/png", headers=KEEP)

    def mixture(self, request: Request) -> Response:
        """What a `mixture` as somebody writes it asks for: the strengths of its affects, and variants of them."""
        mixture = read_mixture(request)
        check_known(mixture.target().variants, self.desk.editor.checkpoint.config.model.variants)
        return JSONResponse({"strengths": dict(mixture.strengths), "variants": dict(mixture.variants)})

    def units(self, request: Request) -> Response:
        """The 52 ARKit face units of `mixture`, for engines."""
        return JSONResponse(arkit_weights(read_mixture(request)))

    def recording(self, request: Request) -> Response:
        """The face units of every frame along `keyframes`, as Live Link Face records them."""
        keyframes = few_keyframes(request.query_params.get("keyframes", ""))
        table = recording(keyframes, read_number(request, "fps", RECORDED_FPS), read_variants(request))
        return Response(table, media_type="text/csv")

    async def open(self, request: Request) -> Response:
        """Take a picture file as the body, called `name`: its key, its size, and its faces, the largest first.

        `points` say where its one face is, where it is not found.
        """
        body, name = bytearray(), Path(request.query_params.get("name", "picture.png")).name
        async for part in request.stream():
            body += part
            if len(body) > LARGEST_BODY:
                check_still(bytes(body), name)  # clips are as large as that more often
                raise InputError(f"the picture has more than {LARGEST_BODY // 1_000_000} MB; give a smaller file")
        text = request.query_params.get("points")
        points = None if text is None else parse_points(text)
        key, opened = await run_in_threadpool(self.desk.open, bytes(body), name, points)
        return JSONResponse(_described(key, opened), status_code=201)

    def showing(self, request: Request) -> Response:
        """Open the picture once more, told what its `face` shows, `source`; where that is empty, as it is read.

        Another key, for the looks of a picture never change.
        """
        source = read_mixture(request, "source") if request.query_params.get("source") else None
        key, opened = self.desk.showing(request.path_params["key"], source, read_face(request))
        return JSONResponse(_described(key, opened), status_code=201)

    def source(self, request: Request) -> Response:
        return Response(self.desk.source(request.path_params["key"]), media_type="image/jpeg", headers=KEEP)

    def edit(self, request: Request) -> Response:
        return Response(self.desk.edit(*_asked(request), read_details(request)), media_type="image/jpeg", headers=KEEP)

    def sheet(self, request: Request) -> Response:
        return Response(self.desk.sheet(*_asked(request)), media_type="image/png", headers=KEEP)

    def save(self, request: Request) -> Response:
        suffix = _suffix(request, PICTURE_KINDS)
        return Response(self.desk.save(*_asked(request), suffix), media_type=PICTURE_KINDS[suffix])

    async def clip(self, request: Request) -> Response:
        """A clip, which is given up where nobody waits for it any longer."""
        suffix = _suffix(request, CLIP_KINDS)
        keyframes, fps = request.query_params.get("keyframes", ""), read_number(request, "fps", DEFAULT_FPS)
        with self._clips.making(_clip_identity(request)) as making:
            drawing = asyncio.ensure_future(
                run_in_threadpool(
                    self.desk.clip,
                    *_asked(request),
                    keyframes,
                    fps,
                    suffix,
                    is_wanted=lambda: making.is_wanted,
                    tell=making.tell,
                )
            )
            while not (await asyncio.wait({drawing}, timeout=PRESENCE_S))[0]:
                if self.is_ending() or await request.is_disconnected():
                    making.is_wanted = False
            try:
                return Response(await drawing, media_type=CLIP_KINDS[suffix], headers=KEEP)
            except Unwanted:
                return Response(status_code=499)  # as nginx calls it; nobody reads it

    async def progress(self, request: Request) -> Response:
        """How many frames are done of the clip that is being made for the same query, and how many it will have.

        Takes no thread, all of which may be at work.
        """
        making = self._clips.find(_clip_identity(request))
        if making is None:
            error = "no such clip is being made; ask while its own request waits, with the same parameters"
            return JSONResponse({"error": error}, status_code=404)
        told = {"frames_done": making.frames_done, "frames": making.frames}
        return JSONResponse(told, headers={"Cache-Control": "no-store"})


def _examples() -> dict[str, Path]:
    """The bundled pictures by name."""
    return {path.name: path for path in bundled.pictures_path().iterdir() if path.suffix in PICTURE_KINDS}


def _route(path: str, answer: Callable[[Request], Any], *parameters: str, method: str = "GET") -> Route:
    """A route that takes `parameters` in its query, and no other."""
    return Route(path, answer, methods=[method], middleware=[Middleware(Parameters, parameters)])


def _asked(request: Request) -> tuple[str, Look]:
    """The picture's key, and the look that is asked of it."""
    return request.path_params["key"], read_look(request)


def _clip_identity(request: Request) -> Hashable:
    """What tells requests for a clip from those for others: the picture, the kind, and what is asked, in any order."""
    path, query = request.path_params, request.query_params
    return path["key"], path["suffix"], tuple(sorted(query.multi_items()))


def _suffix(request: Request, kinds: Mapping[str, str]) -> str:
    suffix = f".{request.path_params['suffix']}"
    if suffix not in kinds:
        raise InputError(f"{suffix} is not made here; choose from {', '.join(kinds)}")
    return suffix


def _described(key: str, opened: OpenPicture) -> dict[str, Any]:
    """What the page has to know of a picture; places are fractions of its width and height."""
    view = opened.view.picture
    faces = [
        {
            "left": (face.square.centre_x + 0.5 - face.square.side_px / 2) / view.width,
            "top": (face.square.centre_y + 0.5 - face.square.side_px / 2) / view.height,
            "width": face.square.side_px / view.width,
            "height": face.square.side_px / view.height,
            "roll_deg": math.degrees(face.square.roll_rad),
            "number": face.number,
            "shows": str(face.source),
        }
        for face in opened.view.faces
    ]
    size = {"width": opened.picture.width, "height": opened.picture.height}
    return {
        "key": key,
        "name": opened.name,
        **size,
        "transparent": opened.picture.alpha is not None,
        "details": any(face.large is not None for face in opened.view.faces),
        "faces": faces,
    }


def _refuse(request: Request, error: Exception) -> Response:
    told = {"error": str(error)}
    return JSONResponse({**told, "unplaced": True} if isinstance(error, Unplaced) else told, status_code=422)


def _gone(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "the picture is no longer open; open it again"}, status_code=404)
