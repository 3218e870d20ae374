#!/usr/bin/env bash
# Installs the system libraries that labrun needs and that are missing. Does nothing where all of them are there.
set -euo pipefail

say() { printf '%s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }

# Debian and Ubuntu
required=(libsqlite3-dev libhdf5-dev libdnnl-dev zlib1g-dev libpng-dev libjpeg-dev libwebp-dev libtiff-dev libgif-dev
  libssl-dev pkg-config)
images=dataset-fashion-mnist

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
is_known() { [ -n "$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p' | grep -v '^(none)$')" ]; }

# Whether apt-get may be run as root: as it is, or with a sudo that asks nobody or has somebody to ask.
choose_privilege() {
  as_root=()
  [ "$(id -u)" -ne 0 ] || return 0
  command -v sudo >/dev/null || return 1
  sudo -n true 2>/dev/null || [ -t 0 ] || return 1
  as_root=(sudo)
}

apt_get() {
  ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@"
}

apt_update_once() {
  [ -z "${updated:-}" ] || return 1
  updated=yes
  say "Updating the package lists…"
  apt_get update -qq
}

# Package lists that are too old name files that are gone, so a failure is tried once more with new ones.
apt_install() {
  say "Installing $*…"
  apt_get install -y -qq --no-install-recommends "$@" ||
    { apt_update_once && apt_get install -y -qq --no-install-recommends "$@"; }
}

install_with_apt() {
  local missing=() package
  for package in "${required[@]}"; do
    is_installed "$package" || missing+=("$package")
  done
  local wants_images=
  is_installed "$images" || wants_images=yes
  [ ${#missing[@]} -gt 0 ] || [ -n "$wants_images" ] || return 0

  if ! choose_privilege; then
    if [ ${#missing[@]} -gt 0 ]; then
      fail "Missing: ${missing[*]}. Run as root: apt-get update && apt-get install -y ${missing[*]}${wants_images:+ $images}"
    fi
    say "Without $images the specs run on the built-in synthetic-signs; as root, 'apt-get install $images' gets the images."
    return 0
  fi

  # A new machine has no package lists at all.
  compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || apt_update_once || true
  if [ ${#missing[@]} -gt 0 ]; then
    apt_install "${missing[@]}" ||
      fail "Installing failed. Run as root: apt-get update && apt-get install -y ${missing[*]}"
  fi
  if [ -n "$wants_images" ]; then
    { is_known "$images" && apt_install "$images"; } ||
      say "$images cannot be installed here: the specs then run on the built-in synthetic-signs."
  fi
}

# macOS
install_with_brew() {
  command -v brew >/dev/null || fail "Homebrew was not found; install it, then run: brew install onednn hdf5 sqlite libpng jpeg-turbo webp libtiff giflib pkg-config"
  local missing=() formula
  for formula in onednn hdf5 sqlite libpng jpeg-turbo webp libtiff giflib pkg-config; do
    brew list --versions "$formula" >/dev/null 2>&1 || missing+=("$formula")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Installing ${missing[*]}…"
  brew install "${missing[@]}"
}

if [ "$(uname -s)" = Darwin ]; then
  install_with_brew
elif command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
  install_with_apt
else
  say "No apt-get here: the build needs the development files of SQLite 3, HDF5, oneDNN, OpenSSL, zlib, libpng, libjpeg-turbo, libwebp, libtiff and giflib, and pkg-config."
fi
