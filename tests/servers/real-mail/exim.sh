#!/bin/sh
# exim.sh DIR: a real Exim below DIR, unpacked and not installed, as Debian lets only one mail system be installed.
# Prints `EXIM PATH`: a program that takes a letter to bgs@example.test on its standard input and writes what Exim
# reports of it to its standard output. Its argument says what becomes of the letter:
#   unknown   no such user           refused   the next server says 550
#   late      the next server says 451, and Exim warns
# As root: the user Debian-exim, by whose name it was built, is there only in a namespace of its own.
set -eu

dir=$1
here=$(cd "$(dirname "$0")" && pwd)
mkdir "$dir/exim" "$dir/exim/debs"
chmod 755 "$dir/exim"
chmod 777 "$dir/exim/debs"
cd "$dir/exim/debs"
download() { apt-get -qq download exim4-daemon-light libidn12; }
download || { apt-get -qq update; download; }
for deb in "$dir"/exim/debs/*.deb; do
    dpkg -x "$deb" "$dir/exim/root"
done
chmod u-s "$dir/exim/root/usr/sbin/exim4"
{ grep -v '^Debian-exim:' /etc/passwd; echo 'Debian-exim:x:64999:64999::/nonexistent:/usr/sbin/nologin'; } >"$dir/exim/passwd"
{ grep -v '^Debian-exim:' /etc/group; echo 'Debian-exim:x:64999:'; } >"$dir/exim/group"

cat >"$dir/exim/conf" <<END
primary_hostname = mail.example.test
spool_directory = SPOOL
log_file_path = SPOOL/%slog
pid_file_path = SPOOL/pid
exim_path = $dir/exim/root/usr/sbin/exim4
keep_environment = LD_LIBRARY_PATH
add_environment =
deliver_drop_privilege = false
tls_advertise_hosts =
disable_ipv6
delay_warning = 1s
delay_warning_condition = yes
dns_again_means_nonexist = *
begin routers
ours:
  driver = accept
  local_parts = duban
  transport = kept
unknown:
  driver = redirect
  condition = \${if eq{NEXT}{0}}
  allow_fail
  data = :fail: no such user here
next:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = on
begin transports
kept:
  driver = appendfile
  file = SPOOL/reports
  user = Debian-exim
  return_path_add
on:
  driver = smtp
  port = NEXT
  hosts_try_fastopen =
begin retry
* * F,1h,1s
END
cat >"$dir/exim/run" <<END
#!/bin/sh
exec unshare --mount sh -eu -c 'mount --bind "$dir/exim/passwd" /etc/passwd; mount --bind "$dir/exim/group" /etc/group
exec python3 "$here/exim.py" "$dir/exim" "\$1"' sh "\$1"
END
chmod 755 "$dir/exim/run"
echo "EXIM $dir/exim/run"
