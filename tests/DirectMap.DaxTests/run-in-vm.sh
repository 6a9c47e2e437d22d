#!/usr/bin/env bash
# Boots virtual machines with emulated persistent memory and runs DirectMap.DaxTests in them: five boots.
# Exits with 0 where every case passed.
# Needs Linux x64, the .NET SDK, and of Debian's packages: qemu-system-x86 ndctl busybox-static kmod cpio xfsprogs e2fsprogs;
# as root, or as a user who may read the SDK and the tools.
# The machines see the host's files (read-only), of which none should change meanwhile.
# It downloads Debian's kernel with apt-get, unless DIRECTMAP_VM_KERNEL is the path of a linux-image-*.deb.
# Everything it makes is in a folder that it removes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
missing=
for tool in dotnet qemu-system-x86_64 ndctl busybox depmod modprobe cpio mkfs.ext4 mkfs.xfs dpkg apt-get; do
  command -v "$tool" >/dev/null || missing+=" $tool"
done
[ -z "$missing" ] || { echo "missing:$missing" >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "== build"
dotnet build -c Release "$here/DirectMap.DaxTests.csproj" -v quiet --nologo
program=$here/bin/Release/net10.0/DirectMap.DaxTests.dll
[ -e "$(dirname "$program")/libdirectmap.so" ] || { echo "libdirectmap.so was not built: a C compiler is needed" >&2; exit 2; }

echo "== kernel"
deb=${DIRECTMAP_VM_KERNEL:-}
if [ -z "$deb" ]; then
  package=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
  chmod 755 "$work" # apt's own user writes there
  (cd "$work" && apt-get download -q "$package" 2>"$work/apt.log") >/dev/null || { cat "$work/apt.log" >&2; exit 2; }
  deb=$(ls "$work"/linux-image-*.deb)
fi
dpkg -x "$deb" "$work/kernel"
version=$(ls "$work/kernel/lib/modules")
echo "$version"
depmod -b "$work/kernel" "$version"

root=$work/root
mkdir -p "$root/bin" "$root/modules" "$root/proc" "$root/sys" "$root/dev"
cp "$(command -v busybox)" "$root/bin/busybox"
cp "$here/vm/init" "$root/init"
chmod +x "$root/init"
for module in virtio_pci virtio_blk 9pnet_virtio 9p overlay libnvdimm nfit nd_pmem virtio_pmem crc32c_generic ext4 libcrc32c xfs; do
  modprobe -C /dev/null -d "$work/kernel" -S "$version" --show-depends "$module"
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$work/modules"
while read -r module; do
  cp "$module" "$root/modules/"
  basename "$module" >>"$root/modules/order"
done <"$work/modules"
(cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$work/initramfs"

dotnet=$(readlink -f "$(command -v dotnet)")
failed=0
boot() { # mode, the exit status of its job (none where it resets the machine); then qemu's options
  local job=$work/job status=none ended=0
  echo "== $1 ($SECONDS s)"
  rm -rf "$job"
  mkdir "$job"
  cp "$here/vm/guest.sh" "$job/"
  printf '%s=%q\n' mode "$1" program "$program" dotnet "$dotnet" PATH /usr/sbin:/usr/bin:/sbin:/bin >"$job/settings"
  timeout --foreground 900 qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 2G,slots=2,maxmem=8G \
    -nodefaults -no-reboot -display none -serial "file:$work/console" \
    -kernel "$work/kernel/boot/vmlinuz-$version" -initrd "$work/initramfs" \
    -append "console=ttyS0 quiet panic=-1 mitigations=off nokaslr tsc=unstable" \
    -virtfs local,path=/,mount_tag=host,security_model=none,multidevs=remap,readonly=on \
    -virtfs "local,path=$job,mount_tag=job,security_model=none,multidevs=remap" \
    "${@:3}" 2>"$work/qemu.log" || ended=$?
  [ ! -e "$job/log" ] || cat "$job/log"
  [ ! -e "$job/status" ] || status=$(cat "$job/status")
  if [ "$status" != "$2" ] || [ "$ended" != 0 ]; then
    failed=1
    echo "FAIL  the job ended with status $status, not $2; the machine with $ended"
    cat "$work/qemu.log" "$work/console" 2>/dev/null || true
  fi
}

memory=$work/memory
medium() { # an empty one
  rm -f "$memory"
  truncate -s 1G "$memory"
}
backend=(-object "memory-backend-file,id=medium,share=on,mem-path=$memory,size=1G")
dimm=("${backend[@]}" -device nvdimm,id=dimm,memdev=medium)

medium
boot memory-controller none -machine pc,nvdimm=on,nvdimm-persistence=mem-ctrl "${dimm[@]}"
boot after-the-reset 0 -machine pc,nvdimm=on,nvdimm-persistence=mem-ctrl "${dimm[@]}"
medium
boot cpu-cache 0 -machine pc,nvdimm=on,nvdimm-persistence=cpu "${dimm[@]}"
medium
boot unknown 0 -machine pc,nvdimm=on "${dimm[@]}"
medium
boot virtio 0 -machine pc "${backend[@]}" -device virtio-pmem-pci,id=dimm,memdev=medium

[ $failed = 0 ] && echo "== all passed ($SECONDS s)" || echo "== FAILED ($SECONDS s)"
exit $failed
