"""Shows in a notebook what a delivery's report draws: ``deliver()`` prints its table, and the plots stand below."""

import sys
from functools import wraps
from html import escape
from pathlib import Path
from typing import Any

from handover import delivery


@wraps(delivery.deliver)
def deliver(*given: Any, **named: Any) -> dict[str, Any]:
    """Deliver; in a notebook, draw how good the model is and what it looks at."""
    manifest = delivery.deliver(*given, **named)
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if getattr(shell, "kernel", None) is not None:  # a Jupyter kernel shows HTML; IPython in a terminal does not
        from IPython.display import HTML, display

        display(HTML(plots(Path(named["to"]))))
    return manifest


def plots(folder: Path) -> str:
    """Draw what the report draws of a model, as HTML that stands by itself; light, whatever the notebook is."""
    from handover.context import DeliveryContext
    from handover.reporters.html.figures import of_the_model
    from handover.reporters.html.svg import VARIABLES, WIDTH_PX

    with DeliveryContext(Path.cwd(), folder) as context:
        drawn = [figure for figure in of_the_model(context) if figure.svg]
    colours = ";".join(f"--{variable}:{colour}" for colour, variable in VARIABLES.items())
    figures = "".join(
        f'<figure style="width:{WIDTH_PX}px;margin:0 1em 1em 0"><b>{figure.title}</b>{figure.svg}'
        f"<figcaption>{escape(figure.caption)}</figcaption></figure>"
        for figure in drawn
    )
    page = f"display:flex;flex-wrap:wrap;padding:1em;background:#fff;color:var(--ink);{colours}"
    return f'<div style="{page}">{figures}</div>'
