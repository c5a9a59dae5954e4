"""A channel of small packages, and environments that are filled from it.

usage: conda.py PLACE

rattler, the library in pixi, does what conda does: it solves, unpacks into a cache, links and writes
the records. The packages are made here, one from a wheel. Prints what it says is installed.
"""

import asyncio
import hashlib
import io
import json
import pathlib
import sys
import tarfile
import zipfile

import rattler
from rattler.index import index_fs

PLACE = pathlib.Path(sys.argv[1])
CHANNEL = PLACE / "channel"


def package(name, version, build, files, subdir="linux-64", depends=(), license="BSD-3-Clause", noarch=None):
    """Writes NAME-VERSION-BUILD.tar.bz2 into the channel."""
    index = {
        "arch": None if noarch else "x86_64", "build": build, "build_number": 0, "depends": list(depends),
        "license": license, "name": name, "platform": None if noarch else "linux", "subdir": subdir,
        "timestamp": 1_700_000_000_000, "version": version,
    }
    info = {"info/files": "".join(f"{it}\n" for it in files)}
    if noarch:
        index["noarch"] = noarch
        info["info/link.json"] = json.dumps({"noarch": {"type": noarch}, "package_metadata_version": 1})
    paths = [
        {"_path": it, "path_type": "hardlink", "sha256": hashlib.sha256(data).hexdigest(), "size_in_bytes": len(data)}
        for it, data in files.items()
    ]
    info["info/index.json"] = json.dumps(index)
    info["info/paths.json"] = json.dumps({"paths": paths, "paths_version": 1})
    into = CHANNEL / subdir
    into.mkdir(parents=True, exist_ok=True)
    with tarfile.open(into / f"{name}-{version}-{build}.tar.bz2", "w:bz2") as archive:
        for path, data in {**{it: text.encode() for it, text in info.items()}, **files}.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(data), 0o755 if path.startswith("bin/") else 0o644
            archive.addfile(member, io.BytesIO(data))


def wheel_files(wheel):
    """The files of a wheel as a package that fits every Python has them."""
    with zipfile.ZipFile(wheel) as archive:
        files = {f"site-packages/{it}": archive.read(it) for it in archive.namelist() if not it.endswith("/")}
    record = next(it for it in files if it.endswith(".dist-info/RECORD"))
    files[record.replace("RECORD", "INSTALLER")] = b"conda\n"
    return files


def make():
    python = {"bin/python3.12": b"#!/bin/sh\n", "lib/python3.12/os.py": b"", "include/python3.12/Python.h": b""}
    package("python", "3.12.7", "h5148396_0_cpython", python, depends=["openssl >=3.0.15,<4.0a0"], license="Python-2.0")
    openssl = {"bin/openssl": b"#!/bin/sh\n", "lib/libssl.so.3": b"", "lib/libcrypto.so.3": b""}
    package("openssl", "3.0.15", "h5eee18b_0", openssl, depends=["ca-certificates"], license="Apache-2.0")
    package("ca-certificates", "2024.8.30", "hbcca054_0", {"ssl/cacert.pem": b""}, license="ISC")
    package("_libgcc_mutex", "0.1", "main", {"lib/.keep": b""}, license="None")
    jsonlite = {"lib/R/library/jsonlite/DESCRIPTION": b"Package: jsonlite\nVersion: 1.8.9\nLicense: MIT + file LICENSE\nBuilt: R 4.3.3; ; 2024-09-23 08:14:09 UTC; unix\n"}
    package("r-jsonlite", "1.8.9", "r43hb1dbf0f_0", jsonlite, license="MIT")
    wheel = next(PLACE.glob("wheels/idna-*.whl"))
    package("idna", "3.10", "pyhd8ed1ab_0", wheel_files(wheel), "noarch", ["python >=3.6"], noarch="python")


async def install(prefix, specs):
    records = await rattler.solve(sources=[CHANNEL.as_uri()], specs=specs, platforms=["linux-64", "noarch"])
    await rattler.install(
        records, target_prefix=prefix, cache_dir=PLACE / "opt/conda/pkgs", show_progress=False,
        requested_specs=[rattler.MatchSpec(it)._match_spec for it in specs],
    )
    for record in sorted((prefix / "conda-meta").glob("*.json")):
        it = rattler.PrefixRecord.from_path(record)
        print("conda", it.name.normalized, it.version)


async def main():
    make()
    await index_fs(CHANNEL)
    await install(PLACE / "opt/conda", ["python", "_libgcc_mutex", "idna"])
    await install(PLACE / "opt/conda/envs/r", ["r-jsonlite"])
    await install(PLACE / "app/.pixi/envs/default", ["idna"])


asyncio.run(main())
