# Sourced by migrate.sh and test.sh: installs what is missing and builds.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

packages=(g++ cmake ninja-build pkg-config libtbb-dev libsimdjson-dev rapidjson-dev libdeflate-dev libisal-dev libsqlite3-dev zlib1g-dev
  libboost-filesystem-dev libcli11-dev libfmt-dev libgtest-dev libbenchmark-dev)
browser_packages=(python3 chromium chromium-driver)  # for the tests of reports, which are skipped without
packaging_packages=(dpkg-dev file lintian groff)     # for those of the manual and the Debian packages, the same
disk_packages=(e2fsprogs mount)                      # for those of disks that fail, which need root as well
clang_packages=(clang libclang-rt-14-dev)  # for the presets clang and fuzz

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

# install_optional PACKAGE...: goes on where Debian has them not, or there is no way to it
install_optional() {
  (install_missing "$@") || echo "Not installed: $*. What needs them is skipped."
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  (cd "$root" && cmake --preset "$preset" >/dev/null && cmake --build --preset "$preset" ${*:+--target "$@"} -- --quiet)
}
