package io.signet.ca.x509;

import java.math.BigInteger;

/**
 * Recognises RSA keys that a broken generator made so that anybody can factor them (CSR-9). An
 * honest key of 2048 bits passes as neither.
 */
final class WeakRsa {

  private static final int SMALL = 752; // as far as letsencrypt/boulder:goodkey looks
  private static final BigInteger SMALL_PRIMES = product();

  // Enough for primes that were searched for from the same start (CVE-2022-26320).
  private static final int FERMAT_ROUNDS = 100;

  private WeakRsa() {}

  private static BigInteger product() {
    BigInteger product = BigInteger.TWO;
    for (BigInteger prime = BigInteger.valueOf(3);
        prime.intValue() < SMALL;
        prime = prime.nextProbablePrime()) {
      product = product.multiply(prime);
    }
    return product;
  }

  static boolean hasSmallFactor(BigInteger modulus) {
    return !modulus.gcd(SMALL_PRIMES).equals(BigInteger.ONE);
  }

  /**
   * Fermat's method: n = a^2 - b^2 with an a just above the root of n when its factors are close.
   */
  static boolean hasCloseFactors(BigInteger modulus) {
    BigInteger a = modulus.sqrt();
    for (int round = 0; round <= FERMAT_ROUNDS; round++) {
      if (isSquare(a.multiply(a).subtract(modulus))) {
        return true;
      }
      a = a.add(BigInteger.ONE);
    }
    return false;
  }

  private static boolean isSquare(BigInteger number) {
    return number.signum() >= 0
        && mayBeSquare(number.intValue() & 15)
        && number.sqrtAndRemainder()[1].signum() == 0;
  }

  // Squares end in these four bits; most numbers do not, and need no root.
  private static boolean mayBeSquare(int lowest) {
    return lowest == 0 || lowest == 1 || lowest == 4 || lowest == 9;
  }
}
