#!/bin/sh
# certificates.sh DIR: an authority (ca.pem) and, signed by it, server (for localhost), wrong-name and expired, each
# NAME.pem and NAME.key in DIR.
set -eu

dir=$1

certificate() { # name, subject alternative name, first and last day
    openssl req -newkey rsa:2048 -nodes -keyout "$dir/$1.key" -out "$dir/$1.csr" -subj "/CN=$1" 2>/dev/null
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$2" >"$dir/$1.ext"
    openssl ca -batch -config "$dir/ca.cnf" -in "$dir/$1.csr" -out "$dir/$1.pem" -extfile "$dir/$1.ext" \
        -notext -startdate "$3" -enddate "$4" 2>/dev/null
    chmod 644 "$dir/$1.key"
}
cat >"$dir/ca.cnf" <<END
[ca]
default_ca = own
[own]
database = $dir/index
new_certs_dir = $dir
rand_serial = yes
default_md = sha256
private_key = $dir/ca.key
certificate = $dir/ca.pem
policy = any
[any]
commonName = supplied
END
: >"$dir/index"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$dir/ca.key" -out "$dir/ca.pem" -days 30 -subj '/CN=bureau CA' 2>/dev/null
yesterday=$(date -u -d yesterday +%Y%m%d000000Z)
certificate server DNS:localhost "$yesterday" "$(date -u -d '+20 days' +%Y%m%d000000Z)"
certificate wrong-name DNS:mail.elsewhere.example "$yesterday" "$(date -u -d '+20 days' +%Y%m%d000000Z)"
certificate expired DNS:localhost 20200101000000Z 20200201000000Z
