"""The command line: finds the verb, reads its flags, turns wrong input into one line."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol, Union

import tyro

from fexgan import __version__
from fexgan.errors import InputError
from fexgan.verbs.adapt import Adapt
from fexgan.verbs.animate import Animate
from fexgan.verbs.calibrate import Calibrate
from fexgan.verbs.classify import Classify
from fexgan.verbs.evaluate import Evaluate
from fexgan.verbs.export import Export
from fexgan.verbs.expressions import Expressions
from fexgan.verbs.faces import Blend, Generate, Transform
from fexgan.verbs.flags import check_seed
from fexgan.verbs.inspect import Inspect
from fexgan.verbs.road import Film, Prepare, Train
from fexgan.verbs.serve import Serve
from fexgan.verbs.slips import told_in_one_line
from fexgan.verbs.sources import check_paths

EXIT_NOBODY_READS = 1
EXIT_WRONG_INPUT = 2
EXIT_INTERRUPTED = 130


class Verb(Protocol):
    """Flags, and what they ask for."""

    def run(self) -> None:
        """Do it. Raises InputError for what cannot be done."""


@dataclass(frozen=True)
class Demo:
    """Run the whole road on the bundled footage and checkpoint, in minutes: data, training, numbers, figures, a page.

    $ fexgan demo --out out/demo
    """

    out: Path = Path("out/demo")
    """Folder to write into."""
    train_steps: int | None = None
    """Steps that training is shown for; where not given 30, or 6 on a processor that does not compute in bf16."""

    def run(self) -> None:
        from fexgan.demo import demo

        demo(self.out, self.train_steps, run_verb=run)


VERBS: dict[str, type[Verb]] = {
    verb.__name__.lower(): verb
    for verb in (
        Film,
        Prepare,
        Inspect,
        Train,
        Adapt,
        Calibrate,
        Evaluate,
        Generate,
        Transform,
        Blend,
        Animate,
        Classify,
        Expressions,
        Export,
        Serve,
        Demo,
    )
}


def parse(arguments: Sequence[str]) -> Verb:
    """The verb that `arguments` ask for, ready to run; without any they ask for help.

    Prints help and exits where that is asked for. Raises InputError for verbs that do not exist, and slips in flags.
    """
    if list(arguments) == ["--version"]:
        print(f"fexgan {__version__}")
        raise SystemExit(0)
    if list(arguments) in ([], ["help"]):
        arguments = ["--help"]
    first = arguments[0]
    if first in VERBS:
        name, *flags = arguments
        with told_in_one_line(VERBS[name], flags):
            return tyro.cli(VERBS[name], prog=f"fexgan {name}", args=flags, config=(tyro.conf.FlagCreatePairsOff,))
    if not first.startswith("-"):
        close = difflib.get_close_matches(first.lower(), VERBS, n=1)
        meant = f"did you mean {close[0]!r}? " if close else ""
        raise InputError(f"verb {first!r} is unknown; {meant}choose from {', '.join(VERBS)}")
    listed = Union[tuple(Annotated[verb, _summary(name, verb)] for name, verb in VERBS.items())]  # noqa: UP007
    description = (
        f"FExGAN-Meta {__version__}: facial expressions for digital characters. Start with: fexgan demo\n\n"
        "fexgan VERB --help tells of a verb, fexgan --version which version this is."
    )
    with told_in_one_line(None, arguments):
        return tyro.cli(listed, prog="fexgan", description=description, args=arguments)


def run(arguments: Sequence[str]) -> None:
    """Parse and run. Raises InputError for what a verb refuses."""
    verb = parse(arguments)
    check_seed(getattr(verb, "seed", 0))
    check_paths(vars(verb))
    verb.run()


def main() -> int:
    """Entry point of `fexgan`: 0 when done, 2 for wrong input, 130 when interrupted, 1 when nobody reads on."""
    try:
        try:
            run(sys.argv[1:])
        finally:
            sys.stdout.flush()
    except InputError as error:
        line = str(error).replace("\n", "\\n")  # names of files may hold line breaks
        print(f"fexgan: error: {line}", file=sys.stderr)
        return EXIT_WRONG_INPUT
    except BrokenPipeError:  # as of `| head`; what is left to print goes nowhere, or Python complains as it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_NOBODY_READS
    except OSError as error:  # a full disk, a folder without permission
        print(f"fexgan: error: {error.filename or 'file'}: {error.strerror or error}", file=sys.stderr)
        return EXIT_WRONG_INPUT
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return 0


def _summary(name: str, verb: type[Verb]) -> object:
    """The first paragraph of a verb's help, for the list of verbs."""
    return tyro.conf.subcommand(name, description=" ".join(verb.__doc__.split("\n\n")[0].split()))


if __name__ == "__main__":
    sys.exit(main())
