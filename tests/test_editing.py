from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from drawn import face as drawn_face
from fake_editor import SIZE, fake_editor
from PIL import Image

from fexgan.affects import AFFECTS, Mixture, Target
from fexgan.bundled import footage_path
from fexgan.config import DetailsModelConfig
from fexgan.editing import Editor, loaded
from fexgan.errors import InputError
from fexgan.faces import FaceFinder
from fexgan.framing import face_landmarks
from fexgan.keyframes import parse_keyframes
from fexgan.model import CloseUp, Edits, keep_to, palette_of
from fexgan.video import read_clip


@pytest.fixture
def editor() -> Editor:
    return fake_editor()


@pytest.fixture(scope="module")
def image() -> Image.Image:
    return Image.fromarray(drawn_face(160))


@pytest.fixture(scope="module")
def pair() -> Image.Image:
    """A small face on the left, a large one on the right."""
    return Image.fromarray(np.hstack([drawn_face(160, height=0.35), drawn_face(160, height=0.6)]))


def changed(before: Image.Image, after: Image.Image) -> np.ndarray:
    return (np.asarray(before).astype(int) != np.asarray(after)).reshape(before.height, before.width, -1).any(axis=2)


def test_results_keep_size_mode_and_what_goes_along(editor: Editor, image: Image.Image):
    image = image.convert("RGBA")
    image.putpixel((0, 0), (1, 2, 3, 4))
    image.info["icc_profile"] = b"profile"
    after = editor.transform(image, "joy")
    assert (after.size, after.mode, after.info["icc_profile"]) == (image.size, "RGBA", b"profile")
    assert np.array_equal(np.asarray(after)[..., 3], np.asarray(image)[..., 3])
    assert changed(image, after).any()


def test_asking_for_what_is_there_returns_the_picture_bit_by_bit(editor: Editor, image: Image.Image):
    for shown in ("joy:0.4+fear:0.3", "anger+sadness"):
        assert not changed(image, editor.transform(image, shown, source_affect=shown)).any()
    editor.networks.shown = Mixture.parse("anger:0.918034").vector()
    portrait = editor.open(image)
    assert portrait.source == Mixture.parse("anger:0.92")
    assert portrait.edit(str(portrait.source)).levels is portrait.picture.levels


def test_only_the_middle_of_the_face_changes(editor: Editor, image: Image.Image):
    middle = changed(image, editor.transform(image, "joy"))
    assert middle[80:100, 70:90].all() and not middle[:10].any() and not middle[:, :10].any()


def test_strength_and_source_reach_the_networks(editor: Editor, image: Image.Image):
    brightness = [np.asarray(editor.transform(image, target)).mean() for target in ("joy:0.5", "joy", "anger")]
    assert brightness[2] < brightness[0] < brightness[1]
    editor.networks.shown = Mixture.parse("joy").vector()
    assert np.asarray(editor.transform(image, "neutral")).mean() < np.asarray(image).mean()


def test_a_source_that_is_told_in_a_variant_shows_that_affect(editor: Editor, image: Image.Image):
    told, plain = (editor.open(image, source_affect=source) for source in ("joy.laugh:0.5", "joy:0.5"))
    assert told.source == plain.source == Mixture.parse("joy:0.5")
    assert np.array_equal(told.edit("anger").levels, plain.edit("anger").levels)


def test_affects_take_the_variants_that_were_chosen(editor: Editor, image: Image.Image):
    joy, laugh, anger, laughing_anger = (
        np.asarray(one.transform(image, target)).mean()
        for target in ("joy", "anger")
        for one in (editor, editor.taking("joy.laugh"))
    )
    assert laugh < joy and anger == laughing_anger
    assert np.asarray(editor.transform(image, "joy.laugh")).mean() == laugh
    assert np.asarray(editor.blend(image, "joy.laugh+fear").parents[0]).mean() == laugh
    with pytest.raises(InputError, match=r"'joy\.grin' is unknown; choose from joy\.laugh"):
        editor.transform(image, "joy.grin:0.5")
    with pytest.raises(InputError, match=r"'joy\.grin' is unknown; choose from joy\.laugh"):
        editor.taking("joy.grin")


def test_a_picture_is_analysed_once_for_all_its_edits(editor: Editor, image: Image.Image):
    portrait = editor.open(image)
    edited = [np.asarray(portrait.edit(target).to_image()) for target in ("joy", "anger", "joy")]
    assert editor.networks.analysed == 1
    assert np.array_equal(edited[0], edited[2]) and not np.array_equal(edited[0], edited[1])


def test_from_one_emotion_to_another_the_first_is_taken_away_and_that_face_is_analysed_once(
    editor: Editor, image: Image.Image
):
    portrait = editor.open(image, source_affect="joy")
    steps, plain_edit = [], editor.networks.edit

    def edit(features, source, target, variants=None):
        steps.append(tuple(round(value, 2) for vector in (source, target) for value in vector[0].tolist()))
        return plain_edit(features, source, target, variants)

    editor.networks.edit = edit
    for target in ("joy:0.5", "anger", "anger:0.4", "joy:0.2+anger:0.5"):
        portrait.edit(target)
    joy, half, fifth, neutral, anger, less, both = (
        Mixture.parse(text).vector()
        for text in ("joy", "joy:0.5", "joy:0.2", "neutral", "anger", "anger:0.4", "joy:0.2+anger:0.5")
    )
    expected = [(joy, half), (joy, neutral), (neutral, anger), (neutral, less), (joy, fifth), (fifth, both)]
    assert steps == [tuple(round(value, 2) for value in (*start, *end)) for start, end in expected]
    assert editor.networks.analysed == 3


def test_a_variant_takes_the_place_of_the_same_emotion_in_another(editor: Editor, image: Image.Image):
    portrait = editor.open(image, source_affect="joy")
    laughing = editor.taking("joy.laugh").open(image, source_affect="joy")
    for usual in (portrait, laughing):
        assert np.array_equal(usual.edit("joy").levels, np.asarray(image)), "only by name"
    retreats = []
    for target in ("joy.laugh", "joy:0.75", Target(Mixture.parse("joy").vector(), {"joy.laugh": 0.25})):
        assert not np.array_equal(portrait.edit(target).levels, np.asarray(image))
        retreats += [
            round(retreat.affect[0, AFFECTS.index("joy")].item(), 2) for retreat in portrait.faces[0].retreats.values()
        ]
    assert retreats == [0.0, 0.0, 0.75]


@pytest.mark.parametrize(("face", "sides"), [(None, "right"), (0, "right"), (1, "left"), ("all", "both")])
def test_the_chosen_face_alone_changes(editor: Editor, pair: Image.Image, face: object, sides: str):
    where = changed(pair, editor.transform(pair, "joy", face=face))
    assert where[:, :160].any() == (sides != "right") and where[:, 160:].any() == (sides != "left")


def test_each_thread_finds_faces_with_one_finder_of_its_own(image: Image.Image, monkeypatch: pytest.MonkeyPatch):
    made = []
    monkeypatch.setattr("fexgan.faces.FaceFinder", lambda: made.append(1) or FaceFinder())
    for _ in range(2):
        with ThreadPoolExecutor(1) as other:
            list(other.map(fake_editor().open, [image, image]))
    assert len(made) == 2


def test_arrays_and_pictures_give_the_same_result(editor: Editor, image: Image.Image):
    from_array = editor.transform(np.asarray(image), "joy")
    assert not changed(from_array, editor.transform(image, "joy")).any()
    assert not changed(from_array, editor.transform(loaded(image), "joy")).any()


def test_a_blend_stands_between_its_parents(editor: Editor, image: Image.Image):
    blend = editor.blend(image, "anger+sadness")
    assert blend.mixture == Mixture.parse("anger:0.5+sadness:0.5") and editor.networks.analysed == 1
    for picture, target in zip((blend.blended, *blend.parents), (blend.mixture, "anger", "sadness"), strict=True):
        assert not changed(picture, editor.transform(image, target)).any()


def test_a_clip_passes_through_its_keyframes(editor: Editor, image: Image.Image):
    frames = editor.animate(image, "0s neutral, 0.5s joy, 1s neutral", fps=8)
    assert len(frames) == 9 and editor.networks.analysed == 1
    assert not changed(frames[0], image).any() and not changed(frames[8], image).any()
    assert not changed(frames[4], editor.transform(image, "joy")).any()
    (first, *_) = editor.open(image).animate(parse_keyframes("0s joy, 1s neutral"), fps=4)
    assert not changed(first.to_image(), frames[4]).any()


def test_frames_that_show_the_same_are_computed_once(editor: Editor, image: Image.Image):
    drafts, draft = [], editor.draft
    editor.draft = lambda *arguments: drafts.append(1) or draft(*arguments)
    frames = editor.animate(image, "0s neutral, 1s joy hold, 2s joy", fps=12)
    assert len(frames) == 25 and len(drafts) == 2
    assert not changed(frames[11], image).any()
    for frame in (frames[12], frames[24]):
        assert not changed(frame, editor.transform(image, "joy")).any()


def test_a_blend_with_neutral_is_half_of_each(editor: Editor, image: Image.Image):
    blend = editor.blend(image, "joy+neutral")
    assert str(blend.mixture) == "joy:0.5+neutral:0.5" and len(blend.parents) == 2
    assert not changed(blend.blended, editor.transform(image, "joy:0.5")).any()
    assert changed(blend.blended, editor.transform(image, "joy")).any()


def test_probabilities_name_every_affect_and_sum_to_one(editor: Editor, image: Image.Image):
    editor.networks.shown = [0.9 if affect in ("joy", "fear") else 0.0 for affect in AFFECTS]  # readings may sum to 2
    probabilities = editor.classify(image)
    assert tuple(probabilities) == AFFECTS and sum(probabilities.values()) == pytest.approx(1.0, abs=1e-5)
    assert probabilities["joy"] == pytest.approx(0.5)


def test_a_close_up_shows_the_face_upright_and_large(editor: Editor):
    frame = Image.fromarray(next(read_clip(footage_path() / "ben" / "neutral" / "1.mp4"))[0]).resize((480, 480))
    portrait = editor.open(frame.rotate(-25, Image.Resampling.BICUBIC, fillcolor=frame.getpixel((0, 0))))
    assert portrait.close_up(size_px=96).size == (96, 96)
    assert np.asarray(portrait.close_up("joy"))[120:136, 120:136].mean() > 250
    (square,) = editor._squares(loaded(portrait.close_up()), None).values()
    assert square.roll_rad == pytest.approx(0, abs=0.1) and square.side_px == pytest.approx(256, rel=0.1)


def test_a_face_is_where_points_say_and_nobody_looks_for_it(
    editor: Editor, image: Image.Image, monkeypatch: pytest.MonkeyPatch
):
    found = editor.open(image).faces[0].square
    monkeypatch.setattr("fexgan.editing.editor.find_faces", None)
    places = face_landmarks(editor.framing)
    points = found.to_picture(np.array([places[part] for part in ("left_eye", "right_eye", "mouth")]))
    portrait = editor.open(image, points=points)
    square = portrait.faces[0].square
    assert [square.centre_x, square.centre_y, square.side_px, square.roll_rad] == pytest.approx(
        [found.centre_x, found.centre_y, found.side_px, found.roll_rad], abs=0.1
    )
    points = points.tolist()
    joyful = editor.transform(image, "joy", points=points)
    assert changed(image, joyful).any() and not changed(joyful, portrait.edit("joy").to_image()).any()
    assert not changed(joyful, editor.blend(image, "joy+fear", points=points).parents[0]).any()
    assert not changed(joyful, editor.animate(image, "0s joy, 1s joy", fps=1, points=points)[0]).any()
    with pytest.raises(InputError, match="give one of them"):
        editor.open(image, points=points, face=0)


@pytest.mark.parametrize(
    ("points", "complaint"),
    [
        ([(50, 60), (100, 60)], "not three of"),
        ([(50, 60), (100, 60), (75, 160)], r"75,160 lies outside the picture; give x from 0 to 159, y from 0 to 159"),
        ([(50, 60), (100, 60), (75, float("nan"))], "lies outside"),
        ([(50, 60), (50, 60), (75, 100)], "coincide"),
        ([(50, 60), (100, 60), (75, 20)], "put the mouth above the eyes"),
        ([(100, 60), (50, 60), (75, 100)], "put the mouth above the eyes"),
        ([(50, 60), (100, 60), (90, 62)], "eye distances below the eyes"),
        ([(75, 20), (80, 20), (77, 150)], "eye distances below the eyes"),
        ([(50, 60), (56, 60), (53, 66)], "px wide; give one of at least 32 px"),
    ],
)
def test_points_that_make_no_face_are_refused(editor: Editor, image: Image.Image, points: list, complaint: str):
    with pytest.raises(InputError, match=complaint) as raised:
        editor.open(image, points=points)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("picture", "complaint"),
    [
        (Image.new("RGB", (200, 160)), "no face found"),
        (Image.new("RGB", (1, 1)), "no face found"),
        (Image.new("RGB", (0, 0)), "0x0 px is empty"),
        (Image.new("RGB", (3, 0)), "3x0 px is empty"),
        (np.zeros((0, 5, 3), np.uint8), "5x0 px is empty"),
        (Image.fromarray(drawn_face(200, height=0.16)), "give one of at least 32 px"),
        (np.zeros((64, 64, 4), np.uint8), "give uint8"),
        (Image.new("F", (64, 64)), "8 or 16 bits"),
    ],
)
def test_pictures_that_cannot_be_used_are_refused(editor: Editor, picture: object, complaint: str):
    with pytest.raises(InputError, match=complaint):
        editor.transform(picture, "joy")


def test_wrong_targets_are_refused_before_the_picture_is_searched(editor: Editor, image: Image.Image):
    for target in ("happy", "joy:2", ""):
        with pytest.raises(InputError):
            editor.transform(Image.new("RGB", (1, 1)), target)
    with pytest.raises(InputError, match="face 2 is not there"):
        editor.transform(image, "joy", face=2)
    with pytest.raises(InputError, match="give a number, 0 being the largest, or all"):
        editor.open(image, face="first")


def test_networks_that_cannot_name_affects_say_so(editor: Editor, image: Image.Image):
    editor.networks.capabilities = frozenset({"edit"})
    with pytest.raises(InputError, match="cannot name affects"):
        editor.classify(image)


def test_paint_is_nowhere_more_colourful_than_the_face_and_stays_as_it_is_on_one_that_is():
    red = torch.tensor([0.8, -0.6, -0.6])[None, :, None, None].expand(1, 3, 16, 16)
    grey, skin = torch.zeros(1, 3, 16, 16), torch.tensor([0.9, -0.5, 0.0])[None, :, None, None].expand(1, 3, 16, 16)

    def painted(face: torch.Tensor) -> torch.Tensor:
        still = torch.zeros(1, 2, 16, 16)
        return keep_to(palette_of(face), Edits(still, still[:, :1], still[:, :1], red)).paint

    assert torch.allclose(painted(skin), red)
    assert torch.allclose(painted(grey), red.mean(dim=1, keepdim=True).expand_as(red), atol=1e-6)
    halfway = painted(0.5 * skin)
    assert (halfway.amax(dim=1) - halfway.amin(dim=1)).max() == pytest.approx(0.7, abs=1e-4)


def test_white_paint_is_as_warm_as_the_light_on_the_face_and_black_paint_stays_black():
    still, white = torch.zeros(1, 2, 16, 16), torch.tensor([0.8, 0.9, 1.0])[None, :, None, None].expand(1, 3, 16, 16)

    def painted(face: tuple[float, float, float], paint: torch.Tensor) -> torch.Tensor:
        palette = palette_of(torch.tensor(face)[None, :, None, None].expand(1, 3, 16, 16))
        return keep_to(palette, Edits(still, still[:, :1], still[:, :1], paint)).paint[0, :, 0, 0]

    assert torch.allclose(painted((0.3, 0.7, 0.9), white), white[0, :, 0, 0])  # on blue skin
    assert torch.allclose(painted((0.5, 0.5, 0.5), white), torch.tensor([0.8, 0.8, 0.8]), atol=1e-6)
    warm = painted((0.9, 0.8, 0.6), white)
    assert torch.allclose(warm, torch.tensor([0.8, 0.8 - 0.05 * 1.8, 0.8 - 0.15 * 1.8]), atol=1e-6)
    assert torch.equal(painted((0.9, 0.8, 0.6), -torch.ones_like(white)), -torch.ones(3))


def test_neither_a_sky_beside_the_face_nor_a_fleck_on_it_is_its_colour():
    plain = torch.tensor([0.9, 0.8, 0.6])[None, :, None, None].expand(1, 3, 40, 40)
    sky, fleck = plain.clone(), plain.clone()
    sky[..., :10, :] = torch.tensor([-0.5, 0.0, 0.9])[:, None, None]
    fleck[0, :, 20, 20] = torch.tensor([-1.0, -1.0, 1.0])
    assert torch.equal(palette_of(sky).coldness, palette_of(plain).coldness)
    for part in ("spread", "coldness"):
        assert torch.equal(getattr(palette_of(fleck), part), getattr(palette_of(plain), part))


class FakeDetails(torch.nn.Module):
    """Paints mouths half as bright as they were painted."""

    config = DetailsModelConfig(image_size_px=SIZE, window_px=(16, 32, 48, 48))

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[CloseUp] = []

    def refine(self, close_ups: CloseUp) -> CloseUp:
        self.seen.append(close_ups)
        return close_ups._replace(paint=0.5 * close_ups.paint)


@pytest.fixture
def detailed(editor: Editor) -> Editor:
    return Editor(editor.checkpoint, details=FakeDetails())


@pytest.mark.usefixtures("photographed")
def test_details_are_painted_in_large_pictures_where_the_edit_paints(editor: Editor, detailed: Editor):
    large = Image.fromarray(drawn_face(480))
    plain, finer = (np.asarray(one.transform(large, "joy"), float) for one in (editor, detailed))
    different = (plain != finer).any(axis=2)
    square = detailed.open(large).faces[0].square
    places = square.to_square(np.argwhere(different)[:, ::-1])
    assert different.any() and places[:, 0].min() > 0.24 and places[:, 0].max() < 0.76
    assert places[:, 1].min() > 0.49 and places[:, 1].max() < 0.76
    assert finer[different].mean() < plain[different].mean() - 20
    (seen,) = detailed.details.networks.seen
    assert seen.under.shape == (1, 3, 64, 128) and seen.mask.shape == (1, 1, 64, 128)


@pytest.mark.usefixtures("photographed")
def test_details_are_left_out_where_nothing_is_painted_and_where_the_picture_is_small(
    detailed: Editor, monkeypatch: pytest.MonkeyPatch
):
    large = Image.fromarray(drawn_face(480))
    assert not changed(large, detailed.transform(large, "joy", source_affect="joy")).any()
    monkeypatch.setattr("fexgan.framing.carry._DETAILS_FROM", 10.0)
    detailed.transform(large, "joy")
    assert not detailed.details.networks.seen


@pytest.mark.usefixtures("photographed")
def test_details_come_in_as_a_mouth_begins_to_open(editor: Editor, detailed: Editor):
    large = Image.fromarray(drawn_face(480))
    opened, plainly = detailed.open(large, source_affect="neutral"), editor.open(large, source_affect="neutral")
    worth = [
        np.abs(opened.edit(f"joy:{strength}").levels.astype(int) - plainly.edit(f"joy:{strength}").levels).max()
        for strength in (0.01, 0.06, 0.3, 1.0)
    ]
    assert worth[0] == 0 and worth == sorted(worth) and worth[-1] > 20


def test_editors_of_other_variants_paint_the_same_details(detailed: Editor):
    assert detailed.taking("joy.laugh").details.networks is detailed.details.networks


def test_details_are_held_to_the_colours_of_the_face_too(detailed: Editor):
    """Of a picture without colours, whatever the details are painted in."""
    grey = Image.fromarray(drawn_face(480)).convert("L").convert("RGB")
    red = torch.tensor([1.0, -0.5, -0.5])[None, :, None, None]
    detailed.details.networks.refine = lambda seen: seen._replace(paint=red.expand_as(seen.paint))
    after = np.asarray(detailed.transform(grey, "joy"), int)
    assert np.ptp(after, axis=2).max() <= 2 and changed(grey, Image.fromarray(after.astype(np.uint8))).any()
