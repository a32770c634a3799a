"""The verb that opens the studio in a browser."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from fexgan.errors import InputError
from fexgan.verbs.flags import EDITING

LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Serve:
    """Open the studio in a browser: drop a picture, move sliders, save pictures and clips; or an HTTP API (extra: web).

    $ fexgan serve
    $ fexgan serve --port 8000 --open
    """

    port: int = 7860
    """Port to listen on."""
    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 lets other machines in, and whoever reaches it may use the studio."""
    open: bool = False
    """Open the page in the browser as soon as it is there."""
    checkpoint: str = EDITING
    """Bundled name or folder of a checkpoint that edits."""

    def run(self) -> None:
        try:
            import uvicorn

            from fexgan.web.desk import Desk
            from fexgan.web.server import Server
        except ModuleNotFoundError as error:
            raise InputError(f"{error.name} is not installed; pip install 'fexgan-meta[web]' brings it") from None
        from fexgan import load
        from fexgan.editing import Editor
        from fexgan.terminal import say

        editor = load(self.checkpoint)
        if not isinstance(editor, Editor):
            raise InputError(f"checkpoint {self.checkpoint} does not edit pictures; choose one that does")
        hosts = LOCAL if self.host in LOCAL else ("*",)
        with self._listen() as listener:
            address = f"http://{self._at(listener.getsockname()[1])}"
            say(f"the studio is at {address}; Ctrl-C ends it")
            if self.open:
                import webbrowser

                webbrowser.open(address)
            named = None if self.checkpoint == EDITING else self.checkpoint
            studio = Server(Desk(editor), named)
            running = uvicorn.Server(uvicorn.Config(studio.app(hosts), log_level="warning"))
            studio.is_ending = lambda: running.should_exit
            running.run(sockets=[listener])

    def _listen(self) -> socket.socket:
        """A socket that listens, so that a port that is taken is told before anything else."""
        try:
            families = {found[0] for found in socket.getaddrinfo(self.host or None, None, type=socket.SOCK_STREAM)}
            family = socket.AF_INET if socket.AF_INET in families else socket.AF_INET6
            return socket.create_server((self.host, self.port), family=family)
        except (OSError, OverflowError) as error:
            reason = (getattr(error, "strerror", None) or str(error)).lower()
            raise InputError(
                f"cannot listen on {self._at(self.port)} ({reason}); give another --port or --host"
            ) from None

    def _at(self, port: int) -> str:
        """Host and port as addresses have them, IPv6 in brackets."""
        return f"[{self.host}]:{port}" if ":" in self.host else f"{self.host}:{port}"
