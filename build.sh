#!/usr/bin/env bash
# Everything that is done to this repository by hand or by machine. Without a verb it says what it can do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly Solution=Coord.sln
# What the newest version must be able to take over from, member by member.
readonly Previous=605d693
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
# The SDK stops at start-up where no ICU library is installed, unless it is told to do without.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}"
# Golden files and histories that several repositories share. Tests that need them skip when they are absent.
export COORD_SHARED="${COORD_SHARED:-$(cd .. && pwd)/shared}"

# Colour only when a person reads.
if [[ -t 1 && -z "${NO_COLOR:-}" ]]; then
  readonly Bold=$'\e[1m' Red=$'\e[31m' Green=$'\e[32m' Plain=$'\e[0m'
else
  readonly Bold='' Red='' Green='' Plain=''
fi

say() { printf '%s==> %s%s\n' "$Bold" "$*" "$Plain"; }
die() { printf '%s%s%s\n' "$Red" "$*" "$Plain" >&2; exit 1; }

help() {
  cat <<EOF
${Bold}./build.sh <verb> [options]${Plain}

  ${Bold}build${Plain}    build everything (Debug; pass -c Release for what ships)
  ${Bold}test${Plain}     run the tests in Debug, where the assertions are on; options go to dotnet test
  ${Bold}sim${Plain}      run clusters in a simulated world: --seeds N, --minutes M, --seed S; --help says more
  ${Bold}bench${Plain}    run benchmarks in Release; options go to BenchmarkDotNet (try --list flat)
  ${Bold}compare${Plain}  put the same load on etcd and coord-host in turns; --help says more; with --native first,
           coord-host is compiled to machine code alone, which needs a C linker
  ${Bold}tidy${Plain}     check the house rules
  ${Bold}torture${Plain}  kill and restart real processes: --rounds N (default 100), --seed N to repeat one
  ${Bold}faults${Plain}   break real processes on purpose and print a table of what they did; --help says more
  ${Bold}e2e${Plain}      run etcd's own end-to-end suite against coord-host; --help says more
  ${Bold}ci${Plain}       all that must pass before a change lands; the last line counts the tests;
           with --install it first installs etcd, clients of it and strace, which some tests need

These two write files:

  ${Bold}format${Plain}   put every file into the house style
  ${Bold}api${Plain}      write what became public into PublicAPI.Unshipped.txt; review it like code
EOF
}

require_dotnet() {
  local hint='Install the .NET SDK 10.0.400 or a later 10.0 feature band: https://dot.net/download'
  command -v dotnet >/dev/null || die "dotnet is not on the PATH. $hint"
  # The SDK reads global.json: it fails here, and not halfway through, when what is installed is too old.
  dotnet --version >/dev/null 2>&1 || die "No installed .NET SDK satisfies global.json. $hint"
}

# What this run has seen; 'ci' prints it as its last line.
passed=0 failed=0 skipped=0
empty=()

counter() { sed -nE "s/.*<Counters [^>]*\b$2=\"([0-9]+)\".*/\1/p" "$1" | head -n 1; }

# Runs one built test assembly and adds its counts: run_tests <project directory> <Debug|Release>
run_tests() {
  local project="$1" configuration="$2" name status=0
  name="$(basename "$project")"
  local assembly="artifacts/bin/$name/${configuration,,}/$name.dll"
  local results="artifacts/test-results/$name.$configuration.trx"
  if ! grep -rqE --include='*.cs' '\[\w*(Fact|Theory|Property)\b' "$project"; then
    empty+=("$name ($configuration)")
    return 0
  fi

  say "$name ($configuration)"
  rm -f "$results"
  dotnet test "$assembly" --logger "console;verbosity=minimal" \
    --results-directory "$(dirname "$results")" --logger "trx;LogFileName=$(basename "$results")" || status=$?

  local total=0 ran=0 ok=0
  if [[ -f "$results" ]]; then
    total="$(counter "$results" total)" ran="$(counter "$results" executed)" ok="$(counter "$results" passed)"
  fi
  total="${total:-0}" ran="${ran:-0}" ok="${ok:-0}"

  # The runner is content with an assembly in which it finds no test. We are not: there is one to find.
  if ((total == 0 && status == 0)); then
    status=1
    printf '%s%s has tests, and none ran.%s\n' "$Red" "$name" "$Plain"
  fi

  local bad=$((ran - ok))
  # A run that crashed or was aborted may leave no failed test behind, and has failed all the same.
  if ((status != 0 && bad == 0)); then bad=1; fi
  passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + total - ran))
}

# The simulator counts as three tests: what failed once, the same run in two processes, and half a minute of new ones.
run_simulation() {
  local simulator=artifacts/simulation/bin/Coord.Simulation/release/Coord.Simulation first second
  say 'Coord.Simulation'
  dotnet build tests/Coord.Simulation -c Release -p:CoordSimulation=true -v quiet --nologo || broken
  count "$simulator" --regressions
  first="$("$simulator" --seeds 4 | tail -n 1)" || true
  second="$("$simulator" --seeds 4 --verify-determinism | tail -n 1)" || true
  count test "$first" == "$second"
  count "$simulator" --minutes 0.5
}

# Runs a command that is a test of its own.
count() { if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi; }

# A sample is a promise of the README: it counts as a test that passes if it ends well.
run_sample() {
  say "$1"
  count dotnet "artifacts/bin/$1/release/$1.dll"
}

summary() {
  if ((${#empty[@]} > 0)); then say 'No tests yet:' && printf '    %s\n' "${empty[@]}"; fi
  if ((passed == 0 && failed == 0)); then
    printf '%sNothing ran.%s\n' "$Red" "$Plain"
    failed=1
  fi

  local colour="$Green"
  if ((failed > 0)); then colour="$Red"; fi
  printf '%s%d passed, %d failed, %d skipped%s\n' "$colour" "$passed" "$failed" "$skipped" "$Plain"
  ((failed == 0))
}

# Real etcd, its client and clients of other languages: what some tests hold Coord against; strace: what makes the
# disk fail under a real process. Only where apt-get can.
install_peers() {
  local wanted=() package
  for package in etcd-client etcd-discovery etcd-server python3-etcd3 python3-etcd3gw strace; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || wanted+=("$package")
  done
  if ((${#wanted[@]} == 0)); then return 0; fi

  say "Install ${wanted[*]}"
  if ! command -v apt-get >/dev/null || [[ "$(id -u)" != 0 ]]; then
    printf 'Only root can, with apt-get: the tests that need them are skipped.\n'
  else
    { apt-get update -q || true; } >/dev/null 2>&1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${wanted[@]}" >/dev/null 2>&1 ||
      printf 'Not all could be installed: the tests that need them are skipped.\n'
  fi
}

ci() {
  if [[ "${1:-}" == --install ]] && command -v dpkg-query >/dev/null; then install_peers; fi
  say 'Restore'
  dotnet restore "$Solution" || broken
  say 'Build (Release)'
  dotnet build "$Solution" --no-restore -c Release || broken
  say 'Build Coord.Raft.Tests (Debug)'
  dotnet build tests/Coord.Raft.Tests --no-restore -c Debug || broken

  # One after the other: tests of timing must not compete with each other for the processor.
  local project
  for project in tests/*.Tests; do run_tests "$project" Release; done
  run_tests tests/Coord.Raft.Tests Debug # The assertions in the core are compiled into Debug alone.
  local sample
  for sample in Coord.FirstLog Coord.FirstProgram; do run_sample "$sample"; done
  run_simulation
  summary
}

# A build that fails is a failure that the last line must show.
broken() {
  failed=1
  summary || exit 1
}

torture() {
  local rounds=100 seed="${COORD_SEED:-$RANDOM}"
  while (($# > 0)); do
    case "$1" in
      --rounds) rounds="${2:?--rounds needs a number}"; shift 2 ;;
      --seed) seed="${2:?--seed needs a number}"; shift 2 ;;
      *) die "torture knows --rounds N and --seed N, not '$1'." ;;
    esac
  done
  [[ "$rounds" =~ ^[1-9][0-9]*$ ]] || die "--rounds takes a positive number, not '$rounds'."
  [[ "$seed" =~ ^[0-9]+$ ]] || die "--seed takes a number, not '$seed'."

  export COORD_TORTURE_ROUNDS="$rounds" COORD_SEED="$seed"
  dotnet build tests/Coord.Process.Tests -c Release -v quiet
  say "$rounds rounds of kill -9, seed $seed"
  # Detailed, because the figures of a run that passes are of interest too.
  dotnet test artifacts/bin/Coord.Process.Tests/release/Coord.Process.Tests.dll \
    --filter FullyQualifiedName~KillTests --logger 'console;verbosity=detailed'
}

faults_help() {
  cat <<EOF
${Bold}./build.sh faults [--short] [--rows LIST] [--json] [--previous REF|DIR]${Plain}

  --short          only what ci runs; what a row leaves out for it says so
  --rows LIST      only these rows of the catalogue, such as D22,P1
  --json           print the table as JSON; progress goes to stderr in any case
  --previous WHAT  the version that the rolling upgrade begins with: a commit, which is built, or the directory of a
                   coord-host.dll; $Previous if not given

What a machine cannot do (strace, gcc, mounting a tmpfs) is skipped, and the table says why.
EOF
}

# Sets COORD_PREVIOUS_HOST to the former version's host; says why where there is none.
find_previous() {
  local what="$1" folder
  if [[ -f "$what/coord-host.dll" ]]; then
    COORD_PREVIOUS_HOST="$(realpath "$what/coord-host.dll")"
  elif ! git cat-file -e "$what^{commit}" 2>/dev/null; then
    say "No rolling upgrade: '$what' is no commit here and no directory with a coord-host.dll."
    return 0
  else
    folder="$PWD/artifacts/previous/$(git rev-parse --short "$what")"
    COORD_PREVIOUS_HOST="$folder/artifacts/bin/Coord.SampleHost/release/coord-host.dll"
    if [[ ! -f "$COORD_PREVIOUS_HOST" ]]; then
      say "Build the former version, $what"
      mkdir -p "$folder"
      git archive "$what" | tar -x -C "$folder"
      dotnet build "$folder/samples/Coord.SampleHost" -c Release -v quiet --nologo
    fi
  fi
  export COORD_PREVIOUS_HOST
}

faults() {
  local json='' filter='Category=Faults' previous="$Previous" rows=all results="$PWD/artifacts/test-results/faults.trx"
  export COORD_FAULTS=long
  while (($# > 0)); do
    case "$1" in
      --short) COORD_FAULTS=short; shift ;;
      --rows) rows="${2:?--rows needs a list}"; filter="Fault=${rows//,/|Fault=}"; shift 2 ;;
      --json) json=--json; shift ;;
      --previous) previous="${2:?--previous needs a commit or a directory}"; shift 2 ;;
      -h | --help) faults_help; return 0 ;;
      *) die "faults knows no '$1'; see ./build.sh faults --help." ;;
    esac
  done

  {
    dotnet build tests/Coord.Process.Tests -c Release -v quiet --nologo
    if [[ "$COORD_FAULTS" == long ]]; then find_previous "$previous"; fi
    say "Faults, $COORD_FAULTS form"
    rm -f "$results"
    # What fails is in the table too, and decides there.
    dotnet test artifacts/bin/Coord.Process.Tests/release/Coord.Process.Tests.dll --filter "$filter" \
      --logger 'console;verbosity=normal' --results-directory "$(dirname "$results")" \
      --logger "trx;LogFileName=$(basename "$results")" || true
  } >&2
  [[ -f "$results" ]] || die 'No test has run.'
  dotnet artifacts/bin/Coord.Process.Tests/release/Coord.Process.Tests.dll faults "$results" "$rows" $json
}

verb="${1:-help}"
if (($# > 0)); then shift; fi
case "$verb" in
  help | -h | --help) help; exit ;;
  build | test | sim | bench | compare | format | api | tidy | torture | faults | e2e | ci) require_dotnet ;;
  *) help >&2; die "There is no verb '$verb'." ;;
esac

case "$verb" in
  build) dotnet build "$Solution" "$@" ;;
  test) dotnet test "$Solution" -m:1 "$@" ;;
  sim)
    dotnet build tests/Coord.Simulation -c Release -p:CoordSimulation=true -v quiet --nologo
    artifacts/simulation/bin/Coord.Simulation/release/Coord.Simulation "$@"
    ;;
  bench) dotnet run -c Release --project benchmarks/Coord.Benchmarks -- "$@" ;;
  format) dotnet format "$Solution" "$@" ;;
  api) dotnet format analyzers "$Solution" --diagnostics RS0016 --severity warn "$@" ;;
  tidy) dotnet test tests/Coord.Tidy.Tests "$@" ;;
  torture) torture "$@" ;;
  faults) faults "$@" ;;
  compare)
    # Published as for a server: compiled ahead, as etcd is. It still gets faster by what the runtime sees it do. As
    # machine code alone it starts sooner and is smaller, and a call under load costs some more.
    flavour=coord-host
    if [[ "${1:-}" == --native ]]; then
      flavour=coord-host-native
      shift
      dotnet publish samples/Coord.SampleHost -c Release --use-current-runtime -p:PublishAot=true \
        -v quiet --nologo -o "artifacts/publish/$flavour" >&2
    else
      dotnet publish samples/Coord.SampleHost -c Release --use-current-runtime --self-contained false \
        -p:PublishReadyToRun=true -v quiet --nologo -o "artifacts/publish/$flavour" >&2
    fi
    dotnet build benchmarks/Coord.LoadGenerator -c Release -v quiet --nologo >&2
    artifacts/bin/Coord.LoadGenerator/release/coord-load compare --coord "artifacts/publish/$flavour/coord-host" "$@"
    ;;
  e2e)
    dotnet build samples/Coord.SampleHost -c Release -v quiet --nologo >&2
    tests/Conformance/etcd-e2e.sh "$@"
    ;;
  ci) ci "$@" ;;
esac
