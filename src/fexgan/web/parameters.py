"""What stands in the query of an address: which parameters there are, and readers of those of several routes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from fexgan.affects import NEUTRAL, Mixture
from fexgan.errors import InputError
from fexgan.expressions import text_mixture
from fexgan.framing import FaceChoice, parse_face
from fexgan.web.desk import Look

LOOK = ("mixture", "variants", "face")
"""The parameters of `read_look`."""


class Parameters:
    """Raises InputError for requests with parameters beside `names`, which would else be answered as if those were not
    there."""

    def __init__(self, app: ASGIApp, names: Sequence[str]) -> None:
        self.app, self.names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for given in QueryParams(scope["query_string"]):
            if given not in self.names:
                raise self._unknown(given)
        await self.app(scope, receive, send)

    def _unknown(self, given: str) -> InputError:
        if not self.names:
            return InputError(f"parameter {given!r:.60} is unknown; none is taken here, leave it out")
        close = difflib.get_close_matches(given[:60], self.names, n=1)
        meant = f"did you mean {close[0]!r}? " if close else ""
        return InputError(f"parameter {given!r:.60} is unknown; {meant}choose from {', '.join(self.names)}")


def read_look(request: Request) -> Look:
    """What `mixture`, `variants` and `face` ask for."""
    return Look(read_mixture(request), read_variants(request), read_face(request))


def read_variants(request: Request) -> tuple[str, ...]:
    """The names that `variants` holds, separated by commas."""
    return tuple(name for name in request.query_params.get("variants", "").split(",") if name)


def read_face(request: Request) -> FaceChoice:
    return parse_face(request.query_params.get("face", "0"))


def read_mixture(request: Request, name: str = "mixture") -> Mixture:
    """The mixture that a parameter asks for, of bundled expressions too but never of files; in addresses a `+` that is
    not written as %2B has become a space."""
    text = request.query_params.get(name, NEUTRAL)
    return text_mixture(re.sub(r"(?<=[^\s+]) +(?=[^\s+])", "+", text))[1]


def read_details(request: Request) -> bool:
    """Whether mouths are painted anew, which `details` of 0 leaves out."""
    text = request.query_params.get("details", "1")
    if text not in ("0", "1"):
        raise InputError(f"details {text!r} is unknown; give 1 for mouths painted anew, 0 for a preview without")
    return text == "1"


def read_number(request: Request, name: str, default: float) -> float:
    text = request.query_params.get(name, str(default))
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{name} {text!r} is no number; give one such as {default:g}") from None
