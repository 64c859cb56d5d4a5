# Sourced by the scripts beside it: the project's folder, its programs, a temporary folder, and mocks
# that are started there and end with the script.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# Built as `cargo test --workspace` builds them: for other packages Cargo unites other features, and
# builds the dependencies again.
cargo build --quiet --profile test --workspace --bins --tests
programs=$(cd "${CARGO_TARGET_DIR:-target}/debug" && pwd)
folder=$(mktemp -d)
# One for all scripts: Go compiles its own library into it.
export GOCACHE=$PWD/target/ci/go
mock=
stop() { [[ -z $mock ]] || { kill "$mock" && wait "$mock"; } 2>/dev/null || true; mock=; }
trap 'stop; rm -rf "$folder"' EXIT

# start ARGUMENT...: a fresh mock, on a free port unless told another; says what it is in
# $folder/announced.
start() {
  stop
  : >"$folder/announced"
  [[ " $* " == *' --listen '* ]] || set -- --listen :0 "$@"
  "$programs/bandwidth-mock" --announce json "$@" >"$folder/announced" &
  mock=$!
  until [[ -s $folder/announced ]]; do
    kill -0 "$mock" || exit 1
    sleep 0.02
  done
}

# announced KEY: what the mock announced.
announced() { jq -r ".$1" "$folder/announced"; }

# skip TEXT: ends the script, which cannot do its work here. `.ci/run` says it again at its end.
skip() {
  printf 'SKIPPED, %s\n' "$*" | tee -a "${CI_SKIPPED:-/dev/null}" >&2
  exit 0
}

# fail TEXT...
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# dist ARGUMENT...: `cargo xtask dist` with the programs of the build that all checks share; with
# WHOLE_RELEASE=1, with static programs as they are released.
dist() {
  if [[ -n ${WHOLE_RELEASE-} ]]; then
    needs_musl
  else
    set -- --dev "$@"
  fi
  "$programs/xtask" dist "$@"
}

# needs_musl: ends the script when static programs cannot be built here.
needs_musl() {
  local musl
  musl=$(rustc --print host-tuple)
  musl=${musl%-gnu}-musl
  rustup target add "$musl" 2>"$folder/err" || skip "Rust's target $musl cannot be installed here: $(tail -1 "$folder/err")"
}
