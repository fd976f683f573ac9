"""What one object says of another: names, labels, ports, keys. No schema can see these."""

import re
from collections import Counter
from collections.abc import Iterator

from overlays import Overlay, containers, label, pod_labels, pod_spec, ports

POD_NAME = re.compile(r"\b([a-z][a-z-]*)-(\d+)\.([a-z][a-z-]*)\b")
OWN_FIELDS = {"metadata.name", "metadata.namespace", "status.podIP"}


def problems(overlay: Overlay) -> Iterator[str]:
    yield from names(overlay)
    for workload in overlay.workloads():
        where = label(workload)
        yield from (f"{where}: {problem}" for problem in of_workload(overlay, workload))
    yield from services(overlay)
    yield from others(overlay)


def names(overlay: Overlay) -> Iterator[str]:
    namespace = overlay.of("Namespace")[0]["metadata"]["name"]
    for thing, times in Counter(label(o) for o in overlay.objects).items():
        if times > 1:
            yield f"{thing}: there are {times} of it"
    for thing in overlay.objects:
        metadata = thing["metadata"]
        if thing["kind"] != "Namespace" and metadata.get("namespace") != namespace:
            yield f"{label(thing)}: is not in the namespace {namespace}"


def of_workload(overlay: Overlay, workload: dict) -> Iterator[str]:
    spec = workload["spec"]
    selector = spec.get("selector", {}).get("matchLabels", {})
    if not selector.items() <= pod_labels(workload).items():
        yield "its selector does not match its own pods"
    account = pod_spec(workload).get("serviceAccountName")
    if overlay.find("ServiceAccount", account or "") is None:
        yield f"there is no ServiceAccount {account}"
    if workload["kind"] == "StatefulSet":
        service = overlay.find("Service", spec["serviceName"])
        if service is None or service["spec"].get("clusterIP") != "None":
            yield f"serviceName {spec['serviceName']} is no headless Service"
        elif workload not in overlay.selected(service["spec"]["selector"]):
            yield f"its Service {spec['serviceName']} does not select its pods"
    for constraint in pod_spec(workload).get("topologySpreadConstraints", []):
        if not constraint["labelSelector"]["matchLabels"].items() <= pod_labels(workload).items():
            yield "it is spread by labels that its pods do not have"
    yield from volumes(overlay, workload)
    for container in containers(workload):
        yield from variables(overlay, container)
        yield from commands(overlay, workload, container)
        yield from probes(container)


def volumes(overlay: Overlay, workload: dict) -> Iterator[str]:
    known = {v["name"] for v in pod_spec(workload).get("volumes", [])}
    known |= {c["metadata"]["name"] for c in workload["spec"].get("volumeClaimTemplates", [])}
    mounted = {m["name"] for c in containers(workload) for m in c.get("volumeMounts", [])}
    for name in sorted(known ^ mounted):
        yield f"the volume {name} is {'not mounted' if name in known else 'mounted, but not there'}"
    for volume in pod_spec(workload).get("volumes", []):
        name = volume.get("configMap", {}).get("name")
        if name is not None and overlay.find("ConfigMap", name) is None:
            yield f"there is no ConfigMap {name}"


def variables(overlay: Overlay, container: dict) -> Iterator[str]:
    defined: set[str] = set()
    for entry in container.get("env", []):
        name = entry["name"]
        if name in defined:
            yield f"{name} is set twice"
        for used in re.findall(r"\$\(([A-Za-z0-9_]+)\)", entry.get("value", "")):
            if used not in defined:
                yield f"{name} uses $({used}), which is not set before it"
        for pod, number, service in POD_NAME.findall(entry.get("value", "")):
            owner = overlay.find("StatefulSet", pod)
            if owner is not None and owner["spec"]["serviceName"] != service:
                yield f"{name} names {pod}-{number}.{service}: that Service is not its own"
            if owner is not None and int(number) >= owner["spec"].get("replicas", 1 << 30):
                yield f"{name} names {pod}-{number}, which there is not"
        yield from source(overlay, name, entry.get("valueFrom", {}))
        defined.add(name)


def source(overlay: Overlay, name: str, value_from: dict) -> Iterator[str]:
    field = value_from.get("fieldRef", {}).get("fieldPath")
    if field is not None and field not in OWN_FIELDS:
        yield f"{name} is the pod's field {field}"
    for kind, key in (("Secret", "secretKeyRef"), ("ConfigMap", "configMapKeyRef")):
        reference = value_from.get(key)
        if reference is None:
            continue
        data = overlay.data(kind, reference["name"])
        if data is None:
            yield f"{name}: there is no {kind} {reference['name']}"
        elif reference["key"] not in data and not reference.get("optional"):
            yield f"{name}: the {kind} {reference['name']} has no {reference['key']}"


def commands(overlay: Overlay, workload: dict, container: dict) -> Iterator[str]:
    """Scripts are files of mounted ConfigMaps."""
    sources = {v["name"]: v for v in pod_spec(workload).get("volumes", [])}
    files = set()
    for mount in container.get("volumeMounts", []):
        config = sources.get(mount["name"], {}).get("configMap", {}).get("name")
        files |= {f"{mount['mountPath']}/{file}" for file in overlay.data("ConfigMap", config or "") or {}}
    hooks = [container.get("lifecycle", {}).get(hook, {}) for hook in ("preStop", "postStart")]
    checks = [container.get(f"{kind}Probe", {}) for kind in ("startup", "liveness", "readiness")]
    run = [h.get("exec", {}).get("command", []) for h in hooks + checks] + [container.get("command", [])]
    used = {word for command in run for word in command if word.startswith("/")}
    used |= {e["value"] for e in container.get("env", []) if e["name"].endswith("_CONFIG")}
    for path in sorted(used - files):
        yield f"there is no file {path} in a ConfigMap that is mounted"


def probes(container: dict) -> Iterator[str]:
    named = {port["name"] for port in container.get("ports", [])}
    for kind in ("startup", "liveness", "readiness"):
        probe = container.get(f"{kind}Probe", {})
        for how in ("httpGet", "tcpSocket"):
            if how in probe and probe[how]["port"] not in named:
                yield f"the {kind} probe asks the port {probe[how]['port']}, which has no such name"


def services(overlay: Overlay) -> Iterator[str]:
    for service in overlay.of("Service"):
        selected = overlay.selected(service["spec"]["selector"])
        if not selected:
            yield f"{label(service)}: selects no pods"
        for port in service["spec"]["ports"]:
            for workload in selected:
                if port["targetPort"] not in ports(workload):
                    yield f"{label(service)}: {label(workload)} has no port {port['targetPort']}"
    for ingress in overlay.of("Ingress"):
        yield from (f"{label(ingress)}: {problem}" for problem in backends(overlay, ingress))
    for monitor in overlay.of("ServiceMonitor"):
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        found = [s for s in overlay.of("Service") if wanted <= s["metadata"].get("labels", {}).items()]
        if len(found) != 1:
            yield f"{label(monitor)}: finds {len(found)} Services, and should find each pod once"
        for endpoint in monitor["spec"]["endpoints"]:
            for service in found:
                if endpoint["port"] not in {p["name"] for p in service["spec"]["ports"]}:
                    yield f"{label(monitor)}: {label(service)} has no port {endpoint['port']}"


def backends(overlay: Overlay, ingress: dict) -> Iterator[str]:
    spec = ingress["spec"]
    certified = {host for tls in spec.get("tls", []) for host in tls["hosts"]}
    for rule in spec["rules"]:
        parent = "*." + rule["host"].partition(".")[2]
        if not certified & {rule["host"], parent}:
            yield f"no certificate is for {rule['host']}"
        for path in rule["http"]["paths"]:
            backend = path["backend"]["service"]
            service = overlay.find("Service", backend["name"])
            if service is None:
                yield f"there is no Service {backend['name']}"
            elif backend["port"]["name"] not in {p["name"] for p in service["spec"]["ports"]}:
                yield f"{label(service)} has no port {backend['port']['name']}"
    spare = ingress["metadata"].get("annotations", {}).get("nginx.ingress.kubernetes.io/default-backend")
    if spare is not None and overlay.find("Service", spare) is None:
        yield f"there is no Service {spare}, its default backend"


def others(overlay: Overlay) -> Iterator[str]:
    for budget in overlay.of("PodDisruptionBudget"):
        if not overlay.selected(budget["spec"]["selector"]["matchLabels"]):
            yield f"{label(budget)}: selects no pods"
    for scaler in overlay.of("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        found = overlay.find(target["kind"], target["name"])
        if found is None:
            yield f"{label(scaler)}: there is no {target['kind']} {target['name']}"
        elif "replicas" in found["spec"]:
            yield f"{label(found)}: says how many replicas, which {label(scaler)} decides"
