"""Every object against the schema of its kind: unknown members, wrong types, missing ones."""

from collections.abc import Iterator

import jsonschema
import kubernetes_validate

from overlays import Overlay, label

# The oldest Kubernetes the manifests are for (lifecycle `sleep`), and the newest known here.
VERSIONS = ("1.30", "1.37")

# Kinds of the Prometheus Operator. No package carries their schemas: these are written by hand, after
# its API reference, and know only the members that are used here; others are refused.
TEXT = {"type": "string", "minLength": 1}
DURATION = {"type": "string", "pattern": "^([0-9]+(ms|[smhdwy]))+$"}
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}


def shape(required: list[str], **members) -> dict:
    return {
        "type": "object",
        "properties": members,
        "required": required,
        "additionalProperties": False,
    }


def many(items: dict) -> dict:
    return {"type": "array", "items": items, "minItems": 1}


def custom(kind: str, spec: dict) -> dict:
    metadata = shape(["name", "namespace"], name=TEXT, namespace=TEXT, labels=TEXTS)
    return shape(
        ["apiVersion", "kind", "metadata", "spec"],
        apiVersion={"const": "monitoring.coreos.com/v1"},
        kind={"const": kind},
        metadata=metadata,
        spec=spec,
    )


RELABELING = shape(
    ["targetLabel"],
    targetLabel=TEXT,
    sourceLabels=many(TEXT),
    replacement=TEXT,
    regex=TEXT,
    action={"enum": ["replace", "keep", "drop", "labeldrop", "labelmap"]},
)
ENDPOINT = shape(
    ["port"],
    port=TEXT,
    path=TEXT,
    interval=DURATION,
    scrapeTimeout=DURATION,
    relabelings=many(RELABELING),
)
RULE = {
    **shape(
        ["expr"],
        alert=TEXT,
        record=TEXT,
        expr=TEXT,
        keep_firing_for=DURATION,
        labels=TEXTS,
        annotations=TEXTS,
        **{"for": DURATION},
    ),
    "oneOf": [{"required": ["alert"]}, {"required": ["record"]}],
}
CUSTOM = {
    "ServiceMonitor": custom(
        "ServiceMonitor",
        shape(
            ["selector", "endpoints"],
            selector=shape(["matchLabels"], matchLabels=TEXTS),
            endpoints=many(ENDPOINT),
        ),
    ),
    "PrometheusRule": custom(
        "PrometheusRule",
        shape(
            ["groups"],
            groups={
                "type": "array",
                "items": shape(["name", "rules"], name=TEXT, interval=DURATION, rules=many(RULE)),
            },
        ),
    ),
}


def problems(overlay: Overlay) -> Iterator[str]:
    for thing in overlay.objects:
        schema = CUSTOM.get(thing["kind"])
        if schema is not None:
            for error in jsonschema.Draft202012Validator(schema).iter_errors(thing):
                yield f"{label(thing)}: {error.json_path}: {error.message}"
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(thing, version, strict=True)
            except kubernetes_validate.SchemaNotFoundError:
                yield f"{label(thing)}: Kubernetes {version} has no {thing['apiVersion']} {thing['kind']}"
            except kubernetes_validate.ValidationError as error:
                where = ".".join(str(step) for step in error.path)
                yield f"{label(thing)}: Kubernetes {version}: {where}: {error.message}"
