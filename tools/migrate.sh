#!/usr/bin/env bash
# Installs missing packages, builds jobferry and runs it with the given options. Without options, makes a sample
# archive and migrates that.
#
#   tools/migrate.sh
#   tools/migrate.sh --src /var/lib/cc/job-archive --dst /var/lib/cc/job-archive-v3
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

install_missing "${packages[@]}"
build release jobferry make_archive

if (($# == 0)); then
  sample=$(mktemp -d)
  echo "No archive given: making a sample in $sample"
  "$root/build/release/make_archive" --version 0 --jobs 500 --seed 1 "$sample/job-archive"
  set -- --src "$sample/job-archive" --dst "$sample/job-archive-new"
fi
exec "$root/build/release/jobferry" migrate "$@"
