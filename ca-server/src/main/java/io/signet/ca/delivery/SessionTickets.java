package io.signet.ca.delivery;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signet.sds.Secret.SessionTicketKeys;
import io.signet.spiffe.SecretBytes;
import io.signet.spiffe.SpiffeId;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.LongStream;
import javax.crypto.KDF;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Keys for TLS session tickets, the same for all who share an identity, so that each of them can
 * resume the sessions of the others; another every hour (FLD-7). The one of the hour before is
 * there for tickets that are still out, and the one of the next hour for those of whoever is ahead
 * with the change. They are derived from a random secret of each hour, which is forgotten with its
 * tickets. Safe for use by many threads.
 */
public final class SessionTickets {
  /** How long a key encrypts. */
  public static final Duration PERIOD = Duration.ofHours(1);

  private static final int SECRET_LENGTH = 32;

  private final SecureRandom random;
  private final Clock clock;
  private final Map<Long, byte[]> secrets = new HashMap<>();

  /**
   * A process of its own has secrets of its own: none is kept anywhere.
   *
   * @param clock says which hour it is
   */
  public SessionTickets(SecureRandom random, Clock clock) {
    this.random = random;
    this.clock = clock;
  }

  /** The keys of this identity for now: the first encrypts, all decrypt. */
  SessionTicketKeys of(SpiffeId identity) {
    long hour = clock.instant().getEpochSecond() / PERIOD.toSeconds();
    return new SessionTicketKeys(
        LongStream.of(hour, hour - 1, hour + 1)
            .mapToObj(of -> derived(secretOf(of, hour), identity))
            .toList());
  }

  private synchronized byte[] secretOf(long hour, long now) {
    secrets.entrySet().removeIf(old -> isOver(old, now));
    return secrets.computeIfAbsent(hour, _ -> drawn());
  }

  private static boolean isOver(Map.Entry<Long, byte[]> secret, long now) {
    boolean over = secret.getKey() < now - 1;
    if (over) {
      Arrays.fill(secret.getValue(), (byte) 0);
    }
    return over;
  }

  private byte[] drawn() {
    byte[] secret = new byte[SECRET_LENGTH];
    random.nextBytes(secret);
    return secret;
  }

  private static SecretBytes derived(byte[] secret, SpiffeId identity) {
    byte[] key;
    try {
      key =
          KDF.getInstance("HKDF-SHA256")
              .deriveData(
                  HKDFParameterSpec.ofExtract()
                      .addIKM(new SecretKeySpec(secret, "Generic"))
                      .thenExpand(
                          ("session tickets of " + identity).getBytes(UTF_8),
                          SessionTicketKeys.KEY_LENGTH));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform since 25 has HKDF-SHA256", e);
    }
    try {
      return SecretBytes.copyOf(key);
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }
}
