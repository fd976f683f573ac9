"""All that is checked of an overlay."""

from collections.abc import Iterator

import conduct
import network
import references
import schemas
from overlays import Overlay

# These trust the shape of what they look at.
OTHERS = (references, network, conduct)


def problems(overlay: Overlay) -> Iterator[str]:
    misshapen = list(schemas.problems(overlay))
    yield from misshapen
    if not misshapen:
        for look in OTHERS:
            yield from look.problems(overlay)
