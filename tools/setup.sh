# shellcheck shell=bash
# shellcheck disable=SC2034  # The scripts that source this file use the lists of packages.
#
# Installs missing packages and builds.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

packages=(g++ cmake ninja-build pkg-config libtbb-dev libsimdjson-dev rapidjson-dev libdeflate-dev libisal-dev libsqlite3-dev zlib1g-dev
  libboost-filesystem-dev libcli11-dev libfmt-dev libgtest-dev libbenchmark-dev)
clang_packages=(clang libclang-rt-14-dev)  # for the presets clang and fuzz
# Tests that need packages of these groups are skipped without them.
browser_packages=(python3 chromium chromium-driver)  # reports in a browser
packaging_packages=(dpkg-dev file lintian groff)     # the manual and the Debian packages
disk_packages=(e2fsprogs mount)                      # failing disks; these tests also need root
script_packages=(shellcheck)                         # the shell scripts

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# install_missing PACKAGE...
install_missing() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  echo "Installing: ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# install_optional PACKAGE...: succeeds even if a package is not available.
install_optional() {
  (install_missing "$@") || echo "Not installed: $*. Tests that need them are skipped."
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  local targets=()
  (($#)) && targets=(--target "$@")
  (cd "$root" && cmake --preset "$preset" >/dev/null && cmake --build --preset "$preset" "${targets[@]}" -- --quiet)
}
