"""Figures in tables: the same words, cells and pictures as Markdown, as HTML and in a terminal."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.markup import escape
from rich.table import Table as TerminalTable


def counted(number: int, noun: str) -> str:
    """A number of things for people: `1 take`, `1,200 takes`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


@dataclass(frozen=True)
class Section:
    """One table, in words and cells, with pictures below it."""

    title: str
    text: str
    """What it tells; empty where the title does."""
    header: list[str]
    rows: list[list[str]]
    pictures: tuple[str, ...] = ()
    """File names."""

    def markdown(self) -> str:
        shown = [f"![{self.title}]({name})" for name in self.pictures]
        parts = [f"## {self.title}", self.text, markdown_table(self.header, self.rows), *shown]
        return "\n\n".join(part for part in parts if part)

    def terminal(self) -> TerminalTable:
        return terminal_table(self.title, self.header, self.rows)

    def html(self, pictures: Mapping[str, bytes]) -> str:
        """`pictures`: PNG bytes by file name, which become part of the page."""
        shown = [
            f'<figure><img src="data:image/png;base64,{base64.b64encode(pictures[name]).decode()}" '
            f'alt="{html.escape(self.title)}"></figure>'
            for name in self.pictures
        ]
        title, text = f"<h2>{html.escape(self.title)}</h2>", f"<p>{html.escape(self.text)}</p>" if self.text else ""
        parts = ["<section>", title, text, html_table(self.header, self.rows), *shown, "</section>"]
        return "\n".join(part for part in parts if part)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def markdown_table(header: list[str], rows: list[list[str]]) -> str:
    """The first column leans left, all others, which hold figures, right. A `|` in a cell, as in a name, is shown."""
    alignment = ["---"] + ["---:"] * (len(header) - 1)
    escaped = ([cell.replace("|", "\\|") for cell in cells] for cells in [header, alignment, *rows])
    return "\n".join("| " + " | ".join(cells) + " |" for cells in escaped)


def table_row(name: str, *cells: str) -> str:
    """A row of a table in HTML: a name, which is escaped, and cells, which are not."""
    return f"<tr><th scope=row>{html.escape(name)}</th>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def html_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The same as HTML, in the style of all pages."""
    names = "".join(f"<th>{html.escape(name)}</th>" for name in header)
    body = "\n".join(table_row(row[0], *map(html.escape, row[1:])) for row in rows)
    return f'<div class="scroll"><table>\n<thead><tr>{names}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>'


def terminal_table(title: str, header: list[str], rows: list[list[str]]) -> TerminalTable:
    """The same for rich, whatever names may hold that reads as its markup."""
    table = TerminalTable(title=escape(title), title_justify="left")
    for index, name in enumerate(header):
        # Where a terminal is narrow, heads are broken before names are, and nothing is cut short.
        table.add_column(escape(name), justify="right" if index else "left", no_wrap=not index, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    return table
