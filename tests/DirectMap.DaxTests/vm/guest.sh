# In the virtual machine: file systems on its persistent memory, and the cases on each.
. /job/settings # mode, program, dotnet, PATH
export PATH HOME=/tmp DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_EnableDiagnostics=0 DOTNET_TieredPGO=0
failures=0
at=/mnt/dax

have() { # device, mkfs with its options, mount options
  local device=$1 options=$3
  mkdir -p "$at" && $2 "$device" >/dev/null && mount -o "$options" "$device" "$at" || {
    echo "FAIL  $2, mount -o $options: exit $?"
    failures=$((failures + 1))
    return 1
  }
}

cases() { # title, device, mkfs, mount options, arguments of the program before and after the folder
  echo "== $1"
  have "$2" "$3" "$4" || return
  "$dotnet" "$program" "$5" "$at" "${@:6}" || failures=$((failures + 1))
  umount "$at" || failures=$((failures + 1))
}

all() { # device, arguments of check
  cases "ext4, dax=always" "$1" "mkfs.ext4 -q -F -b 4096 -E stride=512,stripe_width=512" dax=always check "${@:2}"
  cases "XFS, dax=always" "$1" "mkfs.xfs -q -f -d su=2m,sw=1 -l size=64m,su=32k" dax=always check "${@:2}"
}

namespace() { ndctl create-namespace -f -e namespace0.0 -m fsdax -M mem >/dev/null; }

uname -r
cat /sys/bus/nd/devices/region*/persistence_domain 2>/dev/null || echo "no persistence_domain"
case $mode in
  memory-controller)
    namespace
    all /dev/pmem0 CacheLine sync "no eADR"
    cases "ext4, dax=never" /dev/pmem0 "mkfs.ext4 -q -F -b 4096" dax=never without
    cases "XFS, dax=inode with the flag inherited" /dev/pmem0 "mkfs.xfs -q -f -d daxinherit=1" dax=inode check CacheLine sync "no eADR"
    [ "$failures" = 0 ] || exit 1
    echo "== ext4: stores, and a reset"
    have /dev/pmem0 "mkfs.ext4 -q -F -b 4096" dax=always && "$dotnet" "$program" store "$at" # does not return
    failures=$((failures + 1)) ;;
  after-the-reset)
    mkdir -p "$at" && mount -o dax=always /dev/pmem0 "$at" && "$dotnet" "$program" verify "$at" || failures=1 ;;
  cpu-cache)
    namespace
    all /dev/pmem0 Byte sync "" ;;
  unknown)
    namespace
    all /dev/pmem0 Page sync "the persistence domain is unknown" ;;
  virtio)
    all "$(ls -d /dev/pmem* | head -n 1)" Page nosync "MAP_SYNC was refused: EOPNOTSUPP" ;;
esac
exit $((failures > 0))
