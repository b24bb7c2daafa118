#!/bin/sh
# postfix.sh DIR: a private Postfix below DIR on free ports of loopback, with TLS and with login by Cyrus SASL.
# Delivers zjk@ju.example.cn into DIR/mail/zjk/ and knows nobody else. Prints `NAME PORT` lines.
set -eu

dir=$1
etc=$dir/etc
mkdir "$etc" "$dir/queue" "$dir/data" "$dir/mail" "$dir/log" "$etc/sasl"
chown postfix "$dir/data"
chown nobody "$dir/mail"

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
starttls=$(free_port)
implicit=$(free_port)

cat >"$etc/main.cf" <<END
compatibility_level = 3.6
queue_directory = $dir/queue
data_directory = $dir/data
maillog_file = $dir/log/mail.log
maillog_file_prefixes = $dir
myhostname = mail.ju.example.cn
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
virtual_mailbox_domains = ju.example.cn
virtual_mailbox_base = $dir/mail
virtual_mailbox_maps = texthash:$etc/mailboxes
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
default_transport = error:nothing leaves this machine
smtpd_tls_cert_file = $dir/server.pem
smtpd_tls_key_file = $dir/server.key
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = $etc/sasl
smtpd_sasl_local_domain = ju.example.cn
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
END
printf 'zjk@ju.example.cn zjk/\n' >"$etc/mailboxes"
cat >"$etc/master.cf" <<END
127.0.0.1:$starttls inet n - n - - smtpd
127.0.0.1:$implicit inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
error unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
END
# Debian looks beside main.cf, whatever cyrus_sasl_config_path says.
cat >"$etc/sasl/smtpd.conf" <<END
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: $etc/sasl/sasldb2
mech_list: PLAIN LOGIN
END
printf '%s' 'postfix-pass' | saslpasswd2 -c -p -f "$etc/sasl/sasldb2" -u ju.example.cn duban
chown postfix "$etc/sasl/sasldb2"

postfix -c "$etc" start >"$dir/log/start" 2>&1 || { cat "$dir/log/start" >&2; exit 1; }
echo "POSTFIX_STARTTLS $starttls"
echo "POSTFIX_IMPLICIT $implicit"
