# Runs a Python program, which comes on standard input, in a root of its own: the system's programs to read, an empty working folder in
# memory to write, no network, nobody else's processes. `unshare` has made the namespaces; this is their first process, and all that runs
# in them ends with it. $1: an empty folder to build the root in; then bytes of address space, seconds of processor time, processes, bytes
# of a file, kilobytes of the working folder.
set -eu
root=$1
mount -t tmpfs -o size=1m,mode=755 none "$root"
cd "$root"
mkdir box dev old proc usr
mount -t proc none proc
for part in bin sbin lib lib32 lib64; do
  if [ -L "/$part" ]; then
    cp -P "/$part" "$part"
  elif [ -d "/$part" ]; then
    mkdir "$part"
    mount --rbind "/$part" "$part"
    mount -o remount,bind,ro "$part"
  fi
done
mount --rbind /usr usr
mount -o remount,bind,ro usr
for device in null urandom; do
  touch "dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mount -t tmpfs -o "size=${6}k,nr_inodes=1000,mode=755" none box
cat >box/program.py
pivot_root . old
cd /
umount -l old
rmdir old
echo 0 >/proc/sys/user/max_user_namespaces
mount -o remount,bind,ro /
umount -l /proc
cd box
# What follows runs without any privilege, even that of making namespaces.
prlimit "--as=$2" "--cpu=$3" "--nproc=$4" "--fsize=$5" --nofile=64 --core=0 \
  setpriv --no-new-privs --bounding-set=-all --inh-caps=-all python3 -I -B program.py </dev/null
