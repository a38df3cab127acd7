package io.signet.ca.x509;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.spec.RSAPrivateKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.Random;
import java.util.stream.IntStream;
import org.bouncycastle.asn1.pkcs.CertificationRequest;

/** Makes RSA keys as broken generators did. */
final class WeakRsaKeys {

  private static final BigInteger GENERATOR = BigInteger.valueOf(65537);

  // The product of the first 126 primes is what keys of 2048 bits were made with.
  private static final BigInteger M =
      IntStream.rangeClosed(2, 701)
          .filter(n -> BigInteger.valueOf(n).isProbablePrime(30))
          .mapToObj(BigInteger::valueOf)
          .reduce(BigInteger.ONE, BigInteger::multiply);

  private WeakRsaKeys() {}

  /** As the chips of CVE-2017-15361 did: each prime is k * M + (65537^a mod M). */
  static KeyPair roca() {
    Random random = new Random(2017);
    BigInteger n = BigInteger.ZERO;
    BigInteger p = BigInteger.ONE;
    BigInteger q = BigInteger.ONE;
    while (n.bitLength() != 2048) {
      p = prime(random);
      q = prime(random);
      n = p.multiply(q);
    }
    return keys(p, q);
  }

  /** One of the factors is the largest small prime that is looked for. */
  static KeyPair smallFactor() {
    return keys(BigInteger.valueOf(751), BigInteger.probablePrime(2040, new Random(751)));
  }

  /** The second prime is the next one after the first. */
  static KeyPair closePrimes() {
    BigInteger p = BigInteger.probablePrime(1024, new Random(1)).setBit(1023).setBit(1022);
    BigInteger first = p.nextProbablePrime();
    return keys(first, first.nextProbablePrime());
  }

  /** What signs for the public exponent 1: a signature is the padded hash itself. */
  static PrivateKey signerForOne(BigInteger modulus) {
    return signer(modulus, BigInteger.ONE);
  }

  /**
   * What signs for a modulus and the public exponent 2 * 65537, which is even: every fourth text,
   * for the others have no root.
   */
  static PrivateKey signerForEven(BigInteger p, BigInteger q) {
    BigInteger phi = p.subtract(BigInteger.ONE).multiply(q.subtract(BigInteger.ONE));
    // Of a square modulo two primes that are 3 modulo 4, this power is a root.
    BigInteger root = phi.add(BigInteger.valueOf(4)).shiftRight(3);
    return signer(p.multiply(q), root.multiply(GENERATOR.modInverse(phi)).mod(phi));
  }

  /** Whether the request's signature, raised, is a padded hash: 15 zeros before the first one. */
  static boolean isSigned(byte[] csr, BigInteger modulus, BigInteger exponent) {
    byte[] signature = CertificationRequest.getInstance(csr).getSignature().getOctets();
    BigInteger padded = new BigInteger(1, signature).modPow(exponent, modulus);
    return padded.bitLength() == modulus.bitLength() - 15;
  }

  /** A prime of 1,024 bits that is 3 modulo 4. */
  static BigInteger blumPrime(int seed) {
    Random random = new Random(seed);
    BigInteger prime = BigInteger.ZERO;
    while (!prime.testBit(1) || !prime.testBit(1022)) {
      prime = BigInteger.probablePrime(1024, random);
    }
    return prime;
  }

  private static PrivateKey signer(BigInteger modulus, BigInteger exponent) {
    try {
      return KeyFactory.getInstance("RSA")
          .generatePrivate(new RSAPrivateKeySpec(modulus, exponent));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static BigInteger prime(Random random) {
    BigInteger residue = GENERATOR.modPow(new BigInteger(64, random), M);
    int bits = 1024 - M.bitLength();
    BigInteger prime = BigInteger.ZERO;
    while (prime.bitLength() != 1024 || !prime.isProbablePrime(40)) {
      prime = new BigInteger(bits, random).setBit(bits).multiply(M).add(residue);
    }
    return prime;
  }

  private static KeyPair keys(BigInteger p, BigInteger q) {
    BigInteger modulus = p.multiply(q);
    BigInteger phi = p.subtract(BigInteger.ONE).multiply(q.subtract(BigInteger.ONE));
    try {
      KeyFactory factory = KeyFactory.getInstance("RSA");
      return new KeyPair(
          factory.generatePublic(new RSAPublicKeySpec(modulus, GENERATOR)),
          factory.generatePrivate(new RSAPrivateKeySpec(modulus, GENERATOR.modInverse(phi))));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
