"""How pods behave and what they may: drains, names of nodes, privileges, memory."""

import re
from collections.abc import Iterator

from overlays import ROOT, Overlay, containers, label, pod_spec

# Seconds after the drain's deadline in which a node says good-bye (LAST_WORDS), and is killed in peace.
AIR_SECONDS = 5
DEFAULT_DEADLINE_SECONDS = 30


def problems(overlay: Overlay) -> Iterator[str]:
    for workload in overlay.workloads():
        where = label(workload)
        yield from (f"{where}: {problem}" for problem in privileges(workload))
        yield from (f"{where}: {problem}" for problem in resources(workload))
    yield from nodes(overlay)
    yield from redis_memory(overlay)


def privileges(workload: dict) -> Iterator[str]:
    spec = pod_spec(workload)
    pod = spec.get("securityContext", {})
    if spec.get("automountServiceAccountToken") is not False:
        yield "its pods get a token of the API server, which nothing here needs"
    if not pod.get("runAsNonRoot") or not pod.get("runAsUser"):
        yield "it does not say that it runs as somebody else than root"
    if pod.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "it has no seccomp profile"
    for container in containers(workload):
        own = container.get("securityContext", {})
        if own.get("allowPrivilegeEscalation") is not False:
            yield f"{container['name']} may gain privileges"
        if own.get("readOnlyRootFilesystem") is not True:
            yield f"{container['name']} can write its root file system"
        if own.get("capabilities", {}).get("drop") != ["ALL"]:
            yield f"{container['name']} keeps capabilities"


def resources(workload: dict) -> Iterator[str]:
    for container in containers(workload):
        given = container.get("resources", {})
        if not {"cpu", "memory"} <= given.get("requests", {}).keys():
            yield f"{container['name']} does not say what cpu and memory it needs"
        if "memory" not in given.get("limits", {}):
            yield f"{container['name']} may take all memory"
        if container.get("image", "").endswith(":latest") or ":" not in container.get("image", ""):
            yield f"{container['name']} has an image without a version: {container.get('image')}"


def nodes(overlay: Overlay) -> Iterator[str]:
    baton = overlay.get("StatefulSet", "baton")
    container = containers(baton)[0]
    stop = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    if stop < 1:
        yield f"{label(baton)}: drains before its endpoints are gone"
    grace = pod_spec(baton).get("terminationGracePeriodSeconds", 30)
    deadline = drain_deadline(overlay)
    if grace < stop + deadline + AIR_SECONDS:
        yield (
            f"{label(baton)}: {grace} s of grace are too few for {stop} s of preStop, "
            f"{deadline} s of node.drain_deadline_seconds and {AIR_SECONDS} s more"
        )
    if overlay.find("Deployment", "haproxy") is None:
        yield from urls_by_ingress(overlay)
    else:
        yield from urls_by_haproxy(overlay)


def wanted(overlay: Overlay) -> tuple[int, list[str], str]:
    """How many nodes there may be, their names, and the site's host."""
    most = overlay.get("HorizontalPodAutoscaler", "baton")["spec"]["maxReplicas"]
    host = overlay.data("ConfigMap", config(overlay, "baton-site"))["HOST"]
    return most, [f"baton-{number}" for number in range(most)], host


def urls_by_ingress(overlay: Overlay) -> Iterator[str]:
    most, names, host = wanted(overlay)
    services = {s["spec"]["selector"].get("statefulset.kubernetes.io/pod-name") for s in overlay.of("Service")}
    if services - {None} != set(names):
        yield f"the autoscaler makes {most} nodes, and Services of their own have {sorted(services - {None})}"
    rules = [rule for ingress in overlay.of("Ingress") for rule in ingress["spec"]["rules"]]
    hosts = {rule["host"] for rule in rules}
    if hosts != {host} | {f"{name}.{host}" for name in names}:
        yield f"the Ingresses' hosts are not {host} and one for each of {most} nodes: {sorted(hosts)}"
    for name in names:
        own = [rule for rule in rules if rule["host"] == f"{name}.{host}"]
        if any(rule["http"]["paths"][0]["backend"]["service"]["name"] != name for rule in own):
            yield f"the host of {name} leads to another node"


def urls_by_haproxy(overlay: Overlay) -> Iterator[str]:
    most, names, host = wanted(overlay)
    hosts = {rule["host"] for ingress in overlay.of("Ingress") for rule in ingress["spec"]["rules"]}
    if hosts != {host, f"*.{host}"}:
        yield f"the Ingresses' hosts are not {host} and *.{host}: {sorted(hosts)}"
    text = overlay.data("ConfigMap", config(overlay, "haproxy-config"))["haproxy.cfg"]
    for section in re.split(r"^backend ", text, flags=re.MULTILINE)[1:]:
        servers = re.findall(r"^\s+server (\S+) \1\.\$\{NODES\}:8700", section, re.MULTILINE)
        if servers != names:
            yield f"the autoscaler makes {most} nodes, HAProxy's {section.split()[0]} has {servers}"


def config(overlay: Overlay, prefix: str) -> str:
    """The name of a generated ConfigMap, with its hash."""
    return next(n for n in (c["metadata"]["name"] for c in overlay.of("ConfigMap")) if n.startswith(prefix + "-"))


def drain_deadline(overlay: Overlay) -> int:
    text = overlay.data("ConfigMap", config(overlay, "baton-config"))["baton.toml"]
    found = re.search(r"^\s*(?:node\.)?drain_deadline_seconds\s*=\s*(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else DEFAULT_DEADLINE_SECONDS


def redis_memory(overlay: Overlay) -> Iterator[str]:
    redis = overlay.find("StatefulSet", "redis")
    if redis is None:
        return
    text = overlay.data("ConfigMap", config(overlay, "redis-common"))["redis.conf"]
    most = int(re.search(r"^maxmemory (\d+)mb$", text, re.MULTILINE)[1])
    limit = containers(redis)[0]["resources"]["limits"]["memory"]
    if not limit.endswith("Gi") or most > 0.65 * 1024 * int(limit[:-2]):
        yield f"{label(redis)}: maxmemory {most} MB leaves too little of {limit} to rewrite its log"
    if not re.search(r"^maxmemory-policy noeviction$", text, re.MULTILINE):
        yield f"{label(redis)}: may evict sessions"


def files() -> Iterator[str]:
    """Of the files themselves, before anything is rendered."""
    for example in sorted(ROOT.glob("*/.env.secret.example")):
        for line in example.read_text().splitlines():
            if re.match(r"[A-Z_]+=.", line):
                yield f"{example.relative_to(ROOT)}: {line.partition('=')[0]} has a value"
