"""What lies in a footage folder: the takes in it, and every file that is none, with the reason."""

from __future__ import annotations

import itertools
import os
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fexgan.affects import NEUTRAL
from fexgan.config import FramingConfig
from fexgan.errors import InputError, shortened
from fexgan.manifest import PERFORMANCE, STILLS, FrameTruth, is_sidecar, natural_key, read_sidecar
from fexgan.media import CLIP_SUFFIXES, READ_SUFFIXES
from fexgan.prepare.labels import Vocabulary, load_vocabulary, names_nobody, plain

LAYOUT = "<character>/<affect>/<take>.mp4, <character>/<affect>/*.png or <affect>/<character>*.png"
CLIPS = (*CLIP_SUFFIXES, ".gif")
PICTURES_TAKE = "pictures"
"""Name of the take that the loose pictures of one character and affect make up."""
NOBODY = "unknown"
"""The one character of footage that does not tell who is who."""
TABLES = (".parquet", ".arrow")
MIXTURE_REASON = "shows a mixture, which has no single label"
PERFORMANCE_REASON = "plays a recording, which names no affect: its sidecar tells no strength"
NO_SIDECAR_REASON = "lies beside a clip, but tells no frames of it, so it is no sidecar"


@dataclass(frozen=True)
class ClipEntry:
    """One take found in footage.

    `path`: the clip, or the folder that holds the take's `pictures` (empty for a clip). `sidecar_path`: the truth
    beside a clip, None where there is none. `strengths`: where a list tells them, of each picture, or the one of all
    frames of a clip. `frames`: which of the clip's frames the take consists of, empty for all.
    """

    path: Path
    character: str
    affect: str
    take: str
    sidecar_path: Path | None = None
    pictures: tuple[Path, ...] = ()
    strengths: tuple[float | None, ...] = ()
    frames: tuple[int, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """Something in the footage that is not in the dataset: its path in the footage, its number of files, and why."""

    source: str
    files: int
    reason: str


@dataclass(frozen=True)
class Footage:
    """What was found. `files`: how many, each in one of `entries` or in `left_out`; a clip's sidecar counts with it.

    `labels`: (label, affect) -> files. `unknown_labels`: label -> files that are left out for it. `framing`: how its
    pictures are framed already, None where they are not. `listed`: whether a list named them, so that what else lies in
    `root` is no footage.
    """

    root: Path
    entries: tuple[ClipEntry, ...]
    left_out: tuple[LeftOut, ...]
    files: int
    labels: Counter[tuple[str, str]] = field(default_factory=Counter)
    unknown_labels: Counter[str] = field(default_factory=Counter)
    framing: FramingConfig | None = None
    listed: bool = False


class Sorter:
    """Puts files to takes by who they show and their label, and notes what has no place."""

    def __init__(self, root: Path, vocabulary: Vocabulary, leave_out: Collection[str]) -> None:
        self.root, self.vocabulary = root, vocabulary
        self._chosen = {plain(label): label for label in leave_out}
        self._unused = set(self._chosen)
        self._clips: list[ClipEntry] = []
        self._pictures: dict[tuple[str, str, str], list[tuple[Path, float | None, str]]] = defaultdict(list)
        self._left_out: Counter[tuple[str, str]] = Counter()
        self._labels: Counter[tuple[str, str]] = Counter()
        self._unknown: Counter[str] = Counter()

    def leave_out(self, path: Path, reason: str) -> None:
        """Note a file that is not used, or one of a folder where the reason holds for the folder."""
        self._left_out[source_name(path, self.root), reason] += 1

    def add(
        self,
        path: Path,
        character: str,
        label: str,
        take: str = "",
        strength: float | None = None,
        sidecar: Path | None = None,
        frame: str = "",
    ) -> None:
        """Put a clip or picture where its label belongs.

        Where no `take` is given, a clip is called by its stem, and the pictures of a character and affect are one take,
        in the natural order of `frame`, and as they come where it is equal.
        """
        shown, character = shortened(clean(label)), clean(character)
        affect = self.vocabulary.affect_of(label)
        chosen = {plain(label), affect} & self._chosen.keys()
        self._unused -= chosen
        if chosen:
            self.leave_out(path.parent, f"label {shown!r} is left out by choice")
        elif label == STILLS and sidecar is not None:
            self._add_stills(path, character, clean(take or path.stem), sidecar)
        elif label == STILLS or (affect is not None and "+" in affect):
            self.leave_out(path.parent, MIXTURE_REASON)
        elif label == PERFORMANCE and affect is None and sidecar is not None:
            self.leave_out(path.parent, PERFORMANCE_REASON)
        elif not plain(label):
            self.leave_out(path.parent, "has no label")
        elif affect is None:
            self._unknown[shown] += 1
            self.leave_out(path.parent, f"label {shown!r} names no affect that is known")
        else:
            self._labels[shown, affect] += 1
            if path.suffix.lower() in CLIPS:
                strengths = () if strength is None else (strength,)
                self._clips.append(
                    ClipEntry(path, character, affect, clean(take or path.stem), sidecar, strengths=strengths)
                )
            else:
                self._pictures[character, affect, clean(take or PICTURES_TAKE)].append((path, strength, frame))

    def _add_stills(self, path: Path, character: str, take: str, sidecar: Path) -> None:
        """Put each affect of a clip of stills where it belongs; its mixtures have no single label and are passed by."""
        try:
            shown = stills_of_affects(read_sidecar(sidecar).frames)
        except InputError as error:
            return self.leave_out(path, clean(str(error).replace(f"{self.root}/", "")))
        wanted = {affect: frames for affect, frames in shown.items() if affect not in self._chosen}
        self._unused -= shown.keys() & self._chosen.keys()
        if not wanted:
            return self.leave_out(path, "its stills are mixtures, or left out by choice")
        for affect, frames in wanted.items():
            self._clips.append(ClipEntry(path, character, affect, f"{STILLS}-{take}", sidecar, frames=frames))
        return None

    def footage(self) -> Footage:
        """All that was put in, sorted by character, affect and take.

        Raises InputError for two clips of one take, a label to leave out that nothing has, and where nothing was found.
        """
        entries = list(self._clips)
        for (character, affect, take), members in self._pictures.items():
            paths, strengths, _ = zip(*sorted(members, key=lambda member: natural_key(member[2])), strict=True)
            folder = Path(os.path.commonpath([path.parent for path in paths]))
            entries.append(ClipEntry(folder, character, affect, take, None, paths, strengths))
        entries.sort(key=lambda entry: (entry.character, entry.affect, natural_key(entry.take)))
        for first, second in itertools.pairwise(entries):
            if (first.character, first.affect, first.take) == (second.character, second.affect, second.take):
                raise InputError(f"{first.path} and {second.path} are the same take; rename one of them")
        if self._unused:
            labels = sorted({label for label, _ in self._labels} | set(self._unknown))
            missing = self._chosen[min(self._unused)]
            raise InputError(f"nothing is labelled {missing!r}, so it cannot be left out; found: {', '.join(labels)}")
        left_out = tuple(LeftOut(source, count, reason) for (source, reason), count in self._left_out.items())
        files = self._left_out.total() + files_of(entries)
        return Footage(self.root, tuple(entries), left_out, files, self._labels, self._unknown)


def stills_of_affects(truth: FrameTruth) -> dict[str, tuple[int, ...]]:
    """Affect -> the stills that show it alone, at any strength, and in one variant: the one that comes first."""
    variants = truth.extra.get("variants") or [{}] * len(truth)
    if not isinstance(variants, list) or len(variants) != len(truth):
        raise InputError(f"frames.variants is no list of {len(truth)}, one for each still; write it again or remove it")
    found: dict[str, list[int]] = defaultdict(list)
    first: dict[str, object] = {}
    for still in range(len(truth)):
        shown = [affect for affect, column in truth.strength.items() if column[still] > 0.0] or [NEUTRAL]
        if len(shown) == 1 and first.setdefault(shown[0], variants[still]) == variants[still]:
            found[shown[0]].append(still)
    return {affect: tuple(stills) for affect, stills in found.items()}


def files_of(entries: Iterable[ClipEntry]) -> int:
    """How many files takes are read from: stills of several affects share one clip."""
    return len({path for entry in entries for path in entry.pictures or (entry.path,)})


def scan_footage(folder: Path, labels: str = "", leave_out: Collection[str] = ()) -> Footage:
    """Every take under a footage folder, sorted by character, affect and take; hidden files are passed over.

    Reads `<character>/<affect>/<take>.mp4` (with `<take>.json` where it stands), `<character>/<affect>/*.png|jpg` and
    `<affect>/<character>*.png|jpg`; in the last, a picture's character is its name without what follows it: a number,
    and the affect (`ada_joy_012.png` shows ada; `joy_012.png`, `012.png` and `img_012.png`, and what lies in
    `train/joy`, show nobody who is known). `labels`: see `load_vocabulary`; it may say that file names tell more.
    `leave_out`: labels or affects that are not wanted.
    Raises InputError for a wrong path, and as `Sorter.footage` does.
    """
    folder = Path(folder)
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "is not there"
        raise InputError(f"footage {folder} {what}; give a folder laid out as {LAYOUT}, or a .csv or .parquet list")
    sorter = Sorter(folder, load_vocabulary(labels), leave_out)
    files = list(_files(folder, sorter))
    clips = {path.with_suffix("") for path in files if path.suffix.lower() in CLIPS}
    records = {stem: path for path in files if path.suffix == ".json" and (stem := path.with_suffix("")) in clips}
    sidecars = {stem: path for stem, path in records.items() if is_sidecar(path)}
    for path in files:
        stem, suffix = path.with_suffix(""), path.suffix.lower()
        if path == records.get(stem):
            if stem not in sidecars:
                sorter.leave_out(path, NO_SIDECAR_REASON)
        elif suffix not in CLIPS and suffix not in READ_SUFFIXES:
            sorter.leave_out(path, "is neither a clip nor a picture")
        else:
            _place(path, sidecars.get(stem) if suffix in CLIPS else None, sorter)
    found = sorter.footage()
    if not found.files:
        raise InputError(f"no footage in {folder}; lay it out as {LAYOUT}")
    if not found.entries and any(path.suffix.lower() in TABLES for path in files):
        raise InputError(f"{folder} holds tables and no footage; give hf:{folder} to read it as a Hugging Face dataset")
    return found


def _place(path: Path, sidecar: Path | None, sorter: Sorter) -> None:
    """Read off a file's place and name who it shows and with which label."""
    folders = path.relative_to(sorter.root).parts[:-1]
    vocabulary, is_clip = sorter.vocabulary, path.suffix.lower() in CLIPS
    if vocabulary.file_name is not None:
        match = vocabulary.file_name.fullmatch(path.stem)
        if match is None:
            return sorter.leave_out(path, "its name does not tell what names of its dataset tell")
        told = match.groupdict()
        character, label = told.get("character") or NOBODY, told.get("label") or path.parent.name
        return sorter.add(path, character, label, sidecar=sidecar)
    if folders and not vocabulary.people:
        return sorter.add(path, NOBODY, folders[-1], sidecar=sidecar)
    if len(folders) == 2:
        # A clip is a take of its own whoever it shows, and would take the name of that in `test`.
        character = NOBODY if not is_clip and names_nobody(folders[0]) else folders[0]
        return sorter.add(path, character, folders[1], sidecar=sidecar)
    if len(folders) == 1 and not is_clip:
        return sorter.add(path, _character_of_picture(path.stem, folders[0]), folders[0])
    return sorter.leave_out(path, f"lies elsewhere than {LAYOUT}")


def _character_of_picture(stem: str, label: str) -> str:
    """The name without the number and the affect after it, and the number of a copy, ` (2)`; NOBODY where what is left
    is no name, for a number, an affect or a word such as `img` alone is nobody's."""
    name = re.sub(r"[\W_]*\d*[\W_]*(\(\d+\))?$", "", stem)
    name = re.sub(rf"(^|[\W_]+){re.escape(label)}$", "", name, flags=re.IGNORECASE)
    return NOBODY if not name or names_nobody(name) else name


def _files(folder: Path, sorter: Sorter) -> Iterator[Path]:
    """All files below a folder in natural order; links that lead out of the footage, or to folders, are left out."""
    try:
        paths = [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        return sorter.leave_out(folder, _refusal(error))
    for path in sorted(paths, key=lambda path: (natural_key(path.stem), path.suffix)):
        try:
            is_file, is_folder = path.is_file(), path.is_dir()
            strays = path.is_symlink() and not (is_file and path.resolve().is_relative_to(sorter.root.resolve()))
        except OSError as error:
            sorter.leave_out(path, _refusal(error))
            continue
        if strays:
            sorter.leave_out(path, "is a link to nothing, to a folder, or out of the footage")
        elif is_folder:
            yield from _files(path, sorter)
        elif is_file:
            yield path
        else:
            sorter.leave_out(path, "is no file")
    return None


def _refusal(error: OSError) -> str:
    return f"cannot be opened: {(error.strerror or str(error)).lower()}"


def source_name(path: Path, root: Path) -> str:
    """A path as a dataset tells it: relative to the footage, as `clean` text."""
    return clean(path.relative_to(root).as_posix())


def clean(text: str) -> str:
    """Text that is whole UTF-8 on one line: bytes that were none, and control characters, as escapes."""
    whole = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]", lambda match: f"\\x{ord(match[0]):02x}", whole)
