"""The Python face of a checkpoint that edits: anyone's picture in, the same picture with another affect out.

    editor = fexgan.load("portrait")
    editor.transform(image, "joy:0.8").save("joy.png")

    portrait = editor.open(image)  # the face is found and read once
    portrait.edit("joy:0.3").save("smile.png")

    editor.open(image, points=[(210, 240), (300, 238), (255, 330)])  # a face that is not found: its eyes and its mouth

Pictures come in as PIL pictures, paths, pixels (uint8 [height, width, 3]) or loaded pictures, of any size, and keep
their size, depth, transparency and colour profile; PIL pictures alone hold no 16-bit colours. Only the face changes;
what lies outside its square stays bit by bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from fexgan.affects import AFFECTS, Mixture, Target
from fexgan.checkpoints import Checkpoint
from fexgan.config import FramingConfig
from fexgan.editing.clips import Tell, transform_clip
from fexgan.editing.details import DetailPainter, ready
from fexgan.editing.faces import OpenFace
from fexgan.errors import InputError
from fexgan.faces import own_finder
from fexgan.framing import (
    Edit,
    FaceChoice,
    FaceSquare,
    Points,
    carry_back,
    choose_face,
    cut,
    face_square,
    find_faces,
    flat_colours,
    pointed_square,
    usable_faces,
)
from fexgan.keyframes import Keyframe, held, parse_keyframes, targets_by_frame
from fexgan.model import (
    Edits,
    RefiningFamily,
    advance,
    apply_edits,
    in_common,
    is_detour,
    keep_to,
    palette_of,
    retreat,
    shade_tint,
)
from fexgan.picture import LoadedPicture, open_picture
from fexgan.reading import mixture_read
from fexgan.synthesis import Blend, MixtureLike, Picture, TargetLike, as_pixels, blend_of, require, target_of
from fexgan.tensors import pixels_to_images
from fexgan.variants import by_affect, shares

CLOSE_UP_PX = 256


class Portrait:
    """An opened picture. Each edit starts from the picture as it was, so the order of edits never matters."""

    def __init__(self, editor: Editor, picture: LoadedPicture, faces: Sequence[OpenFace]) -> None:
        self.editor = editor
        self.picture = picture
        self.faces = tuple(faces)

    @property
    def source(self) -> Mixture:
        """The affect that the picture shows, as read or given; that of the largest of the opened faces."""
        return self.faces[0].source

    def edit(self, target: TargetLike, details: bool = True) -> LoadedPicture:
        """The picture with a mixture, or the seven numbers of an affect vector, on its opened faces; `save` writes it
        at its own depth, `to_image` makes a PIL picture of it.

        A face that shows just that already stays as it is, bit by bit. `details`: without, mouths are left as the small
        square has them, which takes half as long: for a preview while a slider moves.
        """
        asked = target_of(target)
        picture = self.picture
        for face in self.faces:
            picture = carry_back(picture, face.square, self.editor.draft(face, asked, details))
        return picture

    def animate(self, keyframes: str | Sequence[Keyframe], fps: float = 24) -> Iterator[LoadedPicture]:
        """The frames of a clip in which the opened faces move from keyframe to keyframe, one at a time."""
        keyframes = parse_keyframes(keyframes) if isinstance(keyframes, str) else keyframes
        return held(self.edit, targets_by_frame(keyframes, fps))

    def images(self, affect: Tensor) -> Tensor:
        """The opened faces as the networks see them, edited to an affect vector [1, 7]: images [faces, 3, size, size].

        Gradients reach the vector.
        """
        return torch.cat([self.editor.images(face, affect) for face in self.faces])

    def close_up(self, target: TargetLike | None = None, size_px: int = CLOSE_UP_PX) -> Image.Image:
        """The square around the first opened face, upright, `size_px` a side, in sRGB: as it is, or edited."""
        picture = self.picture if target is None else self.edit(target)
        return Image.fromarray(picture.to_srgb(cut(picture, self.faces[0].square, size_px)))


class Editor:
    """A checkpoint that edits. Every picture is computed alone, so its neighbours in a call never change it."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: str = "cpu",
        variants: Sequence[str] = (),
        details: RefiningFamily | None = None,
    ) -> None:
        """`variants`: those that affects take instead of their default ones. `details`: what paints mouths anew in
        pictures larger than the square; they stay as the checkpoint paints them where there is none."""
        self.checkpoint = checkpoint
        self.networks = ready(checkpoint.networks, device)
        self.details = None if details is None else DetailPainter(details, device)
        self.device = device
        self.variants = by_affect(variants, checkpoint.config.model.variants)

    def taking(self, *variants: str) -> Editor:
        """The same editor whose affects take other variants than their default, as in `editor.taking("joy.laugh")`.

        Raises InputError for variants that the checkpoint does not know, and for two of one affect.
        """
        return Editor(self.checkpoint, self.device, variants, self.details and self.details.networks)

    @property
    def image_size_px(self) -> int:
        """Side of the square in which the networks see a face; results have the picture's own size."""
        return self.checkpoint.config.model.image_size_px

    @property
    def framing(self) -> FramingConfig:
        """How close the square is around a face."""
        return self.checkpoint.config.framing

    def open(
        self,
        image: Picture | LoadedPicture,
        source_affect: MixtureLike | None = None,
        face: FaceChoice = None,
        points: Points | None = None,
    ) -> Portrait:
        """Find the faces of a picture and read them once, for any number of edits.

        `source_affect`: the affect that they show; the networks say it where none is given. `points`: where the one
        face is, instead of finding it: its left eye as one sees it, the other eye, the middle of the mouth, each (x, y)
        in pixels of the upright picture. Raises InputError where there is no face (NoFace), where the chosen one is too
        small or turned too far, and for points that make no face.
        """
        picture = loaded(image)
        squares = self._squares(picture, face, points)
        faces = [self.open_face(picture, square, source_affect, number) for number, square in squares.items()]
        return Portrait(self, picture, faces)

    def open_face(
        self, picture: LoadedPicture, square: FaceSquare, source_affect: MixtureLike | None = None, number: int = 0
    ) -> OpenFace:
        """The face that `square` shows of a picture, its face `number`, with the affect it shows: given, or as read."""
        images = self._images(picture, square)
        source = mixture_read(self._read(images)) if source_affect is None else Mixture.of(source_affect).as_source()
        features, palette = self.networks.analyse(images), palette_of(images)
        large = self.details.look(picture, square) if self.details else None
        tint = shade_tint(images)[0, :, 0, 0].cpu().numpy()
        flat = flat_colours(picture, square, images[0].permute(1, 2, 0).cpu().numpy())
        return OpenFace(square, images, features, source, palette, tint, flat, large, number)

    def read(self, picture: LoadedPicture, square: FaceSquare) -> list[float]:
        """The affect vector that the networks read off what `square` shows."""
        return self._read(self._images(picture, square))

    def draft(self, face: OpenFace, target: Target, details: bool = True) -> Edit:
        """What the networks change in a face's square to bring it to a target, with the mouth's details or without.

        Raises InputError for variants that the checkpoint does not know.
        """
        edits = self._edits(face, self._vector(target.vector), target)
        fine = self.details.paint(edits, face.large, face.palette) if details and face.large is not None else None
        parts = {name: part[0].float().cpu().numpy() for name, part in vars(edits).items()}
        return Edit(**parts, details=fine, tint=face.tint, flat=face.flat)

    def images(self, face: OpenFace, target: Tensor) -> Tensor:
        """A face's square edited to an affect vector [1, 7], as images [1, 3, size, size]."""
        return apply_edits(face.images, self._edits(face, target, Target(tuple(target[0].tolist()))))

    def transform(
        self,
        image: Picture | LoadedPicture,
        target: MixtureLike,
        source_affect: MixtureLike | None = None,
        face: FaceChoice = None,
        points: Points | None = None,
    ) -> Image.Image:
        """The same picture with another affect, as in `editor.transform(image, "joy:0.8")`."""
        asked = target_of(target)
        return self.open(image, source_affect, face, points).edit(asked).to_image()

    def blend(
        self,
        image: Picture | LoadedPicture,
        mixture: MixtureLike,
        source_affect: MixtureLike | None = None,
        face: FaceChoice = None,
        points: Points | None = None,
    ) -> Blend:
        """A mixture beside its parents, as in `editor.blend(image, "anger+sadness")`.

        Strengths that sum to more than 1 are scaled to share 1, so `anger+sadness` is half of each.
        """
        portrait = self.open(image, source_affect, face, points)
        return blend_of(lambda target: portrait.edit(target).to_image(), mixture)

    def animate(
        self,
        image: Picture | LoadedPicture,
        keyframes: str | Sequence[Keyframe] = "0s neutral, 1s joy, 2s neutral",
        fps: float = 24,
        source_affect: MixtureLike | None = None,
        face: FaceChoice = None,
        points: Points | None = None,
    ) -> list[Image.Image]:
        """The frames of a clip in which a face moves smoothly from keyframe to keyframe.

        All are in memory at once; for large pictures take them one by one from `open(image).animate(keyframes, fps)`.
        """
        frames = self.open(image, source_affect, face, points).animate(keyframes, fps)
        return [frame.to_image() for frame in frames]

    def transform_clip(
        self,
        source: Path,
        out: Path,
        target: MixtureLike,
        source_affect: MixtureLike | None = None,
        face: FaceChoice = None,
        tell: Tell | None = None,
    ) -> None:
        """Write the clip `source` with another affect to `out`, an MP4, GIF or WebP of its own size and pace, as MP4
        with its sound.

        A face is followed through each shot of the clip; 0 is the one that is large and in view for long. `tell`: told
        of the stage, the frames done and all frames.
        """
        transform_clip(self, Path(source), {Path(out): target_of(target)}, source_affect, face, tell)

    def classify(self, image: Picture | LoadedPicture, face: FaceChoice = None) -> dict[str, float]:
        """How much of each affect the chosen face shows, summing to 1; of `all`, the largest."""
        require(self.networks, "classify", "name affects")
        picture = loaded(image)
        square, *_ = self._squares(picture, face).values()
        vector = self.read(picture, square)
        return {affect: share / sum(vector) for affect, share in zip(AFFECTS, vector, strict=True)}

    def _variant_shares(self, target: Target) -> Tensor:
        """What the networks are told of a target's variants, [1, all variants]."""
        return self._vector(shares(target, self.variants, self.checkpoint.config.model.variants))

    def _squares(self, picture: LoadedPicture, face: FaceChoice, points: Points | None = None) -> dict[int, FaceSquare]:
        """The chosen faces' squares by the faces' numbers, the largest first; or the one square that points ask for."""
        if points is not None:
            if face is not None:
                raise InputError(f"face {face!r:.40} and points say both which face is meant; give one of them")
            return {0: pointed_square(points, picture.width, picture.height, self.framing)}
        faces = find_faces(picture, own_finder(), largest_only=not face, any_way_up=True)
        chosen = usable_faces(faces) if face == "all" else {face or 0: choose_face(faces, face or 0)}
        return {number: face_square(found.landmarks, self.framing) for number, found in chosen.items()}

    def _images(self, picture: LoadedPicture, square: FaceSquare) -> Tensor:
        return pixels_to_images(cut(picture, square, self.image_size_px), self.device)  # [1, 3, size, size]

    def _edits(self, face: OpenFace, vector: Tensor, target: Target) -> Edits:
        """`vector`: the target's own, [1, 7], which gradients may reach."""
        source, variants = self._vector(face.source.vector()), self._variant_shares(target)
        common = in_common(source, self._there(vector, target)).detach()  # gradients need the second half alone
        if not is_detour(source, common, vector):
            return keep_to(face.palette, self.networks.edit(face.features, source, vector, variants))
        kept = tuple(common[0].tolist())
        start = face.retreats.get(kept)
        if start is None:
            start = retreat(self.networks, face.images, face.features, source, common, face.palette)
            face.retreats.clear()
            face.retreats[kept] = start
        return advance(self.networks, start, vector, variants, face.palette)

    def _there(self, vector: Tensor, target: Target) -> Tensor:
        """The part of a target that a source which shows the same emotions shows already: all but the variants asked
        for by name, for which of them it shows is not known."""
        return (vector - self._vector([target.in_variants(affect) for affect in AFFECTS])).clamp(min=0.0)

    def _read(self, images: Tensor) -> list[float]:
        return self.networks.read(images)[0].tolist()

    def _vector(self, values: Sequence[float]) -> Tensor:
        return torch.tensor([list(values)], dtype=torch.float32, device=self.device)  # [1, numbers]


def loaded(image: Picture | LoadedPicture) -> LoadedPicture:
    """A picture as arrays with all that goes along. Raises InputError for arrays that are no picture, and for pictures
    without a pixel."""
    if isinstance(image, Image.Image):
        _check_pixels(image.width, image.height)  # Pillow itself fails at some that have none
        return open_picture(image)
    picture = image if isinstance(image, LoadedPicture) else None
    if picture is None:
        picture = open_picture(image) if isinstance(image, str | Path) else LoadedPicture(as_pixels(image))
    _check_pixels(picture.width, picture.height)
    return picture


def _check_pixels(width: int, height: int) -> None:
    if width * height == 0:
        raise InputError(f"a picture of {width}x{height} px is empty; give one with a face in it")
