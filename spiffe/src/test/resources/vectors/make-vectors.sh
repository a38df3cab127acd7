#!/bin/sh
# Makes the certificates of this directory anew. Private keys stay in a temporary directory, which
# is removed at the end. Needs OpenSSL 3.
set -eu
out=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
touch index.txt
cat > ca.cnf <<'CNF'
[ca]
default_ca = d
[d]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
unique_subject = no
policy = any
email_in_dn = no
[any]
organizationName = optional
commonName = optional
[req]
distinguished_name = dn
prompt = no
[dn]
O = unused
CNF

FROM=20260101000000Z
TO=21000101000000Z
LEAF_KU='keyUsage=critical,digitalSignature'
LEAF_EKU='extendedKeyUsage=serverAuth,clientAuth'
LEAF_BC='basicConstraints=critical,CA:false'
SAN='subjectAltName=critical,URI:spiffe://example.org/ns/shop/sa/cart'
CA_BC='basicConstraints=critical,CA:true'
CA_KU='keyUsage=critical,keyCertSign,cRLSign'
CA_SAN='subjectAltName=URI:spiffe://example.org'

# key NAME [genpkey options]
key() {
  name=$1
  shift
  [ $# -gt 0 ] || set -- -algorithm EC -pkeyopt ec_paramgen_curve:P-256
  openssl genpkey "$@" -out "$name.key" 2>/dev/null
}

# cert NAME ISSUER SUBJECT FROM TO EXTENSION...
cert() {
  name=$1 issuer=$2 subject=$3 from=$4 to=$5
  shift 5
  [ -f "$name.key" ] || key "$name"
  printf '%s\n' "$@" > "$name.ext"
  openssl req -new -config ca.cnf -key "$name.key" -subj "$subject" -out "$name.csr"
  if [ "$issuer" = self ]; then
    set -- -selfsign -keyfile "$name.key"
  else
    set -- -keyfile "$issuer.key" -cert "$issuer.pem"
  fi
  openssl ca -batch -config ca.cnf -notext -preserveDN "$@" -in "$name.csr" \
    -startdate "$from" -enddate "$to" -extfile "$name.ext" -out "$name.pem" 2>"$name.log" \
    || { cat "$name.log" >&2; exit 1; }
  cp "$name.pem" "$out/$name.pem"
}

# leaf NAME EXTENSION...: signed by the intermediate
leaf() {
  name=$1
  shift
  cert "$name" intermediate / $FROM $TO "$@"
}

rm -f "$out"/*.pem

# Authorities. The root ends one year before everything below it, to test an anchor that expired.
cert root self "/O=Signet vectors/CN=root" $FROM 20990101000000Z "$CA_BC" "$CA_KU" "$CA_SAN"
cert intermediate root "/O=Signet vectors/CN=intermediate" $FROM $TO "$CA_BC" "$CA_KU" "$CA_SAN"
cert foreign-root self "/O=Signet vectors/CN=root" $FROM $TO "$CA_BC" "$CA_KU" "$CA_SAN"
cert intermediate-constrained root "/O=Signet vectors/CN=constrained" $FROM $TO \
  "$CA_BC" "$CA_KU" "$CA_SAN" 'nameConstraints=critical,permitted;URI:example.org'
cert intermediate-no-ca root "/O=Signet vectors/CN=no CA" $FROM $TO "$LEAF_BC" "$LEAF_KU" "$CA_SAN"
cert intermediate-no-keycertsign root "/O=Signet vectors/CN=no keyCertSign" $FROM $TO \
  "$CA_BC" 'keyUsage=critical,cRLSign' "$CA_SAN"
cert intermediate-with-path root "/O=Signet vectors/CN=with path" $FROM $TO \
  "$CA_BC" "$CA_KU" 'subjectAltName=URI:spiffe://example.org/ca'
cert intermediate-ku-not-critical root "/O=Signet vectors/CN=KU not critical" $FROM $TO \
  "$CA_BC" 'keyUsage=keyCertSign,cRLSign' "$CA_SAN"
cert root-no-san self "/O=Signet vectors/CN=root without SAN" $FROM $TO "$CA_BC" "$CA_KU"
key root-p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
cert root-p384 self "/O=Signet vectors/CN=root P-384" $FROM $TO "$CA_BC" "$CA_KU" "$CA_SAN"
key root-p521 -algorithm EC -pkeyopt ec_paramgen_curve:P-521
cert root-p521 self "/O=Signet vectors/CN=root P-521" $FROM $TO "$CA_BC" "$CA_KU" "$CA_SAN"
key root-rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
cert root-rsa self "/O=Signet vectors/CN=root RSA" $FROM $TO "$CA_BC" "$CA_KU" "$CA_SAN"

# Leaves that are as they should be.
leaf leaf "$LEAF_BC" "$LEAF_KU" "$LEAF_EKU" "$SAN"
leaf leaf-no-eku "$LEAF_BC" "$LEAF_KU" "$SAN"
leaf leaf-dns "$LEAF_BC" "$LEAF_KU" "$LEAF_EKU" "$SAN,DNS:cart.example.org"
cert leaf-constrained intermediate-constrained / $FROM $TO \
  "$LEAF_BC" "$LEAF_KU" "$LEAF_EKU" "$SAN"

leaf leaf-underscore "$LEAF_BC" "$LEAF_KU" "$LEAF_EKU" \
  'subjectAltName=critical,URI:spiffe://a_b/ns/shop/sa/cart'
cert leaf-later intermediate / 20400101000000Z 20410101000000Z \
  "$LEAF_BC" "$LEAF_KU" "$LEAF_EKU" "$SAN"

# Leaves that break a rule of the document.
leaf leaf-two-uris "$LEAF_BC" "$LEAF_KU" "$LEAF_EKU" "$SAN,URI:spiffe://example.org/other"
leaf leaf-no-uri "$LEAF_BC" "$LEAF_KU" "$LEAF_EKU" 'subjectAltName=critical,DNS:cart.example.org'
cert leaf-no-san intermediate "/CN=no SAN" $FROM $TO "$LEAF_BC" "$LEAF_KU" "$LEAF_EKU"
leaf leaf-san-not-critical "$LEAF_BC" "$LEAF_KU" "$LEAF_EKU" \
  'subjectAltName=URI:spiffe://example.org/ns/shop/sa/cart'
leaf leaf-http-uri "$LEAF_BC" "$LEAF_KU" "$LEAF_EKU" 'subjectAltName=critical,URI:http://example.org/a'
leaf leaf-root-path "$LEAF_BC" "$LEAF_KU" "$LEAF_EKU" 'subjectAltName=critical,URI:spiffe://example.org'
leaf leaf-root-slash "$LEAF_BC" "$LEAF_KU" "$LEAF_EKU" \
  'subjectAltName=critical,URI:spiffe://example.org/'
leaf leaf-ca "$CA_BC" "$LEAF_KU" "$LEAF_EKU" "$SAN"
leaf leaf-keycertsign "$LEAF_BC" 'keyUsage=critical,digitalSignature,keyCertSign' "$LEAF_EKU" "$SAN"
leaf leaf-crlsign "$LEAF_BC" 'keyUsage=critical,digitalSignature,cRLSign' "$LEAF_EKU" "$SAN"
leaf leaf-no-ku "$LEAF_BC" "$LEAF_EKU" "$SAN"
leaf leaf-ku-not-critical "$LEAF_BC" 'keyUsage=digitalSignature' "$LEAF_EKU" "$SAN"
leaf leaf-no-digitalsignature "$LEAF_BC" 'keyUsage=critical,keyAgreement' "$LEAF_EKU" "$SAN"
leaf leaf-eku-server-only "$LEAF_BC" "$LEAF_KU" 'extendedKeyUsage=serverAuth' "$SAN"
leaf leaf-eku-client-only "$LEAF_BC" "$LEAF_KU" 'extendedKeyUsage=clientAuth' "$SAN"
leaf leaf-eku-malformed "$LEAF_BC" "$LEAF_KU" '2.5.29.37=DER:3003020101' "$SAN"

# Documents in order that path validation refuses.
cert leaf-expired intermediate / 20250101000000Z 20250102000000Z \
  "$LEAF_BC" "$LEAF_KU" "$LEAF_EKU" "$SAN"
cert leaf-outside-constraint intermediate-constrained / $FROM $TO "$LEAF_BC" "$LEAF_KU" "$LEAF_EKU" \
  'subjectAltName=critical,URI:spiffe://other.example/ns/shop/sa/cart'
cert leaf-underscore-constrained intermediate-constrained / $FROM $TO \
  "$LEAF_BC" "$LEAF_KU" "$LEAF_EKU" 'subjectAltName=critical,URI:spiffe://a_b/ns/shop/sa/cart'
cert leaf-year-constrained intermediate-constrained / $FROM $TO \
  "$LEAF_BC" "$LEAF_KU" "$LEAF_EKU" 'subjectAltName=critical,URI:spiffe://mesh.2024/ns/shop/sa/cart'
cert leaf-unknown-critical intermediate / $FROM $TO "$LEAF_BC" "$LEAF_KU" "$LEAF_EKU" "$SAN" \
  '1.3.6.1.4.1.99999.1=critical,DER:0500'

# Keys that a bundle cannot name.
key root-ed25519 -algorithm ED25519
cert root-ed25519 self "/O=Signet vectors/CN=root Ed25519" $FROM $TO "$CA_BC" "$CA_KU" "$CA_SAN"
key root-secp256k1 -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1
cert root-secp256k1 self "/O=Signet vectors/CN=root secp256k1" $FROM $TO "$CA_BC" "$CA_KU" "$CA_SAN"
