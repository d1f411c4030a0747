#!/bin/sh
# Signs the zone "internal" with keys that live as long as this container, serves it to unbound alone, and runs unbound. The
# zone says which key the mail catcher has (TLSA, RFC 7672), so the certificate must be there before.
set -eu
cd /tmp

tlsa=$(openssl x509 -in /certs/relay.pem -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -r | cut -c -64)

cat >internal.zone <<ZONE
\$ORIGIN internal.
\$TTL 300
@ SOA ns admin 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
mailpit A 172.30.25.3
relay A 172.30.25.4
_1025._tcp.mailpit TLSA 3 1 1 $tlsa
bogus A 192.0.2.73
ZONE
anchor=$(ldns-keygen -a ECDSAP256SHA256 -k internal)
key=$(ldns-keygen -a ECDSAP256SHA256 internal)
ldns-signzone -n -e "$(date -d '+5 years' +%Y%m%d)" -f internal.signed internal.zone "$anchor" "$key"
# Its signature no longer fits: the relay tests with it whether unbound notices.
sed -i 's/192\.0\.2\.73/192.0.2.74/' internal.signed
cp "$anchor.key" internal.anchor

nsd -d -c /etc/nsd/nsd.conf &
exec unbound -d -c /etc/unbound/unbound.conf
