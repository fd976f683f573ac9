"""Checks the manifests of every overlay, offline: python deploy/kubernetes/check (make lint-kubernetes)."""

import sys
import tempfile
from pathlib import Path

import checks
import conduct
import overlays
import prometheus_rule


def main() -> int:
    found = [*conduct.files(), *prometheus_rule.problems()]
    with tempfile.TemporaryDirectory() as folder:
        manifests = overlays.copy(Path(folder))
        for name in overlays.OVERLAYS:
            overlay = overlays.render(manifests, name)
            found += [f"{name}: {problem}" for problem in checks.problems(overlay)]
            print(f"{name}: {len(overlay.objects)} objects")
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
