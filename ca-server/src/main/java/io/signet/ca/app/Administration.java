package io.signet.ca.app;

import io.signet.attestation.Attestor;
import io.signet.ca.config.AdminConfig;
import io.signet.ca.config.SecretPlace;
import io.signet.ca.http.AdminDoor;
import io.signet.ca.http.Administrators;
import io.signet.ca.http.Administrators.Token;
import io.signet.ca.http.BundleRoutes;
import io.signet.ca.http.RevocationRoutes;
import io.signet.ca.http.RotationRoutes;
import io.signet.ca.http.Routes;
import io.signet.ca.issuance.Limits;
import io.signet.ca.issuance.RateLimit;
import io.signet.ca.revocation.Revoker;
import io.signet.ca.rotation.RotationControl;
import io.signet.ca.telemetry.AuditLog;
import io.signet.spiffe.SecretBytes;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustBundle;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What administrators see and do on the operator plane, and who they are. It is served before there
 * is a CA; what needs one is plugged in when it is there. Safe for use by many threads.
 */
final class Administration {

  // Of one address: more than a person or a script needs, less than guessing does.
  private static final RateLimit ATTEMPTS = new RateLimit(2, 20);

  private final AdminConfig config;
  private final Predicate<SpiffeId> isDenied;
  private final List<Routes> others;
  private final AuditLog audit;
  private final AtomicReference<Optional<RotationControl>> rotation =
      new AtomicReference<>(Optional.empty());
  private final AtomicReference<Optional<Revoker>> revoker =
      new AtomicReference<>(Optional.empty());
  private final AtomicReference<Optional<Supplier<TrustBundle>>> bundle =
      new AtomicReference<>(Optional.empty());

  /**
   * @param isDenied who may do nothing, also with a certificate that is still good
   * @param others what everybody may see beside it
   */
  Administration(
      AdminConfig config, Predicate<SpiffeId> isDenied, List<Routes> others, AuditLog audit) {
    this.config = config;
    this.isDenied = isDenied;
    this.others = List.copyOf(others);
    this.audit = audit;
  }

  /**
   * Makes sure that the token is there, so that a start tells what is wrong with it.
   *
   * @throws IOException if its file cannot be read, or holds none that is good
   */
  void check() throws IOException {
    if (config.tokenFile().isPresent()) {
      token(config.tokenFile().get()).destroy();
    }
  }

  /** From now on this is asked and told about rotations. */
  void rotatesBy(RotationControl control) {
    rotation.set(Optional.of(control));
  }

  /** From now on this is asked and told about revocations. */
  void revokesBy(Revoker acting) {
    revoker.set(Optional.of(acting));
  }

  /** From now on this bundle is shown, as it is when somebody asks. */
  void trusts(Supplier<TrustBundle> now) {
    bundle.set(Optional.of(now));
  }

  /** The whole operator plane, where no certificate can be shown. */
  List<Routes> routes() {
    return routes(new Administrators(token(), Optional.empty(), _ -> false));
  }

  /**
   * The same where one can.
   *
   * @param certificates judges it
   */
  List<Routes> routes(Attestor certificates) {
    return routes(
        new Administrators(
            token(),
            Optional.of(certificates).filter(_ -> !config.ids().isEmpty()),
            id -> config.ids().contains(id) && !isDenied.test(id)));
  }

  private List<Routes> routes(Administrators administrators) {
    AdminDoor door = new AdminDoor(administrators, attempts(), new Audited(audit));
    Routes rotations = new RotationRoutes(rotation::get, door);
    Routes revocations = new RevocationRoutes(revoker::get, door, System::nanoTime);
    Routes bundles = new BundleRoutes(() -> bundle.get().map(Supplier::get));
    return Stream.concat(others.stream(), Stream.of(rotations, revocations, bundles)).toList();
  }

  // One for each listener: who is on the network is not to keep out who is on this machine.
  private static Limits attempts() {
    return new Limits(
        Optional.of(ATTEMPTS), Optional.empty(), OptionalInt.empty(), System::nanoTime);
  }

  private Optional<Token> token() {
    return config.tokenFile().map(file -> () -> token(file));
  }

  // Read whenever one is shown, so that another one counts at once.
  private static SecretBytes token(Path file) throws IOException {
    SecretBytes token = SecretPlace.inPrivateFile(file).read();
    if (token.length() < Administrators.SHORTEST_TOKEN) {
      throw new IOException(
          "%s: %d bytes (expected: a token of %d or more)"
              .formatted(file, token.length(), Administrators.SHORTEST_TOKEN));
    }
    return token;
  }

  private record Audited(AuditLog audit) implements AdminDoor.Events {
    @Override
    public void acted(Map<String, String> said) {
      audit.administered(said);
    }

    @Override
    public void turnedAway(Map<String, String> said) {
      audit.notAdministered(said);
    }
  }
}
