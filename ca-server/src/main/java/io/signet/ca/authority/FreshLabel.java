package io.signet.ca.authority;

import io.signet.hsm.KeyLabel;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;

/** Labels that no key has: nobody else can have drawn the same part, not even in one moment. */
public final class FreshLabel {

  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

  private FreshLabel() {}

  /** Such as {@code root-20261123-120000-0a1b2c3d}. */
  public static KeyLabel of(String what, Clock clock) {
    byte[] drawn = new byte[4];
    new SecureRandom().nextBytes(drawn);
    return new KeyLabel(
        "%s-%s-%s".formatted(what, STAMP.format(clock.instant()), HexFormat.of().formatHex(drawn)));
  }
}
