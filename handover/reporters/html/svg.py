"""A matplotlib figure as inline SVG: in the page's own font and colours, and the same bytes each time."""

import io
import warnings
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.typing import RcKeyType

# Okabe and Ito's blue and vermilion, told apart by the colour-blind. The page has another shade of each in the dark,
# so that none of these is ever seen: they only say which of the page's colours is meant.
INK, MUTED, LINE, BAND, BLUE, VERMILION = "#1f2328", "#59636e", "#d1d9e0", "#eef1f4", "#0072b2", "#b84f00"
VARIABLES = {INK: "ink", MUTED: "muted", LINE: "line", BAND: "band", BLUE: "blue", VERMILION: "vermilion"}
WIDTH_PX, HEIGHT_PX = 360, 250  # a column of the page, and a phone: letters are as large as the text around them
SVG_UNITS_PER_INCH = 72  # of matplotlib, at any dpi
STYLE: dict[RcKeyType, Any] = {
    **dict.fromkeys(("axes.edgecolor", "grid.color", "xtick.color", "ytick.color"), LINE),
    **dict.fromkeys(("axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor"), MUTED),
    **dict.fromkeys(("axes.facecolor", "figure.facecolor"), "none"),
    **dict.fromkeys(("axes.grid", "axes.axisbelow"), True),
    **dict.fromkeys(("axes.spines.right", "axes.spines.top", "legend.frameon"), False),
    "font.size": 11.5,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "text.parse_math": False,  # a decision may be called $\x$
    "svg.fonttype": "none",  # text stays text: it takes the page's font, and can be searched and copied
}


def inline(name: str, label: str, draw: Callable[[Figure], None]) -> str:
    """Draw on an empty figure, and give it as an ``<svg>`` element to stand in HTML.

    Its ids begin with ``name``: no two figures of a page share one. A screen reader says ``label`` in its place.
    """
    with mpl.rc_context(), warnings.catch_warnings():
        # Whatever a person's own matplotlibrc says, and a browser has letters that matplotlib's font lacks.
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE | {"svg.hashsalt": name})
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        size = (WIDTH_PX / SVG_UNITS_PER_INCH, HEIGHT_PX / SVG_UNITS_PER_INCH)
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        written = io.BytesIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    root = ElementTree.fromstring(written.getvalue())  # noqa: S314  matplotlib wrote it, a line above
    _adopt(root, name)
    for noise in ("width", "height", "version"):  # the page gives it its size
        root.attrib.pop(noise, None)
    root.attrib |= {"role": "img", "aria-label": label}
    return ElementTree.tostring(root, encoding="unicode")


def _adopt(root: ElementTree.Element, name: str) -> None:
    """Make the drawing part of a page: ids of its own, no namespaces, no style sheet, the page's colours."""
    for parent in root.iter():
        for child in list(parent):
            # Its style sheet would hold for the whole page; the page's own has that one rule.
            if child.tag.endswith(("}metadata", "}style")):
                parent.remove(child)
    for element in root.iter():
        element.tag = _bare(element.tag)
        element.attrib = {_bare(key): _renamed(_bare(key), value, name) for key, value in element.attrib.items()}


def _bare(name: str) -> str:
    return name.rpartition("}")[2]


def _renamed(key: str, value: str, name: str) -> str:
    match key:
        case "id":
            return f"{name}-{value}"
        case "href" | "clip-path":
            return value.replace("#", f"#{name}-", 1)
        case "style":
            for colour, variable in VARIABLES.items():
                value = value.replace(colour, f"var(--{variable})")
    return value
