#!/usr/bin/env bash
# Runs etcd's own end-to-end suite, unchanged, with coord-host in the place of etcd. Called by './build.sh e2e'.
#
# The suite comes from Debian's golang-etcd-server-dev and is built here, nothing is fetched. Each test runs in a
# process of its own with a time limit; where the kernel lets us, in a network and a process namespace of its own too,
# because the suite's ports are fixed and a test that is stopped leaves its servers behind. Progress goes to stderr,
# what was found to stdout.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly Work="$PWD/artifacts/etcd-e2e"
readonly GoPath=/usr/share/gocode
readonly Etcd="$GoPath/src/go.etcd.io/etcd"
readonly Auth='^TestCtlV3(Auth|User|Role)'
readonly Limit="${E2E_LIMIT:-90}"

die() { printf '%s\n' "$*" >&2; exit 1; }
say() { printf '%s\n' "$*" >&2; }

usage() {
  cat <<TEXT
./build.sh e2e [--run REGEX] [--etcd DIR] [--list]

  --run REGEX   only tests whose names match, such as 'MemberAdd|Lease'; all TestCtlV3* otherwise
  --etcd DIR    test the etcd in DIR (such as /usr/bin) and not coord-host, to see what the suite says of etcd itself
  --list        print the tests that would run

The output of each test is kept in artifacts/etcd-e2e/logs.
TEXT
}

require() {
  local missing=()
  command -v go >/dev/null || missing+=(golang-go)
  [[ -d "$Etcd/tests/e2e" ]] || missing+=(golang-etcd-server-dev)
  command -v etcdctl >/dev/null || missing+=(etcd-client)
  ((${#missing[@]} == 0)) || die "The suite needs Debian's ${missing[*]}: apt-get install ${missing[*]}"
}

build() {
  mkdir -p "$Work"/{bin,logs,tests/e2e,tmp}
  # The suite looks for certificates beside itself.
  ln -sfn "$Etcd/integration" "$Work/integration"
  ln -sfn "$(command -v etcdctl)" "$Work/bin/etcdctl"
  rm -f "$Work/bin/etcd"
  if [[ -n "$etcd" ]]; then
    [[ -x "$etcd/etcd" ]] || die "There is no etcd in $etcd."
    ln -s "$(realpath "$etcd/etcd")" "$Work/bin/etcd"
  else
    local host="$PWD/artifacts/bin/Coord.SampleHost/release/coord-host"
    [[ -x "$host" ]] || die "coord-host is not built: dotnet build samples/Coord.SampleHost -c Release"
    printf '#!/bin/sh\nexec %q "$@"\n' "$host" >"$Work/bin/etcd"
    chmod +x "$Work/bin/etcd"
  fi

  [[ -x "$Work/e2e.test" ]] && return
  say 'Building the suite; this takes some minutes the first time.'
  (cd "$Etcd/tests/e2e" && GO111MODULE=off GOPATH="$GoPath" GOFLAGS='' GOCACHE="$Work/go-cache" \
    go test -c -o "$Work/e2e.test" .)
}

# What each test is run by: its own network and processes if we may, else at least a group of its own.
isolation() {
  local way
  for way in 'unshare --net --pid --fork --kill-child --mount-proc' \
    'unshare --map-root-user --net --pid --fork --kill-child --mount-proc'; do
    if command -v ip >/dev/null && $way ip link set lo up 2>/dev/null; then
      echo "$way"
      return
    fi
  done
  say 'No network namespace can be made here: the suite uses the ports from 20000 on.'
  echo 'setsid --wait'
}

run_one() {
  local name="$1" log="$Work/logs/$1.log" status=0
  (cd "$Work/tests/e2e" && TMPDIR="$Work/tmp" timeout --kill-after=5 "$Limit" $isolation bash -c '
    command -v ip >/dev/null && ip link set lo up 2>/dev/null
    "$0" -test.v -test.run "^$1\$" -bin-dir "$2/bin" -cert-dir "$2/integration/fixtures"' \
    "$Work/e2e.test" "$name" "$Work") >"$log" 2>&1 || status=$?
  rm -rf "${Work:?}/tmp" && mkdir "$Work/tmp"
  if ((status == 124 || status == 137)); then echo "ended by force after $Limit s" >>"$log"; fi
  if ((status == 0)) && grep -q "^--- SKIP: $name" "$log"; then echo skipped
  elif ((status == 0)) && grep -q "^--- PASS: $name" "$log"; then echo passed
  else echo failed; fi
}

run='' etcd='' list=0
while (($# > 0)); do
  case "$1" in
    --run) run="${2:?--run needs a regular expression}"; shift 2 ;;
    --etcd) etcd="${2:?--etcd needs a folder}"; shift 2 ;;
    --list) list=1; shift ;;
    -h | --help) usage; exit ;;
    *) usage >&2; die "e2e does not know '$1'." ;;
  esac
done

require
build
mapfile -t tests < <("$Work/e2e.test" -test.list '^TestCtlV3' | grep '^TestCtlV3' | grep -E -- "${run:-.}" | sort)
((${#tests[@]} > 0)) || die "No test matches '$run'."
if ((list)); then printf '%s\n' "${tests[@]}"; exit; fi

isolation="$(isolation)"
passed=0 skipped=0 failures=() auth_passed=0 auth_failures=() done=0
for name in "${tests[@]}"; do
  begin=$SECONDS
  verdict="$(run_one "$name")"
  done=$((done + 1))
  say "$(printf '%3d/%d %s %s (%d s)' "$done" "${#tests[@]}" "$verdict" "$name" $((SECONDS - begin)))"
  case "$verdict" in
    skipped) skipped=$((skipped + 1)) ;;
    passed) if [[ "$name" =~ $Auth ]]; then auth_passed=$((auth_passed + 1)); else passed=$((passed + 1)); fi ;;
    *) if [[ "$name" =~ $Auth ]]; then auth_failures+=("$name"); else failures+=("$name"); fi ;;
  esac
done

if ((${#failures[@]} > 0)); then printf 'failed: %s\n' "${failures[@]}"; fi
if ((${#auth_failures[@]} > 0)); then printf 'waits for authentication: %s\n' "${auth_failures[@]}"; fi
printf 'etcd e2e: %d passed, %d failed, %d skipped; of authentication %d passed, %d wait for it; %d in all\n' \
  "$passed" "${#failures[@]}" "$skipped" "$auth_passed" "${#auth_failures[@]}" "${#tests[@]}"
((${#failures[@]} == 0))
