"""Renders a drawing as inline SVG: no script, no font, nothing fetched."""

from html import escape

from reports.charts.drawing import Area, Box, Drawing, Label, Line, Shape


def render_svg(drawing: Drawing) -> str:
    """Return one `<svg>` element that scales with the page and says its title to screen readers."""
    shapes = "".join(_shape(shape) for shape in drawing.shapes)
    title = escape(drawing.title)
    return (
        f'<svg viewBox="0 0 {_n(drawing.width)} {_n(drawing.height)}" role="img" aria-label="{title}" '
        f'font-family="Helvetica, Arial, sans-serif"><title>{title}</title>{shapes}</svg>'
    )


def _shape(shape: Shape) -> str:
    if isinstance(shape, Box):
        size = f'x="{_n(shape.left)}" y="{_n(shape.top)}" width="{_n(shape.width)}" height="{_n(shape.height)}"'
        return f'<rect {size} fill="{shape.fill}" stroke="{shape.stroke}" stroke-width="0.5"/>'
    if isinstance(shape, Line):
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in shape.points)
        dashed = ' stroke-dasharray="3 2"' if shape.dashed else ""
        return f'<polyline points="{points}" fill="none" stroke="{shape.stroke}" stroke-width="{shape.width}"{dashed}/>'
    if isinstance(shape, Area):
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in shape.points)
        return f'<polygon points="{points}" fill="{shape.fill}" stroke="{shape.stroke}" stroke-width="0.5"/>'
    return _label(shape)


def _label(label: Label) -> str:
    weight = ' font-weight="bold"' if label.bold else ""
    turned = f' transform="rotate(-90 {_n(label.left)} {_n(label.baseline)})"' if label.turned else ""
    return (
        f'<text x="{_n(label.left)}" y="{_n(label.baseline)}" font-size="{label.size}" '
        f'text-anchor="{label.anchor}"{weight}{turned}>{escape(label.text)}</text>'
    )


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
