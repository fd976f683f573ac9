"""Renders the overlays as an operator does, and makes their objects easy to ask."""

import base64
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
# One with the component that none has by itself.
WITH_HAPROXY = "redis-single-haproxy"
OVERLAYS = [*sorted(path.name for path in (ROOT / "overlays").iterdir() if path.is_dir()), WITH_HAPROXY]
WORKLOADS = ("StatefulSet", "Deployment", "Job")


class Overlay:
    """The objects of one rendered overlay."""

    def __init__(self, name: str, objects: list[dict]):
        self.name = name
        self.objects = objects

    def of(self, *kinds: str) -> list[dict]:
        return [o for o in self.objects if o["kind"] in kinds]

    def find(self, kind: str, name: str) -> dict | None:
        return next((o for o in self.of(kind) if o["metadata"]["name"] == name), None)

    def get(self, kind: str, name: str) -> dict:
        found = self.find(kind, name)
        if found is None:
            raise KeyError(f"{self.name} has no {kind} {name}")
        return found

    def workloads(self) -> list[dict]:
        return self.of(*WORKLOADS)

    def selected(self, labels: dict) -> list[dict]:
        """The workloads whose pods have these labels. A pod of a StatefulSet also has its own name."""
        name = labels.get("statefulset.kubernetes.io/pod-name")
        if name is not None:
            owner, _, _ = name.rpartition("-")
            return [w for w in self.of("StatefulSet") if w["metadata"]["name"] == owner]
        return [w for w in self.workloads() if labels.items() <= pod_labels(w).items()]

    def data(self, kind: str, name: str) -> dict[str, str] | None:
        """The content of a ConfigMap or Secret, as text; None where there is none."""
        found = self.find(kind, name)
        if found is None:
            return None
        data = found.get("data", {})
        if kind == "Secret":
            return {key: base64.b64decode(value).decode() for key, value in data.items()}
        return data

    def environment(self, container: dict, pod: dict[str, str]) -> dict[str, str]:
        """The container's variables as the kubelet makes them; `pod` are fields of the pod."""
        made: dict[str, str] = {}
        for entry in container.get("env", []):
            value = self.value(entry, pod)
            if value is not None:
                # What is not defined above stays as it is written.
                made[entry["name"]] = re.sub(
                    r"\$\(([A-Za-z0-9_]+)\)", lambda m: made.get(m[1], m[0]), value
                )
        return made

    def value(self, entry: dict, pod: dict[str, str]) -> str | None:
        source = entry.get("valueFrom")
        if source is None:
            return entry.get("value", "")
        if "fieldRef" in source:
            return pod[source["fieldRef"]["fieldPath"]]
        kind = "Secret" if "secretKeyRef" in source else "ConfigMap"
        reference = source.get("secretKeyRef") or source["configMapKeyRef"]
        return (self.data(kind, reference["name"]) or {}).get(reference["key"])


def pod_spec(workload: dict) -> dict:
    return workload["spec"]["template"]["spec"]


def pod_labels(workload: dict) -> dict:
    return workload["spec"]["template"]["metadata"].get("labels", {})


def containers(workload: dict) -> list[dict]:
    return pod_spec(workload).get("initContainers", []) + pod_spec(workload)["containers"]


def ports(workload: dict) -> dict[str, int]:
    """Name → number of the ports of the workload's pods."""
    return {p["name"]: p["containerPort"] for c in containers(workload) for p in c.get("ports", [])}


def label(thing: dict) -> str:
    return f"{thing['kind']} {thing['metadata']['name']}"


def copy(folder: Path) -> Path:
    """The manifests with fresh secrets of their own, in `folder`: nobody's real ones are read."""
    copied = folder / "kubernetes"
    shutil.copytree(ROOT, copied, ignore=shutil.ignore_patterns(".env.secret", "check", "__pycache__"))
    subprocess.run(["sh", copied / "secrets.sh"], check=True, stdout=subprocess.DEVNULL)
    with (copied / "site/.env.secret").open("a") as secrets:
        secrets.write("BATON_STORE_URL=rediss://user:password@redis.example.com:6379\n")
    single, other = copied / "overlays/redis-single", copied / "overlays" / WITH_HAPROXY
    shutil.copytree(single, other)
    kustomization = (single / "kustomization.yaml").read_text()
    kustomization = kustomization.replace("  - ../../site\n", "  - ../../haproxy\n  - ../../site\n")
    (other / "kustomization.yaml").write_text(kustomization)
    return copied


def render(manifests: Path, name: str) -> Overlay:
    """`kubectl kustomize` of the kubectl beside this Python."""
    command = [Path(sys.executable).parent / "kubectl", "kustomize", manifests / "overlays" / name]
    rendered = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Overlay(name, [o for o in yaml.load_all(rendered, yaml.CSafeLoader) if o])
