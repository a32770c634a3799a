"""Who reaches the studio: its own page and programs, under every name and address of this machine."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import uvicorn
from starlette.responses import Response

from fexgan import bundled
from fexgan.verbs.serve import LOCAL, Serve
from fexgan.web.guard import Guard

LINK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        ({}, "/api/studio", 200),  # a program
        ({"sec-fetch-site": "none"}, "/", 200),  # typed into the address bar
        ({"sec-fetch-site": "same-origin"}, "/api/studio", 200),
        ({"origin": "http://127.0.0.1:7860"}, "/api/studio", 200),
        ({"sec-fetch-site": "same-origin", "origin": "https://the.proxy"}, "/api/studio", 200),
        ({"sec-fetch-site": "cross-site"}, "/api/studio", 403),
        ({"sec-fetch-site": "same-site", "origin": "https://evil.example"}, "/api/studio", 403),
        ({"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:3000"}, "/api/studio", 403),
        ({"origin": "http://127.0.0.1:3000"}, "/api/studio", 403),
        ({"origin": "https://evil.example"}, "/api/studio", 403),
        ({"origin": "https://127.0.0.1.evil.example"}, "/api/studio", 403),
        ({"origin": "null"}, "/api/studio", 403),
        ({"origin": "http://["}, "/api/studio", 403),
        (LINK, "/", 200),
        (LINK, "/api/random.png", 403),
        (LINK | {"sec-fetch-dest": "iframe"}, "/", 403),
    ],
)
@pytest.mark.parametrize("hosts", [["127.0.0.1"], ["*"]])
def test_the_page_and_programs_are_answered_and_other_sites_are_not(
    hosts: list[str], headers: dict[str, str], path: str, status: int
):
    assert guarded(hosts, path, {"host": "127.0.0.1:7860"} | headers) == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("LOCALHOST:7860", 200),
        ("[::1]", 200),
        ("[::1]:7860", 200),
        ("[::1", 400),
        ("", 400),
        ("evil.example", 400),
        ("127.0.0.1.evil.example:7860", 400),
        ("127.0.0.1@evil.example", 400),
    ],
)
def test_the_studio_answers_to_its_own_names_alone_in_brackets_too(host: str, status: int):
    assert guarded(LOCAL, "/", {"host": host}) == status


def guarded(hosts: Sequence[str], path: str, headers: dict[str, str]) -> int:
    """Status with which a guarded application that answers everything answers a GET."""
    sent = []

    async def send(message):
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "headers": raw}
    asyncio.run(Guard(Response("fine"), hosts)(scope, None, send))
    return sent[0]["status"]


@pytest.mark.parametrize(
    ("host", "written"), [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("::1", "[::1]")]
)
def test_every_address_of_this_machine_is_served_and_told_so_that_it_can_be_opened(
    monkeypatch: pytest.MonkeyPatch, host: str, written: str
):
    if host == "::1" and not has_ipv6():
        pytest.skip("no IPv6 on this machine")
    with served(monkeypatch, Serve(port=0, host=host)) as told:
        address = told.removeprefix("the studio is at ").partition(";")[0]
        assert address.rpartition(":")[0] == f"http://{written}"
        with urlopen(f"{address}/api/studio") as answer:
            assert "emotions" in json.load(answer)
        with pytest.raises(HTTPError) as raised:
            urlopen(Request(f"{address}/api/studio", headers={"Host": "evil.example"}))
        assert raised.value.code == 400


def test_a_checkpoint_of_ones_own_is_named_to_the_page(monkeypatch: pytest.MonkeyPatch):
    own = str(bundled.checkpoint_path("portrait"))
    for checkpoint, named in ((own, own), ("portrait", None)):
        with served(monkeypatch, Serve(port=0, checkpoint=checkpoint)) as told:
            address = told.removeprefix("the studio is at ").partition(";")[0]
            assert json.loads(urlopen(f"{address}/api/studio").read())["checkpoint"] == named


def test_a_clip_in_the_making_does_not_hold_up_the_studios_end(monkeypatch: pytest.MonkeyPatch):
    asked = "keyframes=0s%20neutral,20s%20joy&fps=60"
    with served(monkeypatch, Serve(port=0)) as told:
        address = f"{told.removeprefix('the studio is at ').partition(';')[0]}/api/pictures"
        picture = (bundled.pictures_path() / "hopper.jpg").read_bytes()
        with urlopen(Request(f"{address}?name=hopper.jpg", picture)) as answer:
            address += f"/{json.loads(answer.read())['key']}/clip.mp4"
        refused = []

        def ask() -> None:
            with pytest.raises(HTTPError) as raised:
                urlopen(f"{address}?{asked}")
            refused.append(raised.value.code)

        clip = threading.Thread(target=ask)
        clip.start()
        done = 0
        while clip.is_alive() and not done:
            with suppress(HTTPError), urlopen(f"{address}/progress.json?{asked}") as answer:
                done = json.loads(answer.read())["frames_done"]
            time.sleep(0.05)
    clip.join()
    assert refused == [499] and 0 < done < 1201


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@contextmanager
def served(monkeypatch: pytest.MonkeyPatch, serve: Serve) -> Iterator[str]:
    """Run the verb in a thread; yields the line that it tells."""
    told, servers = [], []

    class Recorded(uvicorn.Server):
        def __init__(self, config: uvicorn.Config) -> None:
            super().__init__(config)
            servers.append(self)

    monkeypatch.setattr("fexgan.terminal.say", told.append)
    monkeypatch.setattr(uvicorn, "Server", Recorded)
    thread = threading.Thread(target=serve.run)
    thread.start()
    while thread.is_alive() and not (servers and servers[0].started):
        time.sleep(0.01)
    try:
        yield told[0]
    finally:
        for server in servers:
            server.should_exit = True
        thread.join()
