package io.signet.ca.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.ledger.LedgerEntry;
import io.signet.ca.ledger.LedgerEntry.Result;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.store.DoomedIssuer.Left;
import io.signet.ca.store.DoomedIssuer.Moment;
import io.signet.spiffe.SerialNumber;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A process that issues is killed between each two steps (ISS-10), and what it leaves is looked at
 * as a restart finds it: no signature was ever made without an intent for the same bytes (ISS-2),
 * and nothing was released that is not recorded as issued (ISS-8).
 */
@Timeout(60)
final class IssuanceKillTest {

  @TempDir private Path folder;

  // ISS-10: what is known of those that were caught there, and whether they were signed.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      useHeadersInDisplayName = true,
      textBlock =
          """
          killed           | left    | signed
          BEFORE_INTENT    | NOTHING | false
          BEFORE_SIGNATURE | UNKNOWN | false
          SIGNED           | UNKNOWN | true
          BEFORE_RESULT    | UNKNOWN | true
          BEFORE_ANSWER    | ISSUED  | true
          """)
  void kill_whileSomeAreBetweenTwoSteps_everySignatureHasItsIntentAndIssuanceGoesOn(
      Moment killed, String left, boolean signed) throws Exception {
    Left told = DoomedIssuer.killed(folder, killed);
    List<X509Certificate> signatures = signatures();
    assertThat(signatures).isNotEmpty();

    try (IssuingServer server = IssuingServer.open(folder, folder)) {
      SignatureJournal.assertIntended(signatures, server.ledger());
      assertIssued(server, told.released());
      assertOthersAreUnknown(server, signatures);
      assertThat(told.caught()).hasSize(DoomedIssuer.CAUGHT);
      for (SerialNumber caught : told.caught()) {
        assertThat(left(server, caught)).isEqualTo(left);
        assertThat(serials(signatures).contains(caught)).isEqualTo(signed);
      }
      assertGoesOn(server);
    }
    assertNoSerialTwice(signatures());
  }

  private List<X509Certificate> signatures() throws IOException {
    return SignatureJournal.read(IssuingServer.journal(folder));
  }

  // ISS-8
  private static void assertIssued(IssuingServer server, List<X509Certificate> released)
      throws LedgerException {
    assertThat(released).isNotEmpty();
    for (X509Certificate each : released) {
      assertThat(server.ledger().find(SerialNumber.of(each)).flatMap(LedgerEntry::signature))
          .hasValue(each.getSignature());
    }
  }

  // ISS-8: a start has found them, and each can be revoked by its serial number.
  private static void assertOthersAreUnknown(IssuingServer server, List<X509Certificate> signatures)
      throws LedgerException {
    for (X509Certificate each : signatures) {
      LedgerEntry entry = server.ledger().find(SerialNumber.of(each)).orElseThrow();
      assertThat(entry.signature().isPresent() || entry.result() instanceof Result.Unknown)
          .as("%s", entry)
          .isTrue();
    }
    assertThat(server.found().count()).isLessThanOrEqualTo(DoomedIssuer.CALLERS);
    assertThat(server.ledger().unknown(Instant.now())).isEqualTo(server.found().count());
  }

  private static String left(IssuingServer server, SerialNumber serial) throws LedgerException {
    return server
        .ledger()
        .find(serial)
        .map(LedgerEntry::result)
        .map(result -> result.getClass().getSimpleName().toUpperCase(Locale.ROOT))
        .orElse("NOTHING");
  }

  private static void assertGoesOn(IssuingServer server) throws LedgerException {
    assertIssued(server, List.of(server.issue(), server.issue()));
  }

  // SER-2
  private static void assertNoSerialTwice(List<X509Certificate> signatures) {
    assertThat(serials(signatures)).doesNotHaveDuplicates();
  }

  private static List<SerialNumber> serials(List<X509Certificate> certificates) {
    return certificates.stream().map(SerialNumber::of).toList();
  }
}
