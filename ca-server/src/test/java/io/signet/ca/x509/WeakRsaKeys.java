package io.signet.ca.x509;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.spec.RSAPrivateKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.Random;
import java.util.stream.IntStream;

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
