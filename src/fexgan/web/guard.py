"""Who is answered: the studio's own page and programs, never other pages, be they of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

ANY_HOST = "*"


class Guard:
    """Refuses requests for other `hosts` with status 400, and those of other pages with 403.

    `hosts`: the names and addresses that the studio answers to, without brackets, or `*` for any. A page whose name was
    made to lead here still asks for that name. Other pages are told by what browsers say of them: Sec-Fetch-Site, and
    Origin where that is missing. Programs such as curl send neither, and are answered.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self.app = app
        self.hosts = {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        await (refusal or self.app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers = Headers(scope=scope)
        host = _host(headers.get("host", ""))
        if ANY_HOST not in self.hosts and host not in self.hosts:
            names = ", ".join(sorted(self.hosts))
            error = f"the studio does not answer to {headers.get('host')!r}; ask for it as {names}"
            return JSONResponse({"error": error}, status_code=400)
        if _is_of_another_page(headers) and not _is_link_to_the_page(scope, headers):
            error = "a page of another site or port asks; open the studio itself in the browser, or ask with a program"
            return JSONResponse({"error": error}, status_code=403)
        return None


def _is_of_another_page(headers: Headers) -> bool:
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:  # before Origin, which behind a proxy names the proxy
        return site not in ("same-origin", "none")
    return origin is not None and origin.partition("://")[2].lower() != headers.get("host", "").lower()


def _is_link_to_the_page(scope: Scope, headers: Headers) -> bool:
    """Whether somebody clicked on a link to the studio: that shows its page, of which the other one sees nothing."""
    opens = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return opens and scope["method"] == "GET" and scope["path"] == "/"


def _host(address: str) -> str | None:
    """The host of `host:port` in small letters, an IPv6 address without its brackets; None where there is none."""
    try:
        return urlsplit(f"//{address}").hostname
    except ValueError:
        return None
