#!/usr/bin/env bash
# Builds the pinned Terraform providers from source into a filesystem mirror and checks their sums.
#
#   providers/build.sh [--unlocked] [MIRROR]        MIRROR defaults to <repo>/build/provider-mirror
#
# Every folder here with a go.mod is a provider. Writes
# MIRROR/registry.terraform.io/<source>/<version>/<os>_<arch>/terraform-provider-<name>_v<version>,
# the same file again under registry.opentofu.org (a hard link), and MIRROR/terraform.rc, to be named
# in TF_CLI_CONFIG_FILE. What is there already with the right sum costs nothing. GOOS and GOARCH build
# for another platform. --unlocked leaves out the comparison with terraform.lock.hcl; only lock.sh
# needs that.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# The bytes of the result depend on the compiler, so it is exact: another local Go (1.21 or newer)
# fetches this one through the module proxy and checks it against the checksum database.
toolchain=go1.26.8

name=
say() { printf 'provider %s: %s\n' "$name" "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

locked=yes
if [[ ${1:-} == --unlocked ]]; then locked=no; shift; fi
[[ $# -le 1 && ${1:-} != -* ]] || die "usage: providers/build.sh [--unlocked] [MIRROR]"
mkdir -p "${1:-$here/../build/provider-mirror}"
mirror=$(cd "${1:-$here/../build/provider-mirror}" && pwd)

machine() {
  case $(uname -m) in
    x86_64) echo amd64 ;;
    aarch64 | arm64) echo arm64 ;;
    *) die "no platform name known for $(uname -m): set GOARCH" ;;
  esac
}
goos=${GOOS:-$(uname -s | tr '[:upper:]' '[:lower:]')}
goarch=${GOARCH:-$(machine)}

# Beside the mirror, not in it: Terraform looks at whatever lies in the mirror.
work=$(mktemp -d "$mirror.tmp.XXXXXX")
ticker=
trap '[[ -z $ticker ]] || kill "$ticker"; rm -rf "$work"' EXIT

# Terraform's h1: sum of a package folder: base64(sha256("<sha256 of the file>  <its name>\n")).
h1() {
  local hex
  hex=$(sha256sum <"$1" | cut -d' ' -f1)
  hex=$(printf '%s  %s\n' "$hex" "$file" | sha256sum | cut -d' ' -f1)
  echo "h1:$(basenc --base16 -d <<<"${hex^^}" | base64)"
}
accepted() { [[ $locked == no ]] || grep -qF "\"$1\"" "$folder/terraform.lock.hcl"; }

build() {
  command -v go >/dev/null ||
    die "go is not on the PATH: install Go 1.21 or newer, it fetches $toolchain by itself"
  say "fetching the sources of $version and their checksums"
  export CGO_ENABLED=0 GOTOOLCHAIN=$toolchain GOWORK=off GOFLAGS=-mod=readonly
  export GOOS=$goos GOARCH=$goarch GOAMD64=v1 GOARM64=v8.0
  (cd "$folder" && go mod download)
  say "building for ${goos}_$goarch (1 to 2 minutes on 2 cores, with an empty cache)"
  # Short naps that hold no output open: nobody who reads ours must wait for the last one.
  (while sleep 1 &>/dev/null; do
    (((SECONDS - start) % 15)) || say "still building, $((SECONDS - start)) s"
  done) &
  ticker=$!
  # No paths, no version control stamp, no build id: the same sources give the same bytes anywhere.
  # The version is what the provider's own release sets; it shows in the cloud's logs.
  local flags="-s -w -buildid= -X $package/$variable=$version"
  (cd "$folder" && go build -trimpath -buildvcs=false -ldflags="$flags" -o "$work/$file" "$package")
  kill "$ticker"
  ticker=
}

install_file() { # from to: whole or not at all
  mkdir -p "$(dirname "$2")"
  mv -f "$1" "$2"
}

provide() { # one provider, by its folder
  folder=$1
  name=$(basename "$folder")
  source=$(sed -n 's/^source: //p' "$folder/types.yaml")
  # Where the provider keeps its version, below its module's path.
  variable=$(sed -n 's/^version-variable: //p' "$folder/types.yaml")
  package=$(sed -n 's/^tool //p' "$folder/go.mod")
  version=$(sed -n "s|^[[:space:]]*$package v\([0-9.]*\).*|\1|p" "$folder/go.mod")
  [[ -n $package && -n $version ]] || die "$folder/go.mod has no tool, or doesn't require it"

  file=terraform-provider-${source##*/}_v$version
  local binary=$mirror/registry.terraform.io/$source/$version/${goos}_$goarch/$file
  local twin=$mirror/registry.opentofu.org/$source/$version/${goos}_$goarch/$file
  if [[ -f $binary ]] && accepted "$(h1 "$binary")"; then
    say "$version for ${goos}_$goarch is there"
  else
    start=$SECONDS
    build
    local sum
    sum=$(h1 "$work/$file")
    accepted "$sum" || die "the build's sum $sum is not in $folder/terraform.lock.hcl: it was not" \
      "made from the same sources by the same compiler (new version or platform? providers/lock.sh)"
    install_file "$work/$file" "$binary"
    say "built $version for ${goos}_$goarch in $((SECONDS - start)) s, $sum"
  fi

  if [[ ! $binary -ef $twin ]]; then
    ln "$binary" "$work/twin" 2>/dev/null || cp -p "$binary" "$work/twin"
    install_file "$work/twin" "$twin"
  fi
  sources+=("\"registry.terraform.io/$source\"" "\"registry.opentofu.org/$source\"")
}

sources=()
for module in "$here"/*/go.mod; do provide "$(dirname "$module")"; done
all=$(IFS=,; echo "${sources[*]}")
all=${all//,/, }

cat >"$work/terraform.rc" <<RC
# Written by providers/build.sh. Use: TF_CLI_CONFIG_FILE=$mirror/terraform.rc terraform init
disable_checkpoint = true

provider_installation {
  filesystem_mirror {
    path    = "$mirror"
    include = [$all]
  }
  direct {
    exclude = [$all]
  }
}
RC
cmp -s "$work/terraform.rc" "$mirror/terraform.rc" || install_file "$work/terraform.rc" "$mirror/terraform.rc"
