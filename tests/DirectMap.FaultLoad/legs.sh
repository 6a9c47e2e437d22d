#!/usr/bin/env bash
# The load of faults under every way that the runtime may collect and compile.
# Each leg is a process of its own; one line each, with its time. Ends with an error when a leg does.
# Where CI is "true" every leg must be possible.
#   legs.sh PROGRAM [FAULTS]     PROGRAM: the built DirectMap.FaultLoad; FAULTS: for each leg, 60000 if not said
set -uo pipefail

program=$(readlink -f "$1")
faults=${2:-60000}
patience=120 # seconds for a leg; the program's own watchdog is for what hangs in it
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

leg() { # name, program, settings of the runtime...
  local name=$1 run=$2 began=$SECONDS result=0
  shift 2
  env "$@" timeout --kill-after 5 "$patience" "$run" load --faults "$faults" >"$work/log" 2>&1 || result=$?
  if [ "$result" = 0 ]; then
    printf 'ok      %-28s %3d s  %s\n' "$name" $((SECONDS - began)) "$(tail -n 1 "$work/log")"
  else
    printf 'FAILED  %-28s %3d s  exit %d\n' "$name" $((SECONDS - began)) "$result"
    cat "$work/log"
    status=1
  fi
}

ready_to_run() { # publishes the program compiled ahead of time; its path
  local project
  project=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/DirectMap.FaultLoad.csproj

  # A folder of its own for what is between, so that the build that CI goes on with stays as it is.
  dotnet publish "$project" -c Release -r linux-x64 --self-contained false -p:PublishReadyToRun=true \
    --artifacts-path "$work/artifacts" -o "$work/ready" >"$work/publish.log" 2>&1 || return 1
  [ -e "$work/ready/libdirectmap.so" ] || { echo 'error : the native library is not published' >>"$work/publish.log"; return 1; }
  printf '%s\n' "$work/ready/$(basename "$program")"
}

leg "workstation, concurrent" "$program" DOTNET_gcServer=0 DOTNET_gcConcurrent=1
leg "server" "$program" DOTNET_gcServer=1
leg "not concurrent" "$program" DOTNET_gcConcurrent=0
leg "no tiered compilation" "$program" DOTNET_TieredCompilation=0
leg "no profile, quick loops" "$program" DOTNET_TieredPGO=0 DOTNET_TC_QuickJitForLoops=1
if ready=$(ready_to_run); then
  leg "ready to run" "$ready"
elif [ "${CI:-}" != true ] && grep -qE 'NU11|Unable to find|NETSDK1094' "$work/publish.log"; then
  reason=$(grep -m 1 -oE 'error .*' "$work/publish.log")
  printf 'skipped %-28s        the compiler for it cannot be had here: %s\n' "ready to run" "$reason"
else
  printf 'FAILED  %-28s        it cannot be published\n' "ready to run"
  tail -n 20 "$work/publish.log"
  status=1
fi

exit "$status"
