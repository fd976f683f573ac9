"""Network policies: what must reach what, and whether both ends allow it."""

from collections.abc import Iterator

from overlays import Overlay, label, pod_labels, ports

# Who must reach whom at which port, where both are in an overlay.
FLOWS = [
    ("baton", "baton", 8700),
    ("haproxy", "baton", 8700),
    ("haproxy", "baton", 8701),
    ("baton", "redis", 6379),
    ("baton", "sentinel", 26379),
    ("redis", "sentinel", 26379),
    ("sentinel", "redis", 6379),
    ("sentinel", "sentinel", 26379),
    ("redis-cluster-create", "redis", 6379),
]


def from_outside(overlay: Overlay) -> list[tuple[str, str, int]]:
    """Namespaces from which pods of ours must be reached."""
    if overlay.find("Deployment", "haproxy") is None:
        return [("ingress-nginx", "baton", 8700), ("monitoring", "baton", 8701)]
    return [
        ("ingress-nginx", "haproxy", 8700),
        ("monitoring", "haproxy", 8405),
        ("monitoring", "baton", 8701),
    ]


def problems(overlay: Overlay) -> Iterator[str]:
    if not any(p["spec"]["podSelector"] == {} and "ingress" not in p["spec"] and "egress" not in p["spec"]
               and sorted(p["spec"]["policyTypes"]) == ["Egress", "Ingress"]
               for p in overlay.of("NetworkPolicy")):  # fmt: skip
        yield "no NetworkPolicy denies what no other allows"
    for policy in overlay.of("NetworkPolicy"):
        wanted = policy["spec"]["podSelector"].get("matchLabels")
        if wanted and not overlay.selected(wanted):
            yield f"{label(policy)}: selects no pods"
        for peer, selector in peers(policy):
            if not overlay.selected(selector):
                yield f"{label(policy)}: {peer} pods that there are not: {selector}"
    yield from flows(overlay)


def peers(policy: dict) -> Iterator[tuple[str, dict]]:
    for direction, word in (("ingress", "from"), ("egress", "to")):
        for rule in policy["spec"].get(direction, []):
            for peer in rule.get(word, []):
                if "podSelector" in peer and "namespaceSelector" not in peer:
                    yield word, peer["podSelector"]["matchLabels"]


def flows(overlay: Overlay) -> Iterator[str]:
    by_name = {pod_labels(w)["app.kubernetes.io/name"]: w for w in overlay.workloads()}
    expected = [f for f in FLOWS if f[0] in by_name and f[1] in by_name]
    redis = by_name.get("redis")
    if redis is not None and redis["spec"]["replicas"] > 1:
        expected.append(("redis", "redis", 6379))
    if redis is not None and "bus" in ports(redis):
        expected.append(("redis", "redis", 16379))
    for source, target, port in expected:
        if not allowed(overlay, "egress", by_name[source], by_name[target], port):
            yield f"no NetworkPolicy lets {source} send to {target} at {port}"
        if not allowed(overlay, "ingress", by_name[target], by_name[source], port):
            yield f"no NetworkPolicy lets {target} take from {source} at {port}"
    outside = from_outside(overlay)
    for namespace, target, port in outside:
        if not from_namespace(overlay, namespace, by_name[target], port):
            yield f"no NetworkPolicy lets {target} take from the namespace {namespace} at {port}"
    for namespace in sorted({flow[0] for flow in outside}):
        for target, workload in by_name.items():
            for port in ports(workload).values():
                if (namespace, target, port) not in outside and from_namespace(
                    overlay, namespace, workload, port
                ):
                    yield f"a NetworkPolicy lets {target} take from {namespace} at {port} without need"
    # And no more than that: a rule among our pods that no flow asks for is a hole, or a mistake.
    for source, workload in by_name.items():
        for target, other in by_name.items():
            for port in ports(other).values():
                if (source, target, port) not in expected and allowed(
                    overlay, "ingress", other, workload, port
                ):
                    yield f"a NetworkPolicy lets {target} take from {source} at {port} without need"


def rules(overlay: Overlay, direction: str, workload: dict) -> Iterator[dict]:
    for policy in overlay.of("NetworkPolicy"):
        wanted = policy["spec"]["podSelector"].get("matchLabels", {})
        if wanted.items() <= pod_labels(workload).items():
            yield from policy["spec"].get(direction, [])


def has_port(rule: dict, port: int, serving: dict) -> bool:
    numbers = {ports(serving).get(p["port"], p["port"]) for p in rule["ports"]}
    return port in numbers


def allowed(overlay: Overlay, direction: str, workload: dict, peer: dict, port: int) -> bool:
    """Whether `workload` may send to (egress), or take from (ingress), the pods of `peer`."""
    word = "to" if direction == "egress" else "from"
    serving = peer if direction == "egress" else workload
    return any(
        has_port(rule, port, serving)
        and any(
            "namespaceSelector" not in p
            and "podSelector" in p
            and p["podSelector"]["matchLabels"].items() <= pod_labels(peer).items()
            for p in rule[word]
        )
        for rule in rules(overlay, direction, workload)
    )


def from_namespace(overlay: Overlay, namespace: str, workload: dict, port: int) -> bool:
    wanted = {"kubernetes.io/metadata.name": namespace}
    return any(
        has_port(rule, port, workload)
        and any(p.get("namespaceSelector", {}).get("matchLabels") == wanted for p in rule["from"])
        for rule in rules(overlay, "ingress", workload)
    )
