package io.signet.ca.app;

import io.signet.attestation.oidc.IssuerKeys;
import io.signet.attestation.oidc.JwtAttestor;
import io.signet.attestation.oidc.TrustedIssuer;
import io.signet.ca.config.AttestationConfig.Jwks.AtUrl;
import io.signet.ca.config.AttestationConfig.Jwks.Discovered;
import io.signet.ca.config.AttestationConfig.Jwks.InFile;
import io.signet.ca.config.AttestationConfig.JwtIssuer;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.delivery.Renewal;
import io.signet.ca.delivery.RenewalException;
import io.signet.sds.Timer;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The issuers of JWTs that the configuration names, with their keys kept fresh. A file must be good
 * at the start; an issuer on the network need not be there.
 */
final class JwtIssuers {

  private static final Logger LOG = LoggerFactory.getLogger(JwtIssuers.class);

  private final List<JwtAttestor> attestors = new ArrayList<>();
  private final List<Named> keys = new ArrayList<>();

  private record Named(String issuer, IssuerKeys keys) {
    Optional<String> problem() {
      return keys.problem().map(why -> issuer + ": " + why);
    }
  }

  private JwtIssuers() {}

  /**
   * Opens all of them.
   *
   * @param life gets what is to be closed again, also when this fails
   */
  static JwtIssuers open(SignetConfig config, Timer timer, Clock clock, Lifecycle life)
      throws IOException {
    JwtIssuers issuers = new JwtIssuers();
    for (JwtIssuer issuer : config.attestation().jwt()) {
      IssuerKeys keys = life.started(keys(issuer, clock));
      life.started(renewal(issuer.issuer(), keys, timer, clock));
      issuers.keys.add(new Named(issuer.issuer(), keys));
      issuers.attestors.add(
          new JwtAttestor(
              new TrustedIssuer(issuer.issuer(), issuer.audience()),
              keys,
              config.trustDomain(),
              clock));
    }
    return issuers;
  }

  private static IssuerKeys keys(JwtIssuer issuer, Clock clock) throws IOException {
    return switch (issuer.jwks()) {
      case InFile(var file) -> {
        IssuerKeys keys = IssuerKeys.inFile(file, clock);
        keys.refresh();
        yield keys;
      }
      case AtUrl(var url, var caFile) -> IssuerKeys.at(url, caFile, clock);
      case Discovered(var caFile) -> IssuerKeys.discovered(issuer.issuer(), caFile, clock);
    };
  }

  private static Renewal renewal(String issuer, IssuerKeys keys, Timer timer, Clock clock) {
    Renewal renewal =
        new Renewal(
            new KeyRenewal(keys),
            timer,
            clock,
            e -> LOG.warn("the keys of issuer {} were not read again: {}", issuer, e.getMessage()));
    renewal.start();
    return renewal;
  }

  private record KeyRenewal(IssuerKeys keys) implements Renewal.Work {
    @Override
    public Instant due() {
      return keys.due();
    }

    @Override
    public void run() throws RenewalException {
      try {
        keys.refresh();
      } catch (IOException e) {
        throw new RenewalException(String.valueOf(e.getMessage()), e);
      }
    }
  }

  List<JwtAttestor> attestors() {
    return List.copyOf(attestors);
  }

  /** Whose keys could not be read the last time, and why. */
  Optional<String> problem() {
    return keys.stream()
        .flatMap(named -> named.problem().stream())
        .reduce((one, other) -> one + "; " + other);
  }
}
