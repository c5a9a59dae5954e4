# shellcheck shell=bash
# For the scripts in make/ that install Python packages: one Python, a fixed place, its own list.

need python3 python3-venv
python=/usr/bin/python3
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
export PYTHONDONTWRITEBYTECODE=1

# Environments name the places that they were made at, so these are the same every time.
# shellcheck disable=SC2034 # for those who source this
place=/tmp/layergate-$(basename "$0")
rm -rf "$place"
trap 'rm -rf "$place" "$place.tools"' EXIT
mkdir -p "$place"

# layer NUMBER: what was made at the fixed place becomes a layer, at that place.
layer() {
  # shellcheck disable=SC2154 # of the script
  mkdir -p "$out/$1/tmp"
  mv "$place" "$out/$1/tmp/"
}

# venv DIRECTORY: an environment with pip of a fixed version.
venv() {
  "$python" -m venv "$1"
  "$1/bin/pip" -q install pip==24.2 setuptools==75.1.0
}

# listed: turns a list of pip's or uv's in JSON into lines `pypi name version`.
listed() {
  "$python" -c '
import json, re, sys
for it in json.load(sys.stdin):
    print("pypi", re.sub("[-_.]+", "-", it["name"]).lower(), it["version"])'
}
