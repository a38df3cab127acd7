package io.signet.ca.config;

import io.netty.util.NetUtil;
import java.util.regex.Pattern;

/** Host names that a certificate may hold. */
final class ServingName {
  private static final int LONGEST = 253;
  private static final Pattern DNS =
      Pattern.compile(
          "(?i)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*");
  private static final Pattern IPV4 =
      Pattern.compile("((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\\.(?!$)|$)){4}");
  private static final Pattern NUMBERS = Pattern.compile("[0-9.]+");

  private ServingName() {}

  /** Whether this is a DNS name (RFC 1123, section 2.1; no wildcard) or an IP address. */
  static boolean isValid(String name) {
    if (name.indexOf(':') >= 0) {
      return isIpv6(name);
    }
    return NUMBERS.matcher(name).matches()
        ? IPV4.matcher(name).matches()
        : name.length() <= LONGEST && DNS.matcher(name).matches();
  }

  /** Whether this is a DNS name. */
  static boolean isDns(String name) {
    return isValid(name) && name.indexOf(':') < 0 && !NUMBERS.matcher(name).matches();
  }

  private static boolean isIpv6(String name) {
    return NetUtil.isValidIpV6Address(name) && name.indexOf('%') < 0;
  }
}
