#!/usr/bin/env bash
# The breaker table on each file system, as root and as a user without rights, level by level; each row is compared with the page.
# Without root: only on the file system of the temp folder. Ends with an error when a row differs, or a file system cannot be made.
#   legs.sh PROGRAM PAGE [--write] [OPTION...]
#     PROGRAM: the built DirectMap.BreakerTable; PAGE: docs/breakers.md; OPTION: passed on (--only NAME, --whole)
set -uo pipefail

program=$(readlink -f "$1")
page=$(readlink -f "$2")
compare=--page
shift 2
[ "${1:-}" != --write ] || { compare=--write; shift; }
options=("$@")
legs=("--level Watched" "--level NoWriters" "--level Proved" "--without-fanotify")
[ "$compare" = --page ] || unset 'legs[3]'
user=65534
status=0
work=$(mktemp -d)
mounts=()

finish() {
  for ((i = ${#mounts[@]} - 1; i >= 0; i--)); do
    umount "${mounts[i]}" || umount -l "${mounts[i]}"
  done
  rm -rf "$work"
}
trap finish EXIT

run() { # name, directory, what it is run with...
  local name=$1 directory=$2 leg log result=0
  shift 2
  for leg in "${legs[@]}"; do
    log=$work/$name.log
    # shellcheck disable=SC2086 # A leg is one option or two.
    "$@" "$directory" $leg "$compare" "$copy" ${options[@]+"${options[@]}"} >"$log" 2>&1 || {
      result=1
      grep -E '^(DIFFERS|once more)' "$log" || tail -n 20 "$log"
    }
    tail -n 1 "$log"
  done
  return "$result"
}

table() { # directory: both users at once, since most of the time is waiting; but one after the other where both write
  local others status=0
  copy=$work/${1##*/}.md # of this table alone: those of other file systems are written at the same time
  cp "$page" "$copy"
  chmod a+rw "$copy"
  chmod 1777 "$1"
  run "${1##*/}.user" "$1" setpriv --reuid="$user" --regid="$user" --clear-groups env "HOME=$work" "DOTNET_ROOT=$dotnet_root" "$program" &
  others=$!
  [ "$compare" = --page ] || wait "$others" || status=1
  run "${1##*/}.root" "$1" "$program" || status=1
  [ "$compare" != --page ] || wait "$others" || status=1
  return "$status"
}

tables=()
begin() { # directory: its table, beside those of other file systems, for the same reasons
  table "$1" &
  tables+=("$!")
}

finished() {
  for one in ${tables[@]+"${tables[@]}"}; do
    wait "$one" || status=1
  done
  tables=()
}

mounted() { # name, what mount is told...: where it is
  mkdir -p "$work/$1"
  mount "${@:2}" "$work/$1" || { echo "FAILED: $1 cannot be mounted"; return 1; }
  mounts+=("$work/$1")
}

on_loop() { # name, MiB, how it is made...
  local image=$work/images/$1
  truncate -s "$2M" "$image"
  "${@:3}" "$image" >"$work/log" 2>&1 || { cat "$work/log"; return 1; }
  mounted "$1" -o loop "$image"
}

if [ "$(id -u)" != 0 ]; then
  copy=$page
  run own "$work" "$program"
  exit
fi

# A copy that the user may read, wherever the checkout lies; so the pages are copies, too.
dotnet_root=${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet)")")}
chmod 755 "$work"
cp -r "$(dirname "$program")" "$work/program"
program=$work/program/$(basename "$program")
chmod -R a+rX "$work/program"

# In memory, because each row writes files through to the device: on a disk that is most of the time.
mounted images -t tmpfs -o size=1g tmpfs || exit 1
on_loop ext4 64 mkfs.ext4 -q -b 4096 && begin "$work/ext4" || status=1
on_loop xfs 400 mkfs.xfs -q -f -m reflink=1 && begin "$work/xfs" || status=1
# Files that are not copied on each write, as the library creates them; so cp can share their blocks with a new one.
on_loop btrfs 400 mkfs.btrfs -q && chattr +C "$work/btrfs" && begin "$work/btrfs" || status=1
mounted tmpfs -t tmpfs -o size=64m tmpfs && begin "$work/tmpfs" || status=1
mkdir "$work/xfs/upper" "$work/xfs/work" "$work/lower" &&
  mounted overlay -t overlay -o "lowerdir=$work/lower,upperdir=$work/xfs/upper,workdir=$work/xfs/work" overlay &&
  begin "$work/overlay" || status=1
finished

if [ "$compare" != --page ]; then
  for table in ext4:ext4 xfs:XFS btrfs:btrfs tmpfs:tmpfs overlay:overlayfs; do
    written=$work/${table%:*}.md
    [ -e "$written" ] || written=$page
    [ -e "$work/whole.md" ] || awk '/^## ext4$/ { exit } { print }' "$page" >"$work/whole.md"
    awk -v title="## ${table#*:}" '/^## / { is = $0 == title } is' "$written" >>"$work/whole.md"
    printf '\n' >>"$work/whole.md"
  done
  cat -s "$work/whole.md" | sed '$d' >"$page"
fi
exit "$status"
