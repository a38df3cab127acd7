package io.signet.hsm.pkcs11;

import static java.util.function.Function.identity;
import static java.util.stream.Collectors.toUnmodifiableMap;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import java.security.InvalidAlgorithmParameterException;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The return codes of PKCS#11 (OASIS, PKCS #11 Base Specification 2.40, 5.1), and what each means
 * for custody. A code that is not listed means that the connection is {@link Fault#LOST} (P11-3).
 */
enum Ckr {
  OK(0x000, Fault.LOST),

  HOST_MEMORY(0x002, Fault.LOST),
  DEVICE_ERROR(0x030, Fault.LOST),
  DEVICE_MEMORY(0x031, Fault.LOST),
  DEVICE_REMOVED(0x032, Fault.LOST),
  OBJECT_HANDLE_INVALID(0x082, Fault.LOST),
  KEY_HANDLE_INVALID(0x060, Fault.LOST),
  SESSION_CLOSED(0x0B0, Fault.LOST),
  SESSION_HANDLE_INVALID(0x0B3, Fault.LOST),
  USER_NOT_LOGGED_IN(0x101, Fault.LOST),
  SLOT_ID_INVALID(0x003, Fault.LOST),
  GENERAL_ERROR(0x005, Fault.LOST),
  FUNCTION_FAILED(0x006, Fault.LOST),
  TOKEN_NOT_PRESENT(0x0E0, Fault.LOST),
  TOKEN_NOT_RECOGNIZED(0x0E1, Fault.LOST),

  SESSION_COUNT(0x0B1, Fault.BUSY),

  PIN_INCORRECT(0x0A0, Fault.DENIED),
  PIN_INVALID(0x0A1, Fault.DENIED),
  PIN_LEN_RANGE(0x0A2, Fault.DENIED),
  PIN_EXPIRED(0x0A3, Fault.DENIED),
  PIN_LOCKED(0x0A4, Fault.DENIED),
  USER_PIN_NOT_INITIALIZED(0x102, Fault.DENIED),
  USER_ANOTHER_ALREADY_LOGGED_IN(0x104, Fault.DENIED),
  ATTRIBUTE_SENSITIVE(0x011, Fault.DENIED),
  ACTION_PROHIBITED(0x01B, Fault.DENIED),
  KEY_FUNCTION_NOT_PERMITTED(0x068, Fault.DENIED),
  TOKEN_WRITE_PROTECTED(0x0E2, Fault.DENIED),

  ARGUMENTS_BAD(0x007, Fault.REJECTED),
  ATTRIBUTE_TYPE_INVALID(0x012, Fault.REJECTED),
  ATTRIBUTE_VALUE_INVALID(0x013, Fault.REJECTED),
  FUNCTION_NOT_SUPPORTED(0x054, Fault.REJECTED),
  KEY_SIZE_RANGE(0x062, Fault.REJECTED),
  MECHANISM_INVALID(0x070, Fault.REJECTED),
  MECHANISM_PARAM_INVALID(0x071, Fault.REJECTED),
  TEMPLATE_INCOMPLETE(0x0D0, Fault.REJECTED),
  TEMPLATE_INCONSISTENT(0x0D1, Fault.REJECTED),
  DOMAIN_PARAMS_INVALID(0x130, Fault.REJECTED),
  CURVE_NOT_SUPPORTED(0x140, Fault.REJECTED),

  USER_ALREADY_LOGGED_IN(0x100, Fault.LOST),
  CRYPTOKI_ALREADY_INITIALIZED(0x191, Fault.LOST),

  // P11-5: somebody has called C_Finalize in this process.
  CRYPTOKI_NOT_INITIALIZED(0x190, Fault.FATAL);

  private static final Pattern IN_TEXT = Pattern.compile("CKR_(\\w+)");
  // P11-15: the JDK counts sessions itself (its SessionManager), and does not call this by a code.
  private static final Set<String> NO_SESSION_LEFT =
      Set.of("No more sessions available", "Could not obtain session");
  private static final Map<Long, Ckr> BY_CODE =
      Arrays.stream(values()).collect(toUnmodifiableMap(ckr -> ckr.code, identity()));
  private static final Map<String, Ckr> BY_NAME =
      Arrays.stream(values()).collect(toUnmodifiableMap(Ckr::name, identity()));

  private final long code;
  private final Fault fault;

  Ckr(long code, Fault fault) {
    this.code = code;
    this.fault = fault;
  }

  boolean is(long returned) {
    return code == returned;
  }

  Fault fault() {
    return fault;
  }

  /** This code, as a failure of what was done. */
  CustodyException failure(String where, String doing) {
    return failure(where, doing, "CKR_" + this, fault, null);
  }

  /** The code by its name in the standard, {@code CKR_DEVICE_ERROR}; a vendor's own in hex. */
  static String name(long returned) {
    Ckr known = BY_CODE.get(returned);
    return known == null ? "CKR_0x%08X".formatted(returned) : "CKR_" + known;
  }

  /** What a function of the library has returned, as a failure. */
  static CustodyException failure(String where, String function, long returned) {
    Ckr known = BY_CODE.get(returned);
    Fault fault = known == null ? Fault.LOST : known.fault;
    return failure(where, function, name(returned), fault, null);
  }

  /** What SunPKCS11 has thrown, as a failure; its own exceptions tell the code only as text. */
  static CustodyException failure(String where, String doing, Exception thrown) {
    if (thrown instanceof InvalidAlgorithmParameterException) { // a key size beyond the mechanism
      return failure(where, doing, String.valueOf(thrown.getMessage()), Fault.REJECTED, thrown);
    }
    Optional<String> name = nameIn(thrown);
    Fault fault = name.map(BY_NAME::get).map(Ckr::fault).orElse(Fault.LOST);
    String code = name.map("CKR_"::concat).orElse(thrown.getClass().getSimpleName());
    return failure(where, doing, code, fault, thrown);
  }

  private static Optional<String> nameIn(Throwable thrown) {
    for (Throwable e = thrown; e != null; e = e.getCause()) {
      String message = String.valueOf(e.getMessage());
      if (NO_SESSION_LEFT.contains(message)) {
        return Optional.of(SESSION_COUNT.name());
      }
      Matcher code = IN_TEXT.matcher(message);
      if (code.find()) {
        return Optional.of(code.group(1));
      }
    }
    return Optional.empty();
  }

  private static CustodyException failure(
      String where, String doing, String code, Fault fault, @Nullable Throwable cause) {
    return new CustodyException(
        fault, "%s: %s: %s (%s)".formatted(where, doing, code, advice(code, fault)), cause);
  }

  // P11-22: what to check.
  private static String advice(String code, Fault fault) {
    return switch (code) {
      case "CKR_PIN_LOCKED" -> "too many wrong PINs: the security officer has to unlock the token";
      case "CKR_USER_PIN_NOT_INITIALIZED" -> "the token has no user PIN yet: initialise it";
      case "CKR_PIN_INCORRECT" -> "check the PIN; it was tried once and is not tried again";
      default ->
          switch (fault) {
            case BUSY -> "the token has no session left; check who else uses it";
            case LOST -> "check that the device is there, reachable and healthy";
            case DENIED -> "check the PIN and what its user may do";
            case REJECTED -> "the token does not support this; check its documentation";
            case FATAL -> "restart the process";
            case BROKEN -> "take the key out of use";
          };
    };
  }
}
