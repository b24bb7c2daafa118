#!/bin/sh
# servers.sh DIR [USER...]: a private Dovecot and a private Postfix below DIR, on free ports of loopback. As root, on
# a Debian 12 with dovecot-imapd, postfix, openssl and python3. Touches nothing outside DIR, which is made if missing
# and must be absolute, empty and short (the path of a socket below it has room for 107 bytes).
# servers.sh stop DIR: ends both; DIR stays.
#
# Prints `NAME PORT` lines, then returns; the servers run on:
#   IMAPS     IMAP with TLS from the first byte
#   IMAP      IMAP that offers STARTTLS
#   NEXT      nobody: refused@ju.example.cn is handed on to a server there, if a test has one
#   SMTP      Postfix: STARTTLS offered, no login wanted, takes letters for anyone from 127.0.0.1
#
# The certificate is for `localhost` and signed by DIR/ca.pem: connect to localhost, not to 127.0.0.1.
#
# Mailboxes: each USER@ju.example.cn (duban admin bgs fzk zjk dyk jcs leader unless named), login by that address with
# the password `imap-pass`. A USER's mail is the Maildir DIR/mail/USER: what comes lies in new/, and an actor that
# takes it for read moves it to cur/NAME:2,S. Folders are beside new/ as .NAME in modified UTF-7 (.&XfJZBHQG- is
# 已处理). Letters from an actor go to the SMTP port, from any address to any address.
#
# Addresses that are no mailbox, all taken at first and answered by a letter to the sender, as the world does it:
#   nobody, gone or any other @ju.example.cn    bounces at once: 5.1.1
#   full@ju.example.cn                          bounces at once: 5.2.2
#   delayed@ju.example.cn                       is put off: a warning (Action: delayed) after some 5 seconds, a bounce
#                                               (4.4.7, Action: failed) after some 60
#   anyone at another domain                    bounces at once: 5.0.0
# A user goes away while all runs: take the line out of DIR/etc/mailboxes, then `postfix -c DIR/etc reload`.
#
# To look: doveadm -c DIR/etc/dovecot.conf mailbox list -u USER@ju.example.cn; DIR/log; postqueue -c DIR/etc -p.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ "$1" = stop ]; then
    dir=$2
    # Neither running is what is wanted.
    doveadm -c "$dir/etc/dovecot.conf" stop 2>/dev/null || true
    postfix -c "$dir/etc" stop >/dev/null 2>&1 || true
    exit 0
fi
dir=$1
shift
[ $# -gt 0 ] || set -- duban admin bgs fzk zjk dyk jcs leader
[ "$(id -u)" = 0 ] || { echo 'needs root' >&2; exit 2; }
for tool in dovecot doveadm postfix openssl python3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 2; }
done
etc=$dir/etc
mkdir -p "$dir"
mkdir "$etc" "$dir/run" "$dir/state" "$dir/queue" "$dir/data" "$dir/mail" "$dir/log"
chmod 755 "$dir" "$etc" "$dir/run" "$dir/state" "$dir/log"
chown postfix "$dir/data"
# Postfix writes as the same user that Dovecot reads as.
owner=nobody
chown "$owner" "$dir/mail"
[ -e "$dir/server.pem" ] || "$here/../certificates.sh" "$dir"

# All held at once, so that they differ.
set_ports() { imaps=$1 imap=$2 smtp=$3 next=$4; }
users=$*
set_ports $(python3 -c '
import socket
held = [socket.socket() for _ in range(4)]
for s in held: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in held))')

for user in $users; do
    printf '%s@ju.example.cn:{PLAIN}imap-pass\n' "$user" >>"$etc/users"
    printf '%s@ju.example.cn %s/\n' "$user" "$user" >>"$etc/mailboxes"
done
chmod 644 "$etc/users"

cat >"$etc/dovecot.conf" <<END
base_dir = $dir/run
state_dir = $dir/state
log_path = $dir/log/dovecot.log
listen = 127.0.0.1
protocols = imap
ssl = yes
ssl_cert = <$dir/server.pem
ssl_key = <$dir/server.key
auth_mechanisms = plain login
mail_location = maildir:$dir/mail/%n
mail_max_userip_connections = 100
namespace inbox {
  inbox = yes
}
passdb {
  driver = passwd-file
  args = username_format=%u $etc/users
}
userdb {
  driver = static
  args = uid=$(id -u "$owner") gid=$(id -g "$owner") home=$dir/mail/%n
}
service imap-login {
  inet_listener imap {
    port = $imap
  }
  inet_listener imaps {
    port = $imaps
    ssl = yes
  }
}
END

cat >"$etc/main.cf" <<END
compatibility_level = 3.6
queue_directory = $dir/queue
data_directory = $dir/data
maillog_file = $dir/log/mail.log
maillog_file_prefixes = $dir
myhostname = mail.ju.example.cn
mydomain = ju.example.cn
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
virtual_mailbox_domains = ju.example.cn
virtual_mailbox_base = $dir/mail
virtual_mailbox_maps = texthash:$etc/mailboxes
virtual_mailbox_limit = 0
message_size_limit = 104857600
virtual_uid_maps = static:$(id -u "$owner")
virtual_gid_maps = static:$(id -g "$owner")
transport_maps = texthash:$etc/transport
default_transport = error:nothing leaves this machine
smtpd_reject_unlisted_recipient = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_tls_cert_file = $dir/server.pem
smtpd_tls_key_file = $dir/server.key
smtpd_tls_security_level = may
in_flow_delay = 0
queue_run_delay = 5s
minimal_backoff_time = 5s
maximal_backoff_time = 10s
delay_warning_time = 5s
maximal_queue_lifetime = 60s
bounce_queue_lifetime = 60s
END
cat >"$etc/transport" <<END
delayed@ju.example.cn retry:4.2.1 mailbox is busy
full@ju.example.cn error:5.2.2 mailbox is full
refused@ju.example.cn smtp:[127.0.0.1]:$next
END
cat >"$etc/master.cf" <<END
127.0.0.1:$smtp inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 5 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
error unix - - n - - error
retry unix - - n - - error
smtp unix - - n - - smtp
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
flush unix n - n 1000? 0 flush
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
END

dovecot -c "$etc/dovecot.conf" 2>"$dir/log/start" || { cat "$dir/log/start" >&2; exit 1; }
postfix -c "$etc" start >"$dir/log/start" 2>&1 || { cat "$dir/log/start" >&2; "$0" stop "$dir"; exit 1; }
echo "IMAPS $imaps"
echo "IMAP $imap"
echo "SMTP $smtp"
echo "NEXT $next"
