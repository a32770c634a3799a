"""The studio's HTTP API: what is asked of a picture is what comes back, and refusals are one line."""

from __future__ import annotations

import asyncio
import io
import json
import re
import shlex
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import numpy as np
import pytest
from drawn import LINEAR
from PIL import Image

import fexgan
from fexgan import bundled
from fexgan.affects import AFFECTS, Mixture
from fexgan.editing import Editor
from fexgan.errors import InputError
from fexgan.faces import FaceFinder
from fexgan.framing import find_faces
from fexgan.framing.locate import SMALLEST_FACE_PX
from fexgan.keyframes import parse_keyframes
from fexgan.page import templates
from fexgan.picture import open_picture
from fexgan.sheets import GAP_PX, MARGIN_PX
from fexgan.studio.arkit import ARKIT_UNITS
from fexgan.units import recording
from fexgan.verbs.serve import Serve
from fexgan.web import desk as desks
from fexgan.web.clips import Clips
from fexgan.web.desk import Desk, Look, Unwanted

HOPPER, SMILING = (bundled.pictures_path() / name for name in ("hopper.jpg", "collins.jpg"))


@pytest.fixture(scope="module")
def hopper(studio: str) -> str:
    """Address of a picture that lies open."""
    opened = json.loads(post(studio, HOPPER))
    assert (opened["name"], opened["width"], opened["height"], opened["transparent"]) == ("hopper.jpg", 512, 600, False)
    assert [face["shows"] for face in opened["faces"]] == ["neutral"]
    return f"{studio}/api/pictures/{opened['key']}"


def get(address: str) -> bytes:
    with urlopen(address) as answer:
        return answer.read()


def post(studio: str, path: Path) -> bytes:
    with urlopen(Request(f"{studio}/api/pictures?name={path.name}", path.read_bytes(), method="POST")) as answer:
        return answer.read()


def pixels(encoded: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB")).astype(int)


def refusal(address: str, body: bytes | None = None) -> tuple[int, str]:
    with pytest.raises(HTTPError) as raised:
        urlopen(Request(address, body))
    return raised.value.code, json.loads(raised.value.read())["error"]


def test_the_page_and_its_choices_come_without_anything_from_elsewhere(studio: str):
    page = get(studio).decode()
    assert "http://" not in page and "https://" not in page
    choices = json.loads(get(f"{studio}/api/studio"))
    assert "joy.laugh" in choices["variants"] and "wry-smile" in [one["name"] for one in choices["expressions"]]
    for name in choices["examples"]:
        assert get(f"{studio}/api/examples/{name}") == (bundled.pictures_path() / name).read_bytes()


def test_the_pages_script_comes_in_modules_that_all_lead_to_each_other(studio: str):
    found, left = set(), set(re.findall(r'<script type="module" src="(.+?)">', get(studio).decode()))
    while left:
        path = left.pop()
        found.add(path)
        with urlopen(f"{studio}/{path}") as answer:
            assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
            assert answer.headers["Cache-Control"] == "no-cache"
            imported = re.findall(r'^import .* from "\./(.+?)";$', answer.read().decode(), re.MULTILINE)
        left |= {f"studio/{name}" for name in imported} - found
    assert found == {f"studio/{name}" for name in templates("studio")}
    for path in ("studio/nothing.js", "studio/..%2Fstudio.html", "studio/..", "studio/"):
        assert urlopen_code(f"{studio}/{path}") == 404


def test_what_is_saved_is_what_the_editor_makes(editor: Editor, hopper: str):
    made = editor.taking("joy.laugh").transform(Image.open(HOPPER), "joy:0.8")
    for asked in ("mixture=joy:0.8&variants=joy.laugh", "mixture=joy.laugh:0.8"):
        assert np.array_equal(pixels(get(f"{hopper}/save.png?{asked}")), np.asarray(made))


def test_the_view_shows_what_is_saved_and_neutral_is_the_source(hopper: str):
    saved, view = (pixels(get(f"{hopper}/{what}?mixture=anger")) for what in ("save.png", "edit.jpg"))
    assert np.abs(saved - view).mean() < 3
    assert (
        get(f"{hopper}/edit.jpg?mixture=neutral")
        == get(f"{hopper}/source.jpg")
        != get(f"{hopper}/edit.jpg?mixture=joy")
    )


def test_a_preview_differs_from_the_view_in_the_mouth_alone(editor: Editor, hopper: str):
    view, preview = (pixels(get(f"{hopper}/edit.jpg?mixture=anger&details={asked}")) for asked in (1, 0))
    differs = np.argwhere(np.abs(view - preview).max(axis=2) > 24)  # beyond what JPEG makes of neighbours
    square = editor.open(Image.open(HOPPER)).faces[0].square
    places = square.to_square(differs[:, ::-1]) * editor.image_size_px
    left, top, right, bottom = editor.details.networks.config.window_px
    assert len(places) and (places >= (left, top)).all() and (places <= (right, bottom)).all()


def test_a_face_that_is_small_in_the_view_shows_no_details_there(studio: str, tmp_path: Path):
    large = Image.new("RGB", (2400, 1200))  # seen at half its size, the face in it at 130 px
    large.paste(Image.open(HOPPER))
    large.save(tmp_path / "large.png")
    opened = json.loads(post(studio, tmp_path / "large.png"))
    view, preview = (
        get(f"{studio}/api/pictures/{opened['key']}/edit.jpg?mixture=anger&details={asked}") for asked in (1, 0)
    )
    assert view == preview and not opened["details"]


def test_strengths_beyond_one_share_it(hopper: str):
    asked, shared = "joy%2Bsurprise", "joy:0.5%2Bsurprise:0.5"
    assert get(f"{hopper}/edit.jpg?mixture={asked}") == get(f"{hopper}/edit.jpg?mixture={shared}")


def test_a_plus_may_stand_in_an_address_as_it_is(studio: str, hopper: str):
    for path in (f"{hopper}/save.png", f"{studio}/api/units.json"):
        mixed = [get(f"{path}?mixture=joy:0.4{plus}fear:0.3") for plus in ("+", "%2B", "%20%2B%20")]
        assert mixed[0] == mixed[1] == mixed[2]


@pytest.mark.parametrize(("suffix", "kind"), [("mp4", b"ftyp"), ("gif", b"GIF8"), ("webp", b"WEBP")])
def test_a_clip_comes_as_the_kind_asked_for(hopper: str, suffix: str, kind: bytes):
    keyframes = "0s%20neutral,%200.2s%20joy"
    assert kind in get(f"{hopper}/clip.{suffix}?keyframes={keyframes}&fps=10")[:16]


@pytest.mark.parametrize("picture", [HOPPER, SMILING])
def test_a_sheet_shows_the_source_and_all_affects(editor: Editor, studio: str, picture: Path):
    key = json.loads(post(studio, picture))["key"]
    sheet = pixels(get(f"{studio}/api/pictures/{key}/sheet.png?variants=joy.laugh"))
    portrait = editor.open(Image.open(picture))
    named = ("joy.laugh" if affect == "joy" else affect for affect in AFFECTS[::-1])
    for back, shown in enumerate((*named, None), start=1):
        left = sheet.shape[1] - MARGIN_PX - 256 * back - GAP_PX * (back - 1)
        cell = sheet[-MARGIN_PX - 256 : -MARGIN_PX, left : left + 256]
        assert np.array_equal(cell, np.asarray(portrait.close_up(shown))), shown


def test_a_random_face_is_that_of_its_seed_and_can_be_edited(studio: str, tmp_path: Path):
    drawn = get(f"{studio}/api/random.png?seed=3")
    assert np.array_equal(pixels(drawn), np.asarray(fexgan.load("open-cast").random(1, seed=3)[0]))
    (tmp_path / "nobody.png").write_bytes(drawn)
    assert json.loads(post(studio, tmp_path / "nobody.png"))["faces"]


def test_units_are_those_of_arkit(studio: str):
    weights = json.loads(get(f"{studio}/api/units.json?mixture=joy"))
    assert tuple(sorted(weights)) == ARKIT_UNITS and weights["mouthSmileLeft"] > 0.3


def test_keyframes_as_face_units_are_what_the_command_line_writes(studio: str):
    keyframes = "0s neutral, 1s joy:0.8"
    asked = f"{studio}/api/units.csv?keyframes={quote(keyframes)}"
    told = parse_keyframes(keyframes)
    assert get(f"{asked}&variants=joy.laugh").decode() == recording(told, 60, ["joy.laugh"])
    assert get(f"{asked}&fps=30").decode() == recording(told, 30)
    assert "choose from 24" in refusal(f"{asked}&fps=7")[1]
    assert "the studio makes 20 s" in refusal(f"{asked}{quote(', 21s neutral')}")[1]


def test_a_mixture_may_name_bundled_expressions_but_no_files(studio: str, hopper: str, tmp_path: Path):
    for path in (f"{studio}/api/units.json", f"{hopper}/edit.jpg"):
        for named, plain in (
            ("wry-smile:0.5%2Bfear:0.2", "joy:0.2%2Bdisgust:0.125%2Bfear:0.2"),
            ("laugh", "joy.laugh:0.95"),
        ):
            assert get(f"{path}?mixture={named}") == get(f"{path}?mixture={plain}")
        (tmp_path / "sly.yaml").write_text("mixture: joy")
        for text in (f"{tmp_path}/sly.yaml", f"joy%2B{tmp_path}/sly.yaml"):
            assert "is unknown" in refusal(f"{path}?mixture={text}")[1]


def test_large_pictures_are_viewed_small_and_saved_whole(editor: Editor, tmp_path: Path):
    large = Image.open(HOPPER).resize((2048, 2400), Image.Resampling.BICUBIC)
    large.save(tmp_path / "large.png")
    desk = Desk(editor)
    key, opened = desk.open((tmp_path / "large.png").read_bytes())
    assert max(pixels(desk.source(key)).shape) <= desks.VIEW_PX
    saved = pixels(desk.save(key, Look(Mixture.parse("joy")), ".png"))
    assert saved.shape == (2400, 2048, 3)
    made = np.asarray(editor.transform(large, "joy", source_affect=opened.view.source)).astype(int)
    assert np.abs(saved - made).mean() < 0.3 * np.abs(made - np.asarray(large)).mean()


def test_a_face_that_is_small_in_the_view_is_found_in_the_picture_and_numbered_as_on_the_command_line(editor: Editor):
    near, far = (Image.open(HOPPER).resize(size, Image.Resampling.BICUBIC) for size in ((1024, 1200), (256, 300)))
    crowd = Image.new("RGB", (3840, 1200))
    crowd.paste(far, (0, 0))
    crowd.paste(near, (2000, 0))
    encoded = io.BytesIO()
    crowd.save(encoded, format="PNG")
    _, opened = Desk(editor).open(encoded.getvalue())
    known = find_faces(open_picture(crowd), FaceFinder())
    for view, full in zip(opened.view.faces, opened.full.faces, strict=True):
        assert abs(full.square.centre_x - known[full.number].landmarks[:, 0].mean()) < full.square.side_px / 4
        assert view.number == full.number and view.source == full.source
        assert view.square.side_px * 3 == pytest.approx(full.square.side_px)
    assert [face.number for face in opened.full.faces] == [0, 1]
    assert known[1].box.width / 3 < SMALLEST_FACE_PX


def test_others_are_answered_while_a_clip_is_made(editor: Editor):
    desk, answers = Desk(editor), []
    key, _ = desk.open(HOPPER.read_bytes())

    def clip() -> None:
        desk.clip(key, Look(Mixture.parse("joy")), "0s neutral, 3s joy", 24, ".mp4")
        answers.append("clip")

    made = threading.Thread(target=clip)
    made.start()
    for mixture in ("joy", "fear"):
        desk.edit(key, Look(Mixture.parse(mixture)))
        answers.append(mixture)
    made.join()
    assert answers == ["joy", "fear", "clip"]


def test_a_clip_is_given_up_where_nobody_waits_for_it(editor: Editor):
    desk, asked = Desk(editor), []
    key, _ = desk.open(HOPPER.read_bytes())
    with pytest.raises(Unwanted):
        look = Look(Mixture.parse("joy"))
        desk.clip(key, look, "0s neutral, 3s joy", 24, ".mp4", lambda: len(asked.append(1) or asked) < 3)
    assert len(asked) == 3


def test_a_clip_tells_how_many_of_its_frames_are_done(editor: Editor):
    desk, told = Desk(editor), []
    key, _ = desk.open(HOPPER.read_bytes())
    look = Look(Mixture.parse("joy"))
    for suffix in (".mp4", ".gif"):
        told.clear()
        made = desk.clip(key, look, "0s neutral, 0.4s joy", 10, suffix, tell=lambda *counts: told.append(counts))
        assert made and told == [(done, 5) for done in range(6)]


def test_how_far_a_clip_is_can_be_asked_until_it_is_there(studio: str, hopper: str, monkeypatch: pytest.MonkeyPatch):
    go_on, drawn = threading.Semaphore(0), threading.Semaphore(0)

    def slowly(*_) -> Iterator[np.ndarray]:
        for _ in range(11):
            drawn.release()
            assert go_on.acquire(timeout=30)
            yield np.zeros((64, 64, 3), np.uint8)

    monkeypatch.setattr(desks, "clip_frames", slowly)
    clip = f"{hopper}/clip.mp4"
    asked, reordered = "mixture=joy&keyframes=0s joy, 1s fear&fps=10", "fps=10&keyframes=0s+joy,+1s+fear&mixture=joy"
    asked = asked.replace(" ", "%20")
    assert refusal(f"{clip}/progress.json?{asked}")[0] == 404
    made: list[bytes] = []
    making = [threading.Thread(target=lambda: made.append(get(f"{clip}?{asked}"))) for _ in range(2)]
    making[0].start()
    for done in range(4):
        assert drawn.acquire(timeout=30)
        with urlopen(f"{clip}/progress.json?{reordered}") as answer:
            assert json.loads(answer.read()) == {"frames_done": done, "frames": 11}
            assert answer.headers["Cache-Control"] == "no-store"
        go_on.release()
    for other in (f"{hopper}/clip.gif/progress.json?{asked}", f"{clip}/progress.json?{asked}&face=0"):
        assert "no such clip is being made" in refusal(other)[1]
    making[1].start()  # the same once more, of which the newest is told; it waits until the first one's frame is drawn
    deadline = time.monotonic() + 30
    while json.loads(get(f"{clip}/progress.json?{asked}")) != {"frames_done": 0, "frames": 11}:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    for _ in range(22):
        go_on.release()
    for one in making:
        one.join(timeout=60)
    assert len(made) == 2 and refusal(f"{clip}/progress.json?{asked}")[0] == 404


def test_clips_are_forgotten_and_given_up_however_their_requests_end():
    clips = Clips()
    for error in (InputError, asyncio.CancelledError):
        with pytest.raises(error), clips.making("joy") as making:
            assert clips.find("joy") is making and making.is_wanted and clips.find("fear") is None
            raise error
        assert clips.find("joy") is None and not making.is_wanted


def test_colours_of_another_profile_are_shown_as_they_are_meant(editor: Editor):
    encoded = io.BytesIO()
    Image.open(HOPPER).save(encoded, format="JPEG", quality=95, icc_profile=LINEAR)
    desk = Desk(editor)
    key, _ = desk.open(encoded.getvalue(), "linear.jpg")
    plain, _ = desk.open(HOPPER.read_bytes())
    brighter = pixels(desk.source(key)).mean() - pixels(desk.source(plain)).mean()
    assert brighter > 20
    shown = pixels(desk.sheet(key, Look(Mixture.parse("neutral")))).mean()
    assert shown > pixels(desk.sheet(plain, Look(Mixture.parse("neutral")))).mean() + 5


def test_each_face_is_edited_alone_or_all_together(editor: Editor):
    both = np.hstack([np.asarray(Image.open(HOPPER))] * 2)
    encoded = io.BytesIO()
    Image.fromarray(both).save(encoded, format="PNG")
    desk = Desk(editor)
    key, opened = desk.open(encoded.getvalue())
    assert len(opened.view.faces) == 2
    halves = []
    for face in (0, 1, "all"):
        saved = pixels(desk.save(key, Look(Mixture.parse("joy"), face=face), ".png"))
        changed = np.abs(saved - both).any(axis=2)
        halves.append((bool(changed[:, :512].any()), bool(changed[:, 512:].any())))
    with pytest.raises(InputError, match="a sheet shows one face"):
        desk.sheet(key, Look(Mixture.parse("joy"), face="all"))
    assert sorted(halves[:2]) == [(False, True), (True, False)] and halves[2] == (True, True)


def test_the_picture_unused_for_longest_goes(editor: Editor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(desks, "MOST_OPEN", 2)
    desk = Desk(editor)
    keys = [desk.open(HOPPER.read_bytes())[0] for _ in range(2)]
    desk.source(keys[0])
    desk.open(HOPPER.read_bytes())
    desk.source(keys[0])
    with pytest.raises(desks.NotOpen):
        desk.source(keys[1])


def test_pictures_go_when_they_take_too_many_bytes_but_never_the_newest(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
):
    desk = Desk(editor)
    first, picture = desk.open(HOPPER.read_bytes())
    assert picture.size_bytes > 512 * 600 * 3
    monkeypatch.setattr(desks, "MOST_OPEN_BYTES", 2 * picture.size_bytes)
    second, third = (desk.open(HOPPER.read_bytes())[0] for _ in range(2))
    assert [is_open(desk, key) for key in (first, second, third)] == [False, True, True]
    monkeypatch.setattr(desks, "MOST_OPEN_BYTES", 1)
    newest, _ = desk.open(HOPPER.read_bytes())
    assert [is_open(desk, key) for key in (second, third, newest)] == [False, False, True]


def is_open(desk: Desk, key: str) -> bool:
    try:
        return bool(desk.source(key))
    except desks.NotOpen:
        return False


def test_a_picture_that_is_viewed_small_counts_at_its_own_size(editor: Editor):
    sizes = []
    for scale in (1, 4):
        encoded = io.BytesIO()
        Image.open(HOPPER).resize((scale * 512, scale * 600)).save(encoded, format="PNG")
        sizes.append(Desk(editor).open(encoded.getvalue())[1].size_bytes)
    assert sizes[1] - sizes[0] > 15 * 512 * 600 * 3


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_a_clip_that_memory_should_not_hold_is_refused_before_it_is_drawn(
    editor: Editor, monkeypatch: pytest.MonkeyPatch, suffix: str
):
    drawn = []
    monkeypatch.setattr(desks, "clip_frames", lambda *_: (drawn.append(1) or np.zeros((64, 64, 3), np.uint8),) * 2)
    desk = Desk(editor)
    key, _ = desk.open(HOPPER.read_bytes())
    with pytest.raises(fexgan.errors.InputError, match=r"4801 frames of 512x600 px .* or a \.mp4") as error:
        desk.clip(key, Look(Mixture.parse("joy")), "0s neutral, 20s joy", 240, suffix)
    assert not drawn and "\n" not in str(error.value)
    assert desk.clip(key, Look(Mixture.parse("joy")), "0s neutral, 20s joy", 240, ".mp4") and drawn


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("edit.jpg?mixture=happy", "affect 'happy' is unknown"),
        ("edit.jpg?mixture=joy:2", "strength 2 of 'joy' is out of range"),
        ("edit.jpg?variants=joy.grin", "variant 'joy.grin' is unknown"),
        ("edit.jpg?face=1", "face 1 is not there to edit; choose from 0, or all"),
        ("edit.jpg?face=left", "face 'left' is unknown"),
        ("edit.jpg?details=2", "details '2' is unknown; give 1"),
        ("edit.jpg?face=" + 5000 * "9", "is unknown; give a number, 0 being the largest, or all"),
        ("save.bmp", ".bmp is not made here; choose from .png"),
        ("clip.mov", ".mov is not made here; choose from .mp4"),
        ("clip.mp4?keyframes=joy", "keyframe"),
        ("clip.mp4?keyframes=0s%20joy,%201s%20" + 300 * "a", "is unknown"),
        ("clip.webp?keyframes=0s%20joy,%201s%20joy&fps=nan", "nan frames a second"),
        ("clip.mp4?keyframes=0s%20joy,%20500s%20joy", "the last keyframe is at 500 s"),
        ("clip.mp4?keyframes=0s%20joy,%201s%20joy&fps=many", "fps 'many' is no number"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(hopper: str, path: str, error: str):
    code, told = refusal(f"{hopper}/{path}")
    assert code == 422 and error in told and "\n" not in told


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("KEY/save.png?mixtur=joy", "parameter 'mixtur' is unknown; did you mean 'mixture'? choose from mixture, var"),
        ("KEY/edit.jpg?mixture=joy&detail=0", "did you mean 'details'? choose from mixture, variants, face, details"),
        ("KEY/sheet.png?fps=3", "parameter 'fps' is unknown; choose from mixture, variants, face"),
        ("KEY/clip.mp4?keyframe=0s joy", "did you mean 'keyframes'?"),
        ("KEY/source.jpg?mixture=joy", "parameter 'mixture' is unknown; none is taken here"),
        ("units.json?mix=joy", "choose from mixture"),
        ("mixture.json?x", "parameter 'x' is unknown; choose from mixture"),
        ("random.png?sed=3", "did you mean 'seed'?"),
        ("studio?x=1", "none is taken here"),
        ("KEY/clip.mp4/progress.json?key=1", "choose from mixture, variants, face, keyframes, fps"),
        ("examples/hopper.jpg?x=1", "none is taken here"),
        ("POST pictures?nam=me.jpg", "did you mean 'name'? choose from name, points"),
        ("POST KEY?sources=joy", "did you mean 'source'? choose from source, face"),
        ("units.json?" + 5000 * "a", "is unknown; choose from mixture"),
    ],
)
def test_parameters_that_do_not_exist_are_refused_with_those_that_do(studio: str, hopper: str, path: str, told: str):
    _, posted, place = path.rpartition("POST ")
    address = f"{studio}/api/{place.replace('KEY', hopper.partition('/api/')[2])}".replace(" ", "%20")
    code, error = refusal(address, HOPPER.read_bytes() if posted else None)
    assert code == 422 and told in error and "\n" not in error and len(error) < 200


def test_a_mixture_is_read_for_programs_as_it_is_for_pictures(studio: str):
    read = json.loads(get(f"{studio}/api/mixture.json?mixture=laugh:0.5%2Bfear:0.2"))
    assert read == {"strengths": {"joy": 0.475, "fear": 0.2}, "variants": {"joy": "laugh"}}
    assert "variant 'joy.grin' is unknown; choose from" in refusal(f"{studio}/api/mixture.json?mixture=joy.grin")[1]


def test_what_a_file_cannot_hold_is_told_without_its_place_on_the_server(studio: str, tmp_path: Path):
    Image.open(HOPPER).convert("RGBA").rotate(5).save(tmp_path / "clear.png")
    opened = json.loads(post(studio, tmp_path / "clear.png"))
    code, told = refusal(f"{studio}/api/pictures/{opened['key']}/save.jpg?mixture=joy")
    assert (code, told) == (422, "picture.jpg cannot hold transparency; end its name in .png or .webp")


def test_what_is_no_picture_of_a_face_is_refused_by_its_own_name(studio: str):
    assert refusal(f"{studio}/api/pictures?name=me.txt", b"text") == (
        422, "me.txt cannot be read as a picture; give a whole PNG, JPEG or WebP file",
    )  # fmt: skip
    blank = io.BytesIO()
    Image.new("RGB", (64, 64)).save(blank, format="PNG")
    assert "no face found" in refusal(f"{studio}/api/pictures", blank.getvalue())[1]


def test_a_face_that_is_not_found_is_edited_where_points_say_that_it_is(editor: Editor, studio: str):
    slab = Image.new("RGB", (300, 300), (120, 130, 150))
    encoded = io.BytesIO()
    slab.save(encoded, format="PNG")
    with pytest.raises(HTTPError) as raised:
        urlopen(Request(f"{studio}/api/pictures", encoded.getvalue()))
    told = json.loads(raised.value.read())
    assert told["unplaced"] and told["error"].endswith("or say with points where its eyes and its mouth are")
    points = "100,120+200,130+150,230"
    with urlopen(Request(f"{studio}/api/pictures?points={points}", encoded.getvalue())) as answer:
        opened = json.loads(answer.read())
    (face,) = opened["faces"]
    square = editor.open(slab, points=[(100, 120), (200, 130), (150, 230)]).faces[0].square
    assert face["width"] * 300 == pytest.approx(square.side_px) and 0 < face["roll_deg"] < 10
    assert face["left"] * 300 + square.side_px / 2 == pytest.approx(square.centre_x + 0.5)  # pixels are a side wide
    assert get(f"{studio}/api/pictures/{opened['key']}/edit.jpg?mixture=joy")
    for wrong, error in (("1,2", "not three of X,Y"), ("100,120+200,130+150,1e9", "lies outside the picture")):
        code, line = refusal(f"{studio}/api/pictures?points={wrong}", encoded.getvalue())
        assert code == 422 and error in line and "\n" not in line


def test_what_a_face_shows_can_be_said_of_it_under_another_key(editor: Editor, studio: str, hopper: str):
    with urlopen(Request(f"{hopper}?source=joy", b"", method="POST")) as answer:
        told = json.loads(answer.read())
    joyful = f"{studio}/api/pictures/{told['key']}"
    assert [face["shows"] for face in told["faces"]] == ["joy"] and joyful != hopper
    assert get(f"{joyful}/edit.jpg?mixture=joy") == get(f"{hopper}/source.jpg")
    made = editor.transform(Image.open(HOPPER), "anger", source_affect="joy")
    assert np.array_equal(pixels(get(f"{joyful}/save.png?mixture=anger")), np.asarray(made))
    with urlopen(Request(f"{joyful}?source=", b"", method="POST")) as answer:
        assert [face["shows"] for face in json.loads(answer.read())["faces"]] == ["neutral"]
    assert "affect 'happy' is unknown" in refusal(f"{hopper}?source=happy", b"")[1]
    assert "face 3 is not there" in refusal(f"{hopper}?source=joy&face=3", b"")[1]


def test_a_clip_is_refused_with_the_command_that_takes_it(studio: str):
    moving = io.BytesIO()
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    frames[0].save(moving, format="GIF", save_all=True, append_images=frames[1:])
    for name, out in (("my talk.mov", "joy.mp4"), ("wave.gif", "joy.gif")):
        code, told = refusal(f"{studio}/api/pictures?name={quote(name)}", moving.getvalue())
        command = shlex.split(told.partition("fexgan ")[2])
        assert code == 422 and told.startswith(f"{name} is a clip")
        assert command == ["transform", name, "--to", "joy", "--out", out]
    frames[0].save(moving := io.BytesIO(), format="PNG", save_all=True, append_images=frames[1:])
    assert "make an MP4, GIF or WebP of it" in refusal(f"{studio}/api/pictures?name=wave.png", moving.getvalue())[1]


def test_pictures_that_are_not_there_are_not_made_up(studio: str):
    assert refusal(f"{studio}/api/pictures/nothing/edit.jpg")[0] == 404
    for name in ("nobody.png", "README.md", "..%2F..%2Fstyle.css", 300 * "a" + ".png"):
        assert urlopen_code(f"{studio}/api/examples/{name}") in (404, 422)
    for seed in ("-1", "nan", "1.5", str(2**32)):
        assert refusal(f"{studio}/api/random.png?seed={seed}")[0] == 422


def test_pages_of_other_sites_reach_nothing(studio: str):
    with pytest.raises(HTTPError) as raised:
        urlopen(Request(f"{studio}/api/studio", headers={"Host": "elsewhere.example"}))
    assert raised.value.code == 400
    sent = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
    with pytest.raises(HTTPError) as raised:
        urlopen(Request(f"{studio}/api/pictures", HOPPER.read_bytes(), headers=sent))
    assert raised.value.code == 403 and "other site" in json.loads(raised.value.read())["error"]
    own = {"Origin": studio, "Sec-Fetch-Site": "same-origin"}
    with urlopen(Request(f"{studio}/api/pictures", HOPPER.read_bytes(), headers=own)) as answer:
        assert answer.status == 201


def urlopen_code(address: str) -> int:
    with pytest.raises(HTTPError) as raised:
        urlopen(address)
    return raised.value.code


def test_a_port_that_is_taken_is_told(studio: str):
    port = int(studio.rsplit(":", 1)[1])
    with pytest.raises(fexgan.errors.InputError, match=f"cannot listen on 127.0.0.1:{port} .*give another --port"):
        Serve(port=port).run()
    with pytest.raises(fexgan.errors.InputError, match="open-cast does not edit pictures"):
        Serve(checkpoint="open-cast").run()


def test_a_file_beyond_the_limit_is_refused(studio: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("fexgan.web.server.LARGEST_BODY", 1000)
    code, told = refusal(f"{studio}/api/pictures", bytes(1001))
    assert code == 422 and "give a smaller file" in told
    assert "clips go through: fexgan transform me.mp4" in refusal(f"{studio}/api/pictures?name=me.mp4", bytes(1001))[1]


@pytest.mark.parametrize("picture", [HOPPER, SMILING])
def test_a_clip_takes_the_variants_asked_for(editor: Editor, picture: Path):
    desk = Desk(editor)
    key, _ = desk.open(picture.read_bytes())
    looks = [Look(Mixture.parse("joy"), variants) for variants in ((), (), ("joy.laugh",))]
    usual, again, laugh = (desk.clip(key, look, "0s joy, 0.1s joy", 10, ".mp4") for look in looks)
    assert usual == again != laugh
