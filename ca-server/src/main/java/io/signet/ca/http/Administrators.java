package io.signet.ca.http;

import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Attestor;
import io.signet.attestation.Evidence;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Evidence.ClientCertificate;
import io.signet.attestation.Evidence.PeerCredentials;
import io.signet.ca.http.Administrators.Judged.Admitted;
import io.signet.ca.http.Administrators.Judged.TurnedAway;
import io.signet.spiffe.SecretBytes;
import io.signet.spiffe.SpiffeId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Who may administrate: whoever has the token, and on a listener that takes client certificates who
 * has an SVID of certain identities. Safe for use by many threads; blocks.
 */
public final class Administrators {

  /** In the journal and in the audit, who showed the token. */
  public static final String BY_TOKEN = "admin-token";

  /** Fewer can be guessed. */
  public static final int SHORTEST_TOKEN = 16;

  /** Where the token is found. */
  @FunctionalInterface
  public interface Token {

    /**
     * The token as it is now.
     *
     * @throws IOException if there is none; the message never shows what was found
     */
    SecretBytes read() throws IOException;
  }

  /** What came of a judgement. */
  sealed interface Judged {

    /**
     * An administrator.
     *
     * @param by who that is, for journal and audit
     */
    record Admitted(String by) implements Judged {}

    /**
     * Nobody who may.
     *
     * @param status of the answer
     * @param told to the caller
     * @param why precisely, for the audit
     */
    record TurnedAway(int status, String told, String why) implements Judged {
      TurnedAway(int status, String told) {
        this(status, told, told);
      }
    }
  }

  private static final TurnedAway NOT_CONFIGURED =
      new TurnedAway(
          403,
          "nobody may administrate here (expected: admin.token-file in the configuration, or"
              + " admin.ids, whose certificates count at listen.admin)");
  private static final TurnedAway NO_CREDENTIALS =
      new TurnedAway(
          401,
          "no credentials (expected: the admin token as bearer token, or at listen.admin the client"
              + " certificate of an administrator)");
  private static final String WRONG_TOKEN = "wrong token (expected: that of admin.token-file)";
  private static final String WRONG_CERTIFICATE =
      "no valid certificate of ours (expected: that of an administrator)";
  private static final String NO_CERTIFICATES = "certificates do not count here";

  // What could not be judged may have been right; who is known is told more than who is not.
  private static final List<Integer> HEAVIEST_FIRST = List.of(503, 403, 401);

  private final Optional<Token> token;
  private final Optional<Attestor> certificates;
  private final Predicate<SpiffeId> isOne;

  /**
   * @param token empty where none counts
   * @param certificates judges those that are shown; empty where none count
   * @param isOne whose certificates count
   */
  public Administrators(
      Optional<Token> token, Optional<Attestor> certificates, Predicate<SpiffeId> isOne) {
    this.token = token;
    this.certificates = certificates;
    this.isOne = isOne;
  }

  /** The first of what is shown that proves an administrator decides. */
  Judged judge(List<Evidence> shown) {
    if (token.isEmpty() && certificates.isEmpty()) {
      return NOT_CONFIGURED;
    }
    List<TurnedAway> refusals = new ArrayList<>();
    for (Evidence evidence : shown) {
      switch (judge(evidence)) {
        case Admitted admitted -> {
          return admitted;
        }
        case TurnedAway refusal -> refusals.add(refusal);
      }
    }
    return refusals.stream()
        .min(Comparator.comparingInt(refusal -> HEAVIEST_FIRST.indexOf(refusal.status())))
        .orElse(NO_CREDENTIALS);
  }

  private Judged judge(Evidence evidence) {
    return switch (evidence) {
      case BearerToken(String text, String _) -> byToken(text);
      case ClientCertificate certificate -> byCertificate(certificate);
      case PeerCredentials _ -> NO_CREDENTIALS;
    };
  }

  private Judged byToken(String text) {
    if (token.isEmpty()) {
      return new TurnedAway(401, "tokens do not count here (expected: admin.token-file)");
    }
    try {
      SecretBytes right = token.get().read();
      SecretBytes found = SecretBytes.copyOf(text.getBytes(StandardCharsets.UTF_8));
      boolean same = right.sameAs(found); // in constant time
      right.destroy();
      found.destroy();
      return same ? new Admitted(BY_TOKEN) : new TurnedAway(401, WRONG_TOKEN);
    } catch (IOException e) {
      return new TurnedAway(
          503, "the admin token cannot be read now", String.valueOf(e.getMessage()));
    }
  }

  private Judged byCertificate(ClientCertificate shown) {
    if (certificates.isEmpty()) {
      return new TurnedAway(401, NO_CERTIFICATES);
    }
    return switch (certificates.get().attest(shown)) {
      case Proven(var proof) when isOne.test(proof.id()) -> new Admitted(proof.id().toString());
      case Proven(var proof) ->
          new TurnedAway(
              403,
              proof.id() + " is no administrator (expected: one of admin.ids that is not denied)");
      case Unproven(var refusal) -> new TurnedAway(401, WRONG_CERTIFICATE, refusal.detail());
    };
  }
}
