"""Tables of text: the same rows as Markdown and in a terminal."""

from __future__ import annotations

from rich.table import Table as TerminalTable


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def markdown_table(header: list[str], rows: list[list[str]]) -> str:
    """The first column leans left, all others, which hold figures, right."""
    alignment = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, alignment, *rows])


def terminal_table(title: str, header: list[str], rows: list[list[str]]) -> TerminalTable:
    """The same for rich."""
    table = TerminalTable(title=title, title_justify="left")
    for index, name in enumerate(header):
        table.add_column(name, justify="right" if index else "left")
    for row in rows:
        table.add_row(*row)
    return table
