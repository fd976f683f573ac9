"""The check finds what is broken: each case breaks a sound overlay in one way, and must be told of it."""

import copy
import subprocess
import tempfile
import unittest
from pathlib import Path

import checks
import overlays
import references
import schemas

NODE = ("StatefulSet", "baton")
REDIS = ("StatefulSet", "redis")
SENTINEL = ("StatefulSet", "sentinel")
JOB = ("Job", "redis-cluster-create")


def spec(thing):
    return overlays.pod_spec(thing)


def first(thing):
    return overlays.containers(thing)[0]


def variable(thing, name):
    return next(e for e in first(thing)["env"] if e["name"] == name)


def change(**members):
    return lambda thing: thing.update(members)


def drop_rule(direction, index):
    return lambda policy: policy["spec"][direction].pop(index)


# What is broken: the overlay, the object, how, and a part of what must be said.
CASES = {
    "an unknown member": ("redis-single", NODE, lambda s: first(s).update(imagePullPolice="Always"),
                          "imagePullPolice"),
    "a wrong type": ("redis-single", NODE, lambda s: spec(s).update(terminationGracePeriodSeconds="45"),
                     "'45' is not of type 'integer'"),
    "a kind that is gone": ("redis-single", ("PodDisruptionBudget", "baton"),
                            change(apiVersion="policy/v1beta1"), "has no policy/v1beta1"),
    "an unknown member of a ServiceMonitor": (
        "redis-single", ("ServiceMonitor", "baton"),
        lambda m: m["spec"]["endpoints"][0].update(intervall="5s"), "intervall"),
    "a bad duration": ("redis-single", ("ServiceMonitor", "baton"),
                       lambda m: m["spec"]["endpoints"][0].update(interval="15"), "does not match"),
    "a selector of nobody": ("redis-single", ("Service", "baton"),
                             lambda s: s["spec"]["selector"].update({"app.kubernetes.io/name": "batton"}),
                             "Service baton: selects no pods"),
    "a selector that misses its own pods": (
        "redis-single", NODE, lambda s: s["spec"]["selector"]["matchLabels"].update(a="b"),
        "its selector does not match its own pods"),
    "a port without that name": ("redis-single", ("Service", "baton"),
                                 lambda s: s["spec"]["ports"][0].update(targetPort="https"),
                                 "StatefulSet baton has no port https"),
    "a probe of no port": ("redis-single", NODE,
                           lambda s: first(s)["readinessProbe"]["httpGet"].update(port="adminn"),
                           "the readiness probe asks the port adminn"),
    "a Secret that is not there": (
        "redis-single", NODE,
        lambda s: variable(s, "BATON_CLUSTER__SECRET")["valueFrom"]["secretKeyRef"].update(name="x"),
        "BATON_CLUSTER__SECRET: there is no Secret x"),
    "a key that is not there": (
        "redis-single", NODE,
        lambda s: variable(s, "REDIS_PASSWORD")["valueFrom"]["secretKeyRef"].update(key="x"),
        "has no x"),
    "a variable used before it is set": (
        "redis-single", NODE, lambda s: first(s)["env"].reverse(), "which is not set before it"),
    "a variable set twice": ("redis-single", NODE,
                             lambda s: first(s)["env"].append({"name": "BATON_LISTEN", "value": "x"}),
                             "BATON_LISTEN is set twice"),
    "a pod that there is not": (
        "redis-cluster", JOB,
        lambda s: variable(s, "MEMBERS").update(value="redis-6.redis-nodes:6379"),
        "names redis-6, which there is not"),
    "a pod of another Service": (
        "redis-sentinel", REDIS,
        lambda s: variable(s, "SENTINELS").update(value="sentinel-0.redis-nodes:26379"),
        "that Service is not its own"),
    "a ConfigMap that is not there": (
        "redis-single", NODE, lambda s: spec(s)["volumes"][0]["configMap"].update(name="x"),
        "there is no ConfigMap x"),
    "a volume nobody has": ("redis-single", NODE,
                            lambda s: first(s)["volumeMounts"][0].update(name="x"),
                            "the volume x is mounted, but not there"),
    "a script that is not there": (
        "redis-sentinel", SENTINEL, lambda s: first(s).update(command=["sh", "/opt/topology/x.sh"]),
        "there is no file /opt/topology/x.sh"),
    "a hook that is not there": (
        "redis-cluster", REDIS,
        lambda s: first(s)["lifecycle"]["preStop"]["exec"].update(command=["sh", "/opt/topology/x.sh"]),
        "there is no file /opt/topology/x.sh"),
    "an Ingress to nowhere": (
        "redis-single", ("Ingress", "baton"),
        lambda i: i["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"].update(name="x"),
        "there is no Service x"),
    "a host without a certificate": (
        "redis-single", ("Ingress", "baton-nodes"),
        lambda i: i["spec"]["tls"][0].update(hosts=["a.example.com"]), "no certificate is for baton-0."),
    "a fallback to nowhere": (
        "redis-single", ("Ingress", "baton-nodes"),
        lambda i: i["metadata"]["annotations"].update({"nginx.ingress.kubernetes.io/default-backend": "x"}),
        "there is no Service x, its default backend"),
    "more nodes than URLs": ("redis-single", ("HorizontalPodAutoscaler", "baton"),
                             lambda h: h["spec"].update(maxReplicas=7), "the autoscaler makes 7 nodes"),
    "a host that leads to another node": (
        "redis-single", ("Ingress", "baton-nodes"),
        lambda i: i["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"].update(name="baton-1"),
        "the host of baton-0 leads to another node"),
    "replicas the autoscaler decides": ("redis-single", NODE, lambda s: s["spec"].update(replicas=3),
                                        "says how many replicas"),
    "a budget for nobody": ("redis-sentinel", ("PodDisruptionBudget", "sentinel"),
                            lambda b: b["spec"]["selector"]["matchLabels"].update(a="b"), "selects no pods"),
    "a StatefulSet without its Service": ("redis-single", REDIS,
                                          lambda s: s["spec"].update(serviceName="baton"),
                                          "serviceName baton is no headless Service"),
    "another namespace": ("redis-single", ("Service", "baton"),
                          lambda s: s["metadata"].update(namespace="default"), "is not in the namespace baton"),
    "too little grace": ("redis-single", NODE, lambda s: spec(s).update(terminationGracePeriodSeconds=35),
                         "35 s of grace are too few"),
    "a drain before the endpoints are gone": ("redis-single", NODE, lambda s: first(s).pop("lifecycle"),
                                              "drains before its endpoints are gone"),
    "a token of the API server": ("redis-single", REDIS,
                                  lambda s: spec(s).update(automountServiceAccountToken=True),
                                  "get a token of the API server"),
    "root": ("redis-single", NODE, lambda s: spec(s)["securityContext"].pop("runAsNonRoot"),
             "somebody else than root"),
    "a file system to write": ("redis-cluster", JOB,
                               lambda s: first(s)["securityContext"].update(readOnlyRootFilesystem=False),
                               "can write its root file system"),
    "capabilities": ("redis-single", NODE, lambda s: first(s)["securityContext"].pop("capabilities"),
                     "keeps capabilities"),
    "no memory limit": ("redis-single", NODE, lambda s: first(s)["resources"].pop("limits"),
                        "may take all memory"),
    "an image without a version": ("redis-single", NODE, lambda s: first(s).update(image="baton"),
                                   "an image without a version"),
    "too little memory for Redis": (
        "redis-single", REDIS, lambda s: first(s)["resources"]["limits"].update(memory="1Gi"),
        "leaves too little of 1Gi"),
    "no policy that denies": ("redis-single", ("NetworkPolicy", "default-deny"),
                              lambda p: p["spec"].update(policyTypes=["Ingress"]), "no NetworkPolicy denies"),
    "a policy for nobody": ("redis-single", ("NetworkPolicy", "baton"),
                            lambda p: p["spec"]["podSelector"]["matchLabels"].update(a="b"), "selects no pods"),
    "nodes that may not reach Redis": ("redis-single", ("NetworkPolicy", "baton-store"),
                                       drop_rule("egress", 0), "lets baton send to redis at 6379"),
    "a Redis that takes from no node": ("redis-single", ("NetworkPolicy", "redis"),
                                        drop_rule("ingress", 0), "lets redis take from baton at 6379"),
    "a cluster without its bus": ("redis-cluster", ("NetworkPolicy", "redis"),
                                  lambda p: p["spec"]["ingress"][1]["ports"].pop(1),
                                  "lets redis take from redis at 16379"),
    "an Ingress controller that is shut out": ("redis-single", ("NetworkPolicy", "baton"),
                                               lambda p: p["spec"]["ingress"][0]["from"].pop(0),
                                               "from the namespace ingress-nginx"),
    "a hole": ("redis-sentinel", ("NetworkPolicy", "sentinel"),
               lambda p: p["spec"]["ingress"][0]["ports"].append({"protocol": "TCP", "port": 6379})
               or p["spec"]["podSelector"]["matchLabels"].update({"app.kubernetes.io/name": "redis"}),
               "lets sentinel take from"),
    "more nodes than HAProxy knows": (
        overlays.WITH_HAPROXY, ("HorizontalPodAutoscaler", "baton"),
        lambda h: h["spec"].update(maxReplicas=7), "HAProxy's nodes has"),
    "a way around HAProxy": (
        overlays.WITH_HAPROXY, ("NetworkPolicy", "baton"),
        lambda p: p["spec"]["ingress"][0]["from"].append(
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}),
        "lets baton take from ingress-nginx at 8700 without need"),
}  # fmt: skip



class Check(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            manifests = overlays.copy(Path(folder))
            cls.sound = {name: overlays.render(manifests, name) for name in overlays.OVERLAYS}

    def test_every_break_is_found(self):
        for what, (name, (kind, thing), breaking, said) in CASES.items():
            with self.subTest(what):
                broken = overlays.Overlay(name, copy.deepcopy(self.sound[name].objects))
                breaking(broken.get(kind, thing))
                # Of the schemas only that of what was broken: all of them take their time.
                found = list(schemas.problems(overlays.Overlay(name, [broken.get(kind, thing)])))
                found = found or [p for look in checks.OTHERS for p in look.problems(broken)]
                self.assertTrue(any(said in problem for problem in found), found)

    def test_a_name_used_twice_is_found(self):
        sound = self.sound["redis-single"]
        twice = overlays.Overlay(sound.name, [*sound.objects, sound.get("Service", "baton")])
        self.assertIn("Service baton: there are 2 of it", list(references.problems(twice)))

    def test_files_of_secrets_cannot_be_committed_by_mistake(self):
        for example in overlays.ROOT.glob("*/.env.secret.example"):
            secret = example.with_suffix("")
            self.assertEqual(subprocess.run(["git", "check-ignore", "--quiet", secret]).returncode, 0)

    def test_fresh_secrets_are_complete_kept_and_nobody_elses_to_read(self):
        with tempfile.TemporaryDirectory() as folder:
            manifests = overlays.copy(Path(folder))
            file = manifests / "redis/.env.secret"
            self.assertEqual(file.stat().st_mode & 0o777, 0o600)
            lines = file.read_text().splitlines()
            self.assertEqual(len({line.partition("=")[2] for line in lines}), 3)
            # One is kept, one is not wanted, one is missing.
            file.write_text("REDIS_PASSWORD=mine\n#REDIS_SERVER_PASSWORD=\n")
            subprocess.run(["sh", manifests / "secrets.sh"], check=True, stdout=subprocess.DEVNULL)
            kept, unwanted, added = file.read_text().splitlines()
            self.assertEqual((kept, unwanted), ("REDIS_PASSWORD=mine", "#REDIS_SERVER_PASSWORD="))
            self.assertRegex(added, "^REDIS_ADMIN_PASSWORD=[0-9a-f]{64}$")


if __name__ == "__main__":
    unittest.main()
