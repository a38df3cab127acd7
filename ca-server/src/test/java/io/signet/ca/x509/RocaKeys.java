package io.signet.ca.x509;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.spec.RSAPrivateKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.Random;
import java.util.stream.IntStream;

/** Makes keys as the chips of CVE-2017-15361 did: each prime is k * M + (65537^a mod M). */
final class RocaKeys {

  private static final BigInteger GENERATOR = BigInteger.valueOf(65537);

  // The product of the first 126 primes is what keys of 2048 bits were made with.
  private static final BigInteger M =
      IntStream.rangeClosed(2, 701)
          .filter(n -> BigInteger.valueOf(n).isProbablePrime(30))
          .mapToObj(BigInteger::valueOf)
          .reduce(BigInteger.ONE, BigInteger::multiply);

  private RocaKeys() {}

  static KeyPair make() {
    Random random = new Random(2017);
    BigInteger n = BigInteger.ZERO;
    BigInteger p = BigInteger.ONE;
    BigInteger q = BigInteger.ONE;
    while (n.bitLength() != 2048) {
      p = prime(random);
      q = prime(random);
      n = p.multiply(q);
    }
    BigInteger phi = p.subtract(BigInteger.ONE).multiply(q.subtract(BigInteger.ONE));
    return keys(n, GENERATOR.modInverse(phi));
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

  private static KeyPair keys(BigInteger modulus, BigInteger exponent) {
    try {
      KeyFactory factory = KeyFactory.getInstance("RSA");
      return new KeyPair(
          factory.generatePublic(new RSAPublicKeySpec(modulus, GENERATOR)),
          factory.generatePrivate(new RSAPrivateKeySpec(modulus, exponent)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
