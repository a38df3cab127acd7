package io.signet.ca.signing;

import java.io.IOException;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERTaggedObject;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x509.TBSCertificate;
import org.bouncycastle.asn1.x509.Time;

/** The bytes of a good draft, to be changed in one point that our builder would never get wrong. */
final class Crafted {

  private final Draft of;
  private final TBSCertificate good;
  private final List<Extension> extensions = new ArrayList<>();
  private int version = 2;
  private BigInteger serial;
  private AlgorithmIdentifier algorithm;
  private X500Name issuer;
  private X500Name subject;
  private Date notBefore;
  private Date notAfter;
  private SubjectPublicKeyInfo key;
  private boolean uniqueId;

  Crafted(Draft draft) {
    of = draft;
    good = TBSCertificate.getInstance(draft.tbs());
    serial = good.getSerialNumber().getValue();
    algorithm = good.getSignature();
    issuer = good.getIssuer();
    subject = good.getSubject();
    notBefore = good.getStartDate().getDate();
    notAfter = good.getEndDate().getDate();
    key = good.getSubjectPublicKeyInfo();
    Arrays.stream(good.getExtensions().getExtensionOIDs())
        .map(good.getExtensions()::getExtension)
        .forEach(extensions::add);
  }

  /** The draft that this was before it was changed. */
  Draft of() {
    return of;
  }

  Crafted version(int other) {
    version = other;
    return this;
  }

  Crafted serial(BigInteger other) {
    serial = other;
    return this;
  }

  Crafted algorithm(ASN1ObjectIdentifier other) {
    algorithm = new AlgorithmIdentifier(other);
    return this;
  }

  Crafted issuer(String other) {
    issuer = new X500Name(other);
    return this;
  }

  Crafted subject(String other) {
    subject = new X500Name(other);
    return this;
  }

  Crafted notBefore(Instant other) {
    notBefore = Date.from(other);
    return this;
  }

  Crafted notAfter(Instant other) {
    notAfter = Date.from(other);
    return this;
  }

  Crafted key(byte[] spki) {
    key = SubjectPublicKeyInfo.getInstance(spki);
    return this;
  }

  Crafted withUniqueId() {
    uniqueId = true;
    return this;
  }

  Crafted without(ASN1ObjectIdentifier oid) {
    extensions.removeIf(extension -> extension.getExtnId().equals(oid));
    return this;
  }

  Crafted plus(ASN1ObjectIdentifier oid, boolean critical, ASN1Encodable value) {
    return plus(new Extension(oid, critical, der(value)));
  }

  Crafted plus(Extension extension) {
    extensions.add(extension);
    return this;
  }

  /** In place of what there is. */
  Crafted with(ASN1ObjectIdentifier oid, boolean critical, ASN1Encodable value) {
    return without(oid).plus(oid, critical, value);
  }

  /** The same value, critical or not. */
  Crafted critical(ASN1ObjectIdentifier oid, boolean critical) {
    Extension old = good.getExtensions().getExtension(oid);
    return without(oid).plus(new Extension(oid, critical, old.getExtnValue()));
  }

  byte[] der() {
    ASN1EncodableVector tbs = new ASN1EncodableVector();
    if (version > 0) {
      tbs.add(new DERTaggedObject(true, 0, new ASN1Integer(version)));
    }
    tbs.add(new ASN1Integer(serial));
    tbs.add(algorithm);
    tbs.add(issuer);
    tbs.add(new DERSequence(new ASN1Encodable[] {new Time(notBefore), new Time(notAfter)}));
    tbs.add(subject);
    tbs.add(key);
    if (uniqueId) {
      tbs.add(new DERTaggedObject(false, 2, new DERBitString(new byte[] {1})));
    }
    if (version == 2) {
      tbs.add(
          new DERTaggedObject(true, 3, new DERSequence(extensions.toArray(ASN1Encodable[]::new))));
    }
    return der(new DERSequence(tbs));
  }

  private static byte[] der(ASN1Encodable value) {
    try {
      return value.toASN1Primitive().getEncoded(ASN1Encoding.DER);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
