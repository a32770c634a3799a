"""The only file that knows Blender: geometry from the studio's modules in, pictures out.

Cycles on the CPU, few samples, OpenImageDenoise. Head space (dm, y up, z forward) becomes Blender's metres with z up
and the face towards -y. What is rigid with the head moves as objects, not as vertices, so that Cycles keeps its
ray-tracing tree of the hair from frame to frame.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fexgan.errors import InputError
from fexgan.media import read_image
from fexgan.picture import Box
from fexgan.studio import camera, materials, teeth
from fexgan.studio.anatomy import SIDES
from fexgan.studio.camera import AIM_M, FRAME_HEIGHT_M, TO_BLENDER, camera_distance_m, camera_position_m
from fexgan.studio.close_up import borders
from fexgan.studio.eyeball import make_eyeball
from fexgan.studio.facial_hair import grow_beard, grow_brows, grow_lashes
from fexgan.studio.figure import Figure, PosedFace
from fexgan.studio.garments import Piece, dress
from fexgan.studio.glasses import make_glasses
from fexgan.studio.hair import grow_hair, radius_dm
from fexgan.studio.mesh import Mesh
from fexgan.studio.silence import silence
from fexgan.studio.staging import AMBIENT, AMBIENT_COLOR, LIGHTS, Staging

try:
    import bpy
    from mathutils import Matrix, Vector
except ImportError as error:
    raise InputError(
        f"filming needs Blender as a module, which cannot be loaded ({error}); with Python 3.11 pip install "
        "'fexgan-meta[studio]' and the libraries that README.md names"
    ) from None

SENSOR_MM, TONGUE = 36.0, (0.35, 0.10, 0.09)
BEHIND_BACKDROP_M = (0.0, 3.0, 0.0)


@dataclass(frozen=True)
class RenderSettings:
    """`size_px` of the square picture, `samples` per pixel before denoising, `threads` (0: all cores)."""

    size_px: int = 160
    samples: int = 8
    threads: int = 0


class Renderer:
    """A lit set with one seat: `seat` a figure, then `shoot` its poses."""

    def __init__(self, settings: RenderSettings) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self._scene = bpy.context.scene
        self._configure(settings)
        self._stage = _Stage(self._scene)
        self._actor: _Actor | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="fexgan-")
        self._still = Path(self._folder.name) / "frame.png"
        self._scene.render.filepath = str(self._still)

    def stage(self, staging: Staging) -> None:
        """Light the set and place its camera and backdrop as `staging` says, until told otherwise."""
        self._stage.set(staging)

    def crop(self, window: Box | None) -> None:
        """Shoot only this part of the picture from now on, its left, top, right and bottom in pixels; None: all."""
        render, sides = self._scene.render, borders(window, self._scene.render.resolution_x)
        render.use_border = render.use_crop_to_border = window is not None
        render.border_min_x, render.border_max_y, render.border_max_x, render.border_min_y = sides

    def seat(self, figure: Figure) -> None:
        """Build `figure`'s objects in place of the last one's."""
        if self._actor is not None:
            self._actor.leave()
        self._actor = _Actor(self._scene, figure)

    def shoot(self, face: PosedFace) -> np.ndarray:
        """One picture, pixels [size_px, size_px, 3] uint8 or what is cropped of it, of the seated figure."""
        if self._actor is None:
            raise RuntimeError("seat a figure before shooting")
        self._actor.take(face)
        with silence():
            bpy.ops.render.render(write_still=True)
        return read_image(self._still)

    def _configure(self, settings: RenderSettings) -> None:
        scene, render = self._scene, self._scene.render
        render.engine = "CYCLES"
        cycles = scene.cycles
        cycles.device = "CPU"
        cycles.samples = settings.samples
        cycles.use_adaptive_sampling = False
        cycles.use_denoising = True
        cycles.denoiser = "OPENIMAGEDENOISE"
        cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
        cycles.max_bounces = 4
        cycles.diffuse_bounces, cycles.glossy_bounces = 2, 1
        cycles.caustics_reflective = cycles.caustics_refractive = False
        cycles.seed = 1
        cycles.filter_width = 1.1
        scene.cycles_curves.shape = "RIBBONS"
        render.resolution_x = render.resolution_y = settings.size_px
        render.use_persistent_data = True
        render.image_settings.file_format = "PNG"
        render.image_settings.compression = 0
        if settings.threads:
            render.threads_mode = "FIXED"
            render.threads = settings.threads
        scene.view_settings.view_transform = "AgX"
        scene.view_settings.look = "AgX - High Contrast"
        scene.view_settings.exposure = 0.15


class _Stage:
    """Lights, backdrop and camera."""

    def __init__(self, scene: bpy.types.Scene) -> None:
        world = bpy.data.worlds.new("world")
        world.use_nodes = True
        self._ambient = world.node_tree.nodes["Background"]
        self._ambient.inputs[0].default_value = AMBIENT_COLOR
        scene.world = world
        self._lights = [_link(scene, "light", bpy.data.lights.new("light", "AREA")) for _ in LIGHTS]
        wall = bpy.data.meshes.new("backdrop")
        wall.from_pydata([(-4, 1.3, -3), (4, 1.3, -3), (4, 1.3, 4), (-4, 1.3, 4)], [], [[0, 1, 2, 3]])
        wall.materials.append(bpy.data.materials.new("backdrop"))
        self._wall = _link(scene, "backdrop", wall)
        lens = bpy.data.cameras.new("camera")
        lens.sensor_width = SENSOR_MM
        self._camera = scene.camera = _link(scene, "camera", lens)
        self.set(Staging())

    def set(self, staging: Staging) -> None:
        """Arrange everything as `staging` says."""
        self._ambient.inputs[1].default_value = AMBIENT * staging.ambient
        turn = Matrix.Rotation(math.radians(staging.light_turn_deg), 4, "Z")
        for placed, gain, (position, size, power, color) in zip(self._lights, staging.light_gains, LIGHTS, strict=True):
            light = placed.data
            light.size, light.energy = size, gain * power
            light.color = [own * tint for own, tint in zip(color, staging.light_color, strict=True)]
            placed.location = turn @ Vector(position)
            _aim(placed, Vector((0, -0.1, 0.72)))
        materials.plain(self._wall.data.materials[0], staging.backdrop, 0.9)
        self._camera.location = Vector(camera_position_m(staging))
        _aim(self._camera, Vector(AIM_M))
        self._camera.data.lens = SENSOR_MM * camera_distance_m(staging) / FRAME_HEIGHT_M


class _Actor:
    """The Blender objects of one figure."""

    def __init__(self, scene: bpy.types.Scene, figure: Figure) -> None:
        self.figure, self._scene = figure, scene
        character = figure.character
        hair_color = character.hair.color
        brow_color = tuple(0.6 * channel for channel in hair_color)
        self._objects: list[bpy.types.Object] = []
        self._skin, self._skin_ids = self._mesh(
            "skin", Mesh(figure.rest, figure.anatomy.body), _material(materials.skin, character), 1
        )
        for name, values, kind in (
            ("rest", figure.anatomy.base * 0.1, "FLOAT_VECTOR"),
            ("tone", np.column_stack([figure.skin_color, np.ones(len(figure.rest))]), "FLOAT_COLOR"),
            ("roughness", figure.roughness, "FLOAT"),
        ):
            _set_attribute(self._skin.data, name, kind, values[self._skin_ids])
        self._mouth = [self._mouth_part(part, quads) for part, quads in figure.anatomy.parts.items()]
        self._eyes = {side: self._eyeball(side) for side in SIDES}
        self._rigid: list[bpy.types.Object] = []
        strands = grow_hair(figure)
        if strands is not None:
            hair = self._curves("hair", strands, radius_dm(character.hair, scene.render.resolution_y), hair_color)
            self._keep_ray_tree(hair)
            self._rigid.append(hair)
        self._grooms = [
            (groom, self._curves(name, groom.at(figure.rest), radius, color))
            for name, groom, radius, color in (
                ("brows", grow_brows(figure), 0.0011, brow_color),
                ("lashes", grow_lashes(figure), 0.0013, (0.012, 0.009, 0.008)),
                ("beard", grow_beard(figure), 0.0026, hair_color),
            )
            if groom is not None
        ]
        self._clothes: list[tuple[bpy.types.Object, Piece]] = []
        for piece in dress(figure):
            cloth = _material(materials.cloth, piece.color, character.clothing, piece.at_neck)
            placed, _ = self._mesh("cloth", piece.mesh, cloth, 0)
            if piece.head_share is not None:
                self._clothes.append((placed, piece))
            elif not piece.at_neck:
                self._keep_ray_tree(placed)
        if character.glasses:
            frame = _material(materials.frame, character.glasses)
            for mesh, material in zip(
                make_glasses(figure, character.glasses), (frame, _material(materials.lens)), strict=True
            ):
                self._rigid.append(self._mesh("glasses", mesh, material, 0)[0])

    def take(self, face: PosedFace) -> None:
        """Move everything to a pose."""
        for placed, ids in [(self._skin, self._skin_ids), *self._mouth]:
            _set_points(placed.data, face.vertices[ids])
        _set_attribute(self._skin.data, "folds", "FLOAT", face.folds[self._skin_ids])
        _set_attribute(self._skin.data, "forehead", "FLOAT", face.forehead[self._skin_ids])
        for groom, placed in self._grooms:
            points = groom.at(face.vertices, face.rotation).reshape(-1, 3) @ TO_BLENDER.T
            placed.data.position_data.foreach_set("vector", points.astype(np.float32).ravel())
            placed.data.update_tag()
        for placed, piece in self._clothes:
            _set_points(placed.data, piece.turned(face))
        turn = _matrix(face.rotation, face.pivot)
        for placed in self._rigid:
            placed.matrix_world = turn
        for side, placed in self._eyes.items():
            centre = self.figure.pivot + face.rotation @ (self.figure.eye_centers[side] - self.figure.pivot)
            axes = camera.axes_in_blender(face.eye_rotations[side]) * (self.figure.eye_radii[side] * 0.1)
            placed.matrix_world = Matrix.Translation(TO_BLENDER @ centre) @ Matrix(axes).to_4x4()

    def leave(self) -> None:
        """Remove every object of this actor, and what it is made of."""
        owned = {placed.data for placed in self._objects}
        painted = {material for data in owned for material in data.materials}
        bpy.data.batch_remove([*self._objects, *owned, *painted])

    def _mesh(
        self, name: str, mesh: Mesh, material: bpy.types.Material, subdivisions: int
    ) -> tuple[bpy.types.Object, np.ndarray]:
        ids = np.unique(mesh.quads)
        renumber = np.zeros(ids.max() + 1, int)
        renumber[ids] = np.arange(len(ids))
        data = bpy.data.meshes.new(name)
        data.from_pydata((mesh.vertices[ids] @ TO_BLENDER.T).tolist(), [], renumber[mesh.quads].tolist())
        data.polygons.foreach_set("use_smooth", [True] * len(data.polygons))
        data.materials.append(material)
        placed = self._place(name, data)
        if subdivisions:
            modifier = placed.modifiers.new("smooth", "SUBSURF")
            modifier.levels = modifier.render_levels = subdivisions
        return placed, ids

    def _mouth_part(self, part: str, quads: np.ndarray) -> tuple[bpy.types.Object, np.ndarray]:
        """The tongue or a band of teeth, and the body's vertices that it has."""
        if part not in teeth.CROWNS_DM:
            return self._mesh(part, Mesh(self.figure.rest, quads), _material(materials.plain, TONGUE, 0.4), 1)
        paint = _material(materials.teeth, teeth.gaps_dm(part), teeth.CROWN_HEIGHT_DM[part])
        placed, ids = self._mesh(part, Mesh(self.figure.rest, quads), paint, 1)
        band = self.figure.anatomy.base[ids]
        for name, values in (("along", teeth.along_arch(band)), ("above", teeth.above_edge(band, part))):
            _set_attribute(placed.data, name, "FLOAT", values)
        return placed, ids

    def _curves(
        self, name: str, strands: np.ndarray, radius_dm: float, color: tuple[float, float, float]
    ) -> bpy.types.Object:
        count, points, _ = strands.shape
        data = bpy.data.hair_curves.new(name)
        data.add_curves([points] * count)
        data.materials.append(_material(materials.hair, color))
        thickness = self.figure.generator.uniform(0.7, 1.3, (count, 1)) * np.linspace(1, 0.35, points)
        radius = data.attributes.new("radius", "FLOAT", "POINT")
        radius.data.foreach_set("value", (thickness * radius_dm * 0.1).astype(np.float32).ravel())
        data.position_data.foreach_set("vector", (strands.reshape(-1, 3) @ TO_BLENDER.T).astype(np.float32).ravel())
        return self._place(name, data)

    def _eyeball(self, side: str) -> bpy.types.Object:
        """The eye's globe; the renderer gives it its size and gaze."""
        globe = make_eyeball()
        data = bpy.data.meshes.new("eye")
        data.from_pydata(globe.vertices.tolist(), [], globe.quads.tolist())
        data.polygons.foreach_set("use_smooth", [True] * len(globe.quads))
        data.materials.append(_material(materials.eye, self.figure.character.iris))
        _set_attribute(data, "angle", "FLOAT", globe.angle_deg)
        _set_attribute(data, "place", "FLOAT_VECTOR", globe.place)
        return self._place("eye", data)

    def _keep_ray_tree(self, placed: bpy.types.Object) -> None:
        """Give geometry that never deforms a twin behind the backdrop.

        Cycles melts geometry with a single user into one tree that it builds anew for every frame; what has two users
        keeps a tree of its own.
        """
        twin = self._place(placed.name, placed.data)
        twin.location = BEHIND_BACKDROP_M

    def _place(self, name: str, data: bpy.types.ID) -> bpy.types.Object:
        placed = _link(self._scene, name, data)
        self._objects.append(placed)
        return placed


def _link(scene: bpy.types.Scene, name: str, data: bpy.types.ID) -> bpy.types.Object:
    placed = bpy.data.objects.new(name, data)
    scene.collection.objects.link(placed)
    return placed


def _aim(placed: bpy.types.Object, at: Vector) -> None:
    placed.rotation_euler = (at - placed.location).to_track_quat("-Z", "Y").to_euler()


def _material(paint: Callable[..., None], *settings: object) -> bpy.types.Material:
    material = bpy.data.materials.new(paint.__name__)
    paint(material, *settings)
    return material


def _matrix(rotation: np.ndarray, pivot: np.ndarray) -> Matrix:
    """The object transform that turns rest geometry about `pivot` (head space)."""
    at = Vector(TO_BLENDER @ pivot)
    return Matrix.Translation(at) @ Matrix(camera.axes_in_blender(rotation)).to_4x4() @ Matrix.Translation(-at)


def _set_points(data: bpy.types.Mesh, points: np.ndarray) -> None:
    data.vertices.foreach_set("co", (points @ TO_BLENDER.T).astype(np.float32).ravel())
    data.update()


def _set_attribute(data: bpy.types.Mesh, name: str, kind: str, values: np.ndarray) -> None:
    attribute = data.attributes.get(name) or data.attributes.new(name, kind, "POINT")
    key = {"FLOAT": "value", "FLOAT_VECTOR": "vector", "FLOAT_COLOR": "color"}[kind]
    attribute.data.foreach_set(key, np.ascontiguousarray(values, np.float32).ravel())
