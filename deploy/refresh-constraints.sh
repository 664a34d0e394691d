#!/usr/bin/env bash
# Writes deploy/constraints.txt anew: the newest versions that both halves and the tools allow each other, exact.
# Then `make test` installs them and says whether they work together; commit the file only when it passes.
#
# Usage: deploy/refresh-constraints.sh [PYTHON]     PYTHON: 3.11 or 3.12, which all needed wheels exist for
set -euo pipefail
cd "$(dirname "$0")/.."

python=${1:-python3}
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

"$python" -m venv "$fresh/venv"
pip=("$fresh/venv/bin/python" -m pip --disable-pip-version-check)
# --group is known from pip 25.1 on; the setuptools that Python 3.11 puts into each environment does not run on 3.12.
"${pip[@]}" install --quiet --upgrade 'pip>=25.1' setuptools
"${pip[@]}" install --quiet '.[relay,onsite]' --group dev
"${pip[@]}" freeze --all --exclude social-relay --exclude pip >"$fresh/versions"

# An address or a path in the file would tie everybody's installation to the machine that made it.
if grep -vE '^[A-Za-z0-9._-]+==[A-Za-z0-9.!+_-]+$' "$fresh/versions"; then
  echo "the lines above are no plain versions; deploy/constraints.txt is left as it was" >&2
  exit 1
fi

{
  echo '# Exact versions that work together, for pip --constraint: what is deployed is what was tested.'
  echo '# Written by deploy/refresh-constraints.sh; not by hand.'
  cat "$fresh/versions"
} >deploy/constraints.txt
echo "deploy/constraints.txt: $(wc -l <"$fresh/versions") versions; now run \`make test\`"
