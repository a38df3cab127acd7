package io.signet.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The calls to a PKCS#11 module that OpenSC's spy has written down, each as a text. */
record SpiedCalls(List<String> calls) {
  private static final Pattern START = Pattern.compile("(?m)^(?=[0-9]+: C_)");
  private static final Pattern NAME = Pattern.compile("^[0-9]+: (C_\\w+)");

  // What PKCS#11 calls the secret parts of keys of all kinds, when it has been answered: the length
  // of an attribute that is refused is -1, and bytes follow on lines of their own.
  private static final Pattern SECRET =
      Pattern.compile(
          "CKA_(VALUE|PRIVATE_EXPONENT|PRIME_1|PRIME_2|EXPONENT_1|EXPONENT_2|COEFFICIENT)"
              + " +[0-9a-f]+ / [0-9]+\\n +00000000 +((?:[0-9A-F]{2} )+)");
  // Certificates have a CKA_VALUE too: a sequence in a sequence, with lengths of two bytes.
  private static final Pattern CERTIFICATE = Pattern.compile("30 8(1 ..|2 .. ..) 30 8[12] .*");

  /** How the second line of 16 bytes of a value begins. */
  static final String SECOND_LINE = "    00000010";

  private static final String BYTES = "  ((?:[0-9A-F]{2} ){16}).*\\n";
  private static final Pattern DIGEST =
      Pattern.compile("pData.* / 32\\n    00000000" + BYTES + SECOND_LINE + BYTES);

  SpiedCalls {
    calls = List.copyOf(calls);
  }

  static SpiedCalls read(Path file) throws IOException {
    return parse(Files.readString(file));
  }

  /** What was written so far. */
  static SpiedCalls parse(String text) {
    return new SpiedCalls(List.of(START.split(text)));
  }

  /** The digests of 32 bytes that were signed, or were to be, in hex. */
  List<String> signedDigests() {
    return of("C_Sign").stream()
        .flatMap(call -> DIGEST.matcher(call).results())
        .map(data -> (data.group(1) + data.group(2)).replace(" ", "").toLowerCase(Locale.ROOT))
        .toList();
  }

  /** The calls of these functions. */
  List<String> of(String... functions) {
    var wanted = Set.of(functions);
    return calls.stream().filter(call -> wanted.contains(name(call))).toList();
  }

  /** Calls that passed a secret part of a key, in or out. */
  List<String> secretValues() {
    return calls.stream()
        .filter(call -> SECRET.matcher(call).results().anyMatch(SpiedCalls::isNoCertificate))
        .toList();
  }

  private static boolean isNoCertificate(MatchResult value) {
    return !CERTIFICATE.matcher(value.group(2)).matches();
  }

  private static String name(String call) {
    var name = NAME.matcher(call);
    return name.find() ? name.group(1) : "";
  }
}
