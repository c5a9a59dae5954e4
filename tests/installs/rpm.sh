# shellcheck shell=bash
# For the cases that install rpms: builds a few packages, installs them, lists them as rpm does.

# rpm_build INTO: builds the packages below INTO/RPMS.
rpm_build() {
  local into=$1
  need rpm
  mkdir -p "$into/SPECS"
  rpm_spec_plain >"$into/SPECS/lgtest-rpm.spec"
  rpm_spec_epoch >"$into/SPECS/lgtest-epoch.spec"
  rpm_spec_kernel 5.14 >"$into/SPECS/lgtest-kernel-5.14.spec"
  rpm_spec_kernel 6.1 >"$into/SPECS/lgtest-kernel-6.1.spec"
  rpm_spec_many >"$into/SPECS/lgtest-many.spec"
  local spec
  for spec in "$into"/SPECS/*.spec; do
    rpmbuild --quiet -bb --target x86_64 \
      --define "_topdir $into" --define '_build_id_links none' --define 'debug_package %{nil}' \
      --define '__os_install_post %{nil}' --define '_binary_payload w1.gzdio' \
      --define 'vendor Layergate tests' "$spec" >&2
  done
}

# One package with a program and a document: what a build that must stop installs.
rpm_spec_plain() {
  cat <<'SPEC'
Name: lgtest-rpm
Version: 1.0
Release: 1
Summary: A package with flaws that are made up
License: MIT
%description
%{summary}.
%install
install -D /bin/true %{buildroot}/usr/bin/lgtest-rpm
mkdir -p %{buildroot}/usr/share/doc/lgtest-rpm
echo text >%{buildroot}/usr/share/doc/lgtest-rpm/README
%files
/usr/bin/lgtest-rpm
%doc /usr/share/doc/lgtest-rpm/README
SPEC
}

# An epoch, packages with names, licences and epochs of their own, a module, and thousands of files.
rpm_spec_epoch() {
  cat <<'SPEC'
Name: lgtest-epoch
Epoch: 2
Version: 1.2.3~rc1
Release: 4.el9
Summary: A package with an epoch
License: GPL-2.0-or-later AND MIT
ModularityLabel: lgtest:1:920240101:abcdef
%description
%{summary}.
%package libs
Summary: Its library
License: LGPL-2.1-or-later
%description libs
%{summary}.
%package -n lgtest-zero
Epoch: 0
Summary: An epoch of nothing
%description -n lgtest-zero
%{summary}.
%package -n lgtest-data
Summary: Many files
BuildArch: noarch
%description -n lgtest-data
%{summary}.
%install
install -D /bin/true %{buildroot}/usr/bin/lgtest-epoch
install -D /bin/true %{buildroot}/usr/lib64/liblgtest.so.1
install -D /bin/true %{buildroot}/usr/bin/lgtest-zero
mkdir -p %{buildroot}/usr/share/lgtest
for number in $(seq 3000); do : >%{buildroot}/usr/share/lgtest/$number; done
%files
/usr/bin/lgtest-epoch
%files libs
/usr/lib64/liblgtest.so.1
%files -n lgtest-zero
/usr/bin/lgtest-zero
%files -n lgtest-data
/usr/share/lgtest
SPEC
}

# One name of which several versions are installed together.
rpm_spec_kernel() {
  sed "s/@/$1/g" <<'SPEC'
Name: lgtest-kernel
Version: @
Release: 1.el9
Summary: Several versions of one package
License: GPL-2.0-only
%description
%{summary}.
%install
install -D /bin/true %{buildroot}/usr/lib/modules/@/vmlinuz
%files
/usr/lib/modules/@/vmlinuz
SPEC
}

# So many packages that the pages of a database make a tree.
rpm_spec_many() {
  cat <<'SPEC'
Name: lgtest-many
Version: 3
Release: 1
Summary: Many packages
License: BSD-3-Clause
BuildArch: noarch
%description
%{summary}.
SPEC
  local number
  for number in $(seq 150); do
    printf '%%package %s\nSummary: Number %s\n%%description %s\n%%{summary}.\n' "$number" "$number" "$number"
    printf '%%files %s\n' "$number"
  done
}

# rpm_install RPMS ROOT PATH [OPTION…]: installs the packages into ROOT, with the database at PATH,
# and removes one again. The options say which kind of database.
rpm_install() {
  local rpms=$1 root=$2 path=$3
  shift 3
  mkdir -p "$root$path"
  rpm_here() { rpm --root "$root" --dbpath "$path" "$@"; }
  rpm_here "$@" --initdb
  rpm_key "$root" "$path" "$@"
  find "$rpms" -name '*.rpm' -print0 | sort -z | xargs -0 rpm --root "$root" --dbpath "$path" "$@" \
    --force-debian --nodeps --excludedocs --nosignature -i
  rpm_here "$@" --force-debian -e lgtest-many-7
}

# A key, which rpm lists among the packages.
rpm_key() {
  local root=$1 path=$2 home
  shift 2
  need gnupg
  home=$(mktemp -d)
  GNUPGHOME=$home gpg --batch --quiet --passphrase '' --quick-generate-key 'Layergate tests' rsa2048 sign never
  GNUPGHOME=$home gpg --batch --quiet --armor --export >"$root/key"
  GNUPGHOME=$home gpgconf --kill gpg-agent
  rpm --root "$root" --dbpath "$path" "$@" --import "$root/key"
  rm -r "$root/key" "$home"
}

# rpm_list ROOT PATH [OPTION…]: what rpm itself says is installed, keys left out.
rpm_list() {
  local root=$1 path=$2
  shift 2
  rpm --root "$root" --dbpath "$path" "$@" -qa \
    --qf 'rpm %{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\n' |
    grep -v '^rpm gpg-pubkey ' | sed 's/ 0:/ /' | LC_ALL=C sort
}

# rpm_release ROOT: says what distribution it is.
rpm_release() {
  mkdir -p "$1/etc"
  cat >"$1/etc/os-release" <<'TEXT'
NAME="Rocky Linux"
VERSION="9.4 (Blue Onyx)"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.4"
PLATFORM_ID="platform:el9"
TEXT
}
