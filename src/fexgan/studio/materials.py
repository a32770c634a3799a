"""How skin, eyes, hair and cloth look: node graphs on Blender materials that the renderer hands in.

Nothing here imports Blender. `Graph` wraps one material's node tree; each function paints one kind of surface from
attributes that the renderer keeps on the geometry. Colours are linear RGB.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fexgan.studio.cast import Character, Clothing, Color, Glasses

# Eyeball by angle from the gaze axis in degrees: pupil and iris as multiples of the iris colour, then the white.
IRIS_STOPS = ((0.0, 0.0), (8.5, 0.0), (9.5, 1.3), (15.0, 1.0), (22.0, 0.75), (25.0, 0.2))
WHITE_STOPS = ((27.5, (0.42, 0.40, 0.39)), (33.0, (0.60, 0.57, 0.55)), (60.0, (0.58, 0.47, 0.44)))
WIDEST_EYE_ANGLE_DEG = 60.0
TOOTH, GUM = (0.80, 0.75, 0.66), (0.42, 0.13, 0.11)
TOOTH_CORNER_DM = 0.018
FRECKLE = (0.62, 0.42, 0.34)
# A stripe and the gap beside it.
STRIPE_WIDTH_M, SHIRT_STRIPE_WIDTH_M, CHECK_WIDTH_M = 0.016, 0.007, 0.012
RIBS, RIB_DEPTH, NECK_AXIS_DEPTH_M = 80.0, 1.0, 0.04


class Graph:
    """A material's node tree with short verbs: add a node, feed its inputs with numbers or other nodes' outputs."""

    def __init__(self, material: Any) -> None:
        material.use_nodes = True
        self._tree = material.node_tree
        self.surface = self._tree.nodes["Principled BSDF"]

    def add(self, kind: str, inputs: dict[Any, Any] | None = None, output: Any = 0, **properties: Any) -> Any:
        """A new node's output socket; `inputs` by name or number are values or sockets."""
        node = self._tree.nodes.new(f"ShaderNode{kind}")
        for name, value in properties.items():
            setattr(node, name, value)
        self.feed(node, inputs or {})
        return node.outputs[output]

    def feed(self, node: Any, inputs: dict[Any, Any]) -> None:
        """Set or link a node's inputs."""
        for name, value in inputs.items():
            if hasattr(value, "is_output"):
                self._tree.links.new(value, node.inputs[name])
            else:
                node.inputs[name].default_value = value

    def attribute(self, name: str, output: str = "Fac") -> Any:
        """What the geometry carries under `name`."""
        return self.add("Attribute", output=output, attribute_name=name)

    def math(self, operation: str, *operands: Any) -> Any:
        return self.add("Math", dict(enumerate(operands)), operation=operation)

    def scaled(self, color: Any, factor: Any) -> Any:
        """A colour or vector times a number."""
        return self.add("VectorMath", {0: color, "Scale": factor}, operation="SCALE")

    def remapped(self, value: Any, low: float, high: float, to_low: float, to_high: float) -> Any:
        """`value` carried from [low, high] to [to_low, to_high], clamped."""
        return self.add("MapRange", {0: value, 1: low, 2: high, 3: to_low, 4: to_high})

    def noise(self, place: Any, scale: float, detail: float = 4.0) -> Any:
        return self.add("TexNoise", {"Vector": place, "Scale": scale, "Detail": detail}, output="Fac")


def plain(material: Any, color: Color, roughness: float) -> None:
    """One even colour."""
    graph = Graph(material)
    graph.feed(graph.surface, {"Base Color": (*color, 1), "Roughness": roughness})


def teeth(material: Any, gaps: tuple[float, ...], crown_height: float) -> None:
    """Teeth apart from one another, and the gums that they stand in, by attributes `along` and `above` (see teeth).

    `gaps`: where along the arch they meet; `crown_height`: how far above the biting edge gums begin; both in dm.
    """
    graph = Graph(material)
    along, above = graph.attribute("along"), graph.attribute("above")
    nearest = None
    for gap in gaps:
        distance = graph.math("ABSOLUTE", graph.math("SUBTRACT", along, gap))
        nearest = distance if nearest is None else graph.math("MINIMUM", nearest, distance)
    # Corners are round: towards the biting edge teeth stand further apart.
    corner = graph.remapped(above, 0.0, TOOTH_CORNER_DM, TOOTH_CORNER_DM, 0.0)
    clearance = graph.math("SUBTRACT", nearest, graph.math("MULTIPLY", corner, 0.5))
    bright = graph.math(
        "MULTIPLY", graph.remapped(clearance, 0.0, 0.014, 0.30, 1.0), graph.remapped(nearest, 0.0, 0.03, 0.86, 1.0)
    )
    enamel = graph.scaled(TOOTH, bright)
    # Gums reach further down between two teeth than in their middle.
    gum = graph.math("ADD", above, graph.remapped(nearest, 0.0, 0.03, 0.022, 0.0))
    share = graph.remapped(gum, crown_height - 0.004, crown_height + 0.006, 0.0, 1.0)
    color = graph.add("Mix", {"Factor": share, 6: enamel, 7: (*GUM, 1)}, output=2, data_type="RGBA")
    graph.feed(graph.surface, {"Base Color": color, "Roughness": 0.25})


def skin(material: Any, character: Character) -> None:
    """Mottled skin over attribute `tone`, pores, freckles, folds and the forehead's lines."""
    graph = Graph(material)
    place = graph.attribute("rest", "Vector")
    blotches = graph.remapped(graph.noise(place, 45, 6), 0.3, 0.7, 0.90, 1.08)
    grain = graph.noise(place, 400)
    mottling = graph.math("MULTIPLY", blotches, graph.remapped(grain, 0.3, 0.7, 0.92, 1.06))
    if character.freckles:
        spots = graph.remapped(graph.noise(place, 380, 1), 0.60, 0.72, 1.0, 1.0 - 0.28 * min(character.freckles, 1.0))
        mottling = graph.math("MULTIPLY", mottling, spots)
    if character.age_years > 50:
        spots = graph.remapped(graph.noise(place, 70, 2), 0.64, 0.72, 1.0, 0.82)
        mottling = graph.math("MULTIPLY", mottling, spots)
    color = graph.scaled(graph.attribute("tone", "Color"), mottling)
    if character.freckles > 1:
        color = _freckled(graph, place, color, character.freckles - 1)
    depth = float(np.mean(character.skin))
    graph.feed(
        graph.surface,
        {
            "Base Color": color,
            "Roughness": graph.attribute("roughness"),
            "Subsurface Weight": 0.2 + 0.15 * min(1.0, depth / 0.3),
            "Subsurface Radius": (1, 0.35, 0.2),
            "Subsurface Scale": 0.006,
            "Specular IOR Level": 0.38,
        },
    )
    pores = graph.add("TexVoronoi", {"Vector": place, "Scale": 700.0}, output="Distance")
    texture = graph.add("Bump", {"Strength": 0.22, "Distance": 0.0006, "Height": graph.math("ADD", pores, grain)})
    height = graph.add("SeparateXYZ", {0: place}, output="Y")
    bend = graph.math("MULTIPLY", graph.noise(place, 14, 1), 4.0)
    lines = graph.math("SINE", graph.math("MULTIPLY_ADD", height, 570.0, bend))
    if character.lines:
        lines = _with_fine_lines(graph, place, height, bend, lines)
    creases = graph.math("MULTIPLY", graph.attribute("forehead"), graph.math("MULTIPLY_ADD", lines, 0.5, 0.5))
    depth_of_folds = graph.math("MULTIPLY", graph.math("ADD", creases, graph.attribute("folds")), -1.0)
    folded = graph.add("Bump", {"Strength": 0.9, "Distance": 0.0010, "Height": depth_of_folds, "Normal": texture})
    graph.feed(graph.surface, {"Normal": folded})


def _with_fine_lines(graph: Graph, place: Any, height: Any, bend: Any, forehead: Any) -> Any:
    """The forehead's lines; below the brows those across the nose's root, and rays from the eyes' outer corners."""
    out = graph.math("SUBTRACT", graph.math("ABSOLUTE", graph.add("SeparateXYZ", {0: place}, output="X")), 0.044)
    ray = graph.math("ARCTAN2", graph.math("SUBTRACT", height, 0.7285), out)
    feet = graph.math("SINE", graph.math("MULTIPLY_ADD", ray, 15.0, bend))
    across = graph.math("SINE", graph.math("MULTIPLY_ADD", height, 1000.0, bend))
    beside, below = graph.math("GREATER_THAN", out, -0.014), graph.math("LESS_THAN", height, 0.7455)
    fine = graph.add("Mix", {0: beside, 2: across, 3: feet})
    return graph.add("Mix", {0: below, 2: forehead, 3: fine})


def _freckled(graph: Graph, place: Any, color: Any, amount: float) -> Any:
    """`color` with brown dots of many sizes, darkest over nose and cheeks."""
    far = graph.add("VectorMath", {0: place, 1: (0, 0.697, 0.140)}, output="Value", operation="DISTANCE")
    cells = {"Vector": place, "Scale": 420.0}
    size = graph.add("SeparateColor", {0: graph.add("TexVoronoi", cells, output="Color")})
    beyond = graph.math("MULTIPLY_ADD", size, -0.42, graph.add("TexVoronoi", cells, output="Distance"))
    spots = graph.math("MULTIPLY", graph.remapped(beyond, -0.10, 0.06, 1.0, 0.0), graph.attribute("roughness"))
    share = graph.math("MULTIPLY", spots, graph.remapped(far, 0.030, 0.075, 1.5 * amount, 0.5 * amount))
    darker = graph.add("VectorMath", {0: color, 1: FRECKLE}, operation="MULTIPLY")
    return graph.add("Mix", {0: share, 6: color, 7: darker}, output=2, data_type="RGBA")


def eye(material: Any, iris: Color) -> None:
    """Pupil, iris and white by attribute `angle`, under a wet coat."""
    graph = Graph(material)
    position = graph.remapped(graph.attribute("angle"), 0.0, WIDEST_EYE_ANGLE_DEG, 0.0, 1.0)
    ramp = graph.add("ValToRGB", {0: position})
    elements = ramp.node.color_ramp.elements
    stops = [(angle, tuple(share * channel for channel in iris)) for angle, share in IRIS_STOPS] + list(WHITE_STOPS)
    while len(elements) < len(stops):
        elements.new(0.5)
    for element, (angle, color) in zip(elements, stops, strict=True):
        element.position = angle / WIDEST_EYE_ANGLE_DEG
        element.color = (*color, 1)
    fibres = graph.remapped(graph.noise(graph.attribute("place", "Vector"), 9, 5), 0.0, 1.0, 0.6, 1.3)
    graph.feed(
        graph.surface,
        {"Base Color": graph.scaled(ramp, fibres), "Roughness": 0.25, "Coat Weight": 1.0, "Coat Roughness": 0.02},
    )


def hair(material: Any, color: Color) -> None:
    """Strands that vary in lightness and brighten towards the tip.

    Plain Principled: Blender's hair shader came out pale and ten times slower at these sample counts.
    """
    graph = Graph(material)
    of_strand = graph.remapped(graph.add("HairInfo", output="Random"), 0.0, 1.0, 0.6, 1.45)
    along = graph.remapped(graph.add("HairInfo", output="Intercept"), 0.0, 1.0, 0.6, 1.2)
    lightness = graph.math("MULTIPLY", of_strand, along)
    graph.feed(
        graph.surface,
        {"Base Color": graph.scaled(color, lightness), "Roughness": 0.42, "Specular IOR Level": 0.45},
    )


def cloth(material: Any, color: Color, clothing: Clothing, at_neck: bool) -> None:
    """Matt weave with soft creases, striped or checked; about the neck of tees and turtlenecks plain, there ribbed."""
    graph = Graph(material)
    place = graph.add("TexCoord", output="Object")
    relief = graph.math("MULTIPLY_ADD", graph.noise(place, 14, 2), 14.0, graph.noise(place, 900))
    if at_neck and clothing.kind == "turtleneck":
        relief = graph.math("MULTIPLY_ADD", _ribs(graph, place), RIB_DEPTH, relief)
    bumped = graph.add("Bump", {"Strength": 0.5, "Distance": 0.0025, "Height": relief})
    plain_neck = at_neck and clothing.kind in ("tee", "turtleneck")
    dyed = (
        (*color, 1) if clothing.pattern == "plain" or plain_neck else _pattern(graph, place, color, clothing, at_neck)
    )
    graph.feed(graph.surface, {"Base Color": dyed, "Roughness": 0.85, "Sheen Weight": 0.3, "Normal": bumped})


def _pattern(graph: Graph, place: Any, color: Color, clothing: Clothing, at_neck: bool) -> Any:
    """`color` striped with the accent, or checked by half-mixed stripes both ways.

    Stripes are upright on shirts and level on all else; a collar is cut across the cloth it stands on.
    """
    across, level = (graph.add("SeparateXYZ", {0: place}, output=axis) for axis in "XZ")
    if clothing.pattern == "checks":
        shift = CHECK_WIDTH_M / 2 if at_neck else 0.0
        both = [_stripes(graph, graph.math("ADD", along, shift), CHECK_WIDTH_M) for along in (across, level)]
        share = graph.math("MULTIPLY", graph.math("ADD", *both), 0.5)
    elif clothing.kind == "shirt":
        share = _stripes(graph, level if at_neck else across, SHIRT_STRIPE_WIDTH_M)
    else:
        share = _stripes(graph, level, STRIPE_WIDTH_M)
    mixed = {0: share, 6: (*color, 1), 7: (*clothing.accent, 1)}
    return graph.add("Mix", mixed, output=2, data_type="RGBA")


def _ribs(graph: Graph, place: Any) -> Any:
    """Upright knitted ribs about the neck's axis, -1 to 1."""
    across, forward = (graph.add("SeparateXYZ", {0: place}, output=axis) for axis in "XY")
    angle = graph.math("ARCTAN2", across, graph.math("ADD", forward, NECK_AXIS_DEPTH_M))
    return graph.math("SINE", graph.math("MULTIPLY", angle, RIBS))


def _stripes(graph: Graph, along: Any, width_m: float) -> Any:
    """1 on a stripe, 0 in the gap beside it, again and again every `width_m`."""
    return graph.math("GREATER_THAN", graph.math("PINGPONG", along, width_m / 2), width_m / 4)


def frame(material: Any, glasses: Glasses) -> None:
    """The frame of glasses: metal where it is round, plastic where it is square."""
    metal = glasses.shape == "round"
    graph = Graph(material)
    look = {"Metallic": 0.8 if metal else 0.0, "Roughness": 0.3 if metal else 0.35}
    graph.feed(graph.surface, {"Base Color": (*glasses.color, 1), **look})


def lens(material: Any) -> None:
    """Clear glass that mirrors a little, more towards its edge; nothing is bent behind it."""
    graph = Graph(material)
    mirrored = graph.remapped(graph.add("LayerWeight", {"Blend": 0.5}, output="Fresnel"), 0.0, 1.0, 0.01, 0.07)
    graph.feed(graph.surface, {"Base Color": (1, 1, 1, 1), "Metallic": 1.0, "Roughness": 0.06, "Alpha": mirrored})
