"""The alert rules of deploy/prometheus as an object of the Prometheus Operator.

Kustomize reads nothing outside its own folders, so monitoring/rules.yaml is generated (make kubernetes-rules)
and kept; the check tells when it is not what the rules say.
"""

from collections.abc import Iterator

import yaml

from overlays import ROOT

SOURCE = ROOT.parent / "prometheus"
RULES = ROOT / "monitoring/rules.yaml"
HEAD = "# Generated from deploy/prometheus: make kubernetes-rules\n"


def generated() -> str:
    groups = []
    for path in sorted(SOURCE.glob("**/*.y*ml")):
        content = yaml.safe_load(path.read_text())
        if isinstance(content, dict):
            groups += content.get("groups", [])
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": "baton",
            "labels": {"app.kubernetes.io/name": "baton", "app.kubernetes.io/part-of": "baton"},
        },
        "spec": {"groups": groups},
    }
    return HEAD + yaml.safe_dump(rule, sort_keys=False, allow_unicode=True, width=120)


def problems() -> Iterator[str]:
    if not RULES.is_file() or RULES.read_text() != generated():
        yield f"{RULES.relative_to(ROOT)} is not what deploy/prometheus says: make kubernetes-rules"


if __name__ == "__main__":
    RULES.write_text(generated())
