package io.signet.ca.x509;

import java.math.BigInteger;
import java.util.BitSet;

/**
 * Recognises RSA keys that a line of chips made from too few primes, so that they can be factored
 * (CVE-2017-15361; CSR-9). Modulo each small prime their modulus is a power of 65537; an honest key
 * passes as one of them about once in 2^27.
 */
final class Roca {

  private static final int GENERATOR = 65537;

  // Small primes modulo which few numbers are powers of 65537.
  private static final int[] PRIMES = {
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167
  };

  private Roca() {}

  static boolean isWeak(BigInteger modulus) {
    for (int prime : PRIMES) {
      int remainder = modulus.mod(BigInteger.valueOf(prime)).intValue();
      if (!powers(prime).get(remainder)) {
        return false;
      }
    }
    return true;
  }

  private static BitSet powers(int prime) {
    BitSet powers = new BitSet(prime);
    for (int power = 1; !powers.get(power); power = power * (GENERATOR % prime) % prime) {
      powers.set(power);
    }
    return powers;
  }
}
