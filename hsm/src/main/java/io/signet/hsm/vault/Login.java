package io.signet.hsm.vault;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Gets tokens and gives them back (key-custody, section 5). It tries everything once. */
final class Login {

  private static final Secret NOBODY = new Secret("");

  private final VaultSettings settings;
  private final Cluster cluster;
  private final Connections connections;
  private final Timing timing;

  Login(VaultSettings settings, Cluster cluster, Connections connections, Timing timing) {
    this.settings = settings;
    this.cluster = cluster;
    this.connections = connections;
    this.timing = timing;
  }

  /**
   * A token by the configured method.
   *
   * @throws CustodyException {@link Fault#DENIED} when Vault does not take what it was shown, or
   *     that cannot be read
   */
  Lease login() throws CustodyException {
    return switch (settings.auth()) {
      case VaultAuth.Token(Path file) -> lookedUp(secret("token", file));
      case VaultAuth.Kubernetes(String mount, String role, Path file) ->
          login(mount, Map.of("role", role, "jwt", secret("service account token", file).reveal()));
      case VaultAuth.AppRole(String mount, String roleId, Path file) ->
          login(mount, Map.of("role_id", roleId, "secret_id", secret("secret id", file).reveal()));
      case VaultAuth.Cert cert -> {
        connections.renew();
        Map<String, Object> name = new HashMap<>();
        cert.role().ifPresent(role -> name.put("name", role));
        yield login(cert.mount(), name);
      }
    };
  }

  private Secret secret(String what, Path file) throws CustodyException {
    try {
      String text = Files.readString(file, UTF_8).strip();
      if (!text.matches("[\\x21-\\x7e]+")) {
        throw denied(what + " file " + file + " (expected: one line of visible ASCII)", null);
      }
      return new Secret(text);
    } catch (IOException e) { // malformed input does not quote it
      throw denied(what + " file " + file + " cannot be read: " + e.getClass().getSimpleName(), e);
    }
  }

  private Lease login(String mount, Map<String, Object> proof) throws CustodyException {
    String path = "auth/" + mount + "/login";
    Fields auth = granted(Call.writeOnce(path, proof), NOBODY).fields("auth");
    Secret token =
        auth.text("client_token")
            .map(Secret::new)
            .orElseThrow(() -> denied(path + " gave no token", null));
    return Lease.of(token, life(auth, "lease_duration"), auth.flag("renewable"), timing);
  }

  private Lease lookedUp(Secret token) throws CustodyException {
    Fields data = granted(Call.read("auth/token/lookup-self"), token).fields("data");
    return Lease.of(token, life(data, "ttl"), data.flag("renewable"), timing);
  }

  /**
   * Lengthens the life of the token; by how much is for Vault to say.
   *
   * @throws CustodyException {@link Fault#DENIED} when Vault does not know it any more
   */
  Lease renewed(Lease lease) throws CustodyException {
    Map<String, Object> wish = Map.of("increment", lease.full().toSeconds() + "s");
    Call renewal = Call.write("auth/token/renew-self", wish);
    Fields auth = granted(renewal, lease.token()).fields("auth");
    return lease.renewed(life(auth, "lease_duration"), auth.flag("renewable"), timing);
  }

  /** Ends a token that a login has made; one that was given belongs to others. */
  void revoke(Lease lease, Deadline deadline) throws CustodyException {
    if (!(settings.auth() instanceof VaultAuth.Token)) {
      Call revocation = Call.writeOnce("auth/token/revoke-self", Map.of());
      Answer _ = cluster.ask(revocation, lease.token(), deadline);
    }
  }

  private Fields granted(Call call, Secret token) throws CustodyException {
    try {
      Answer answer = cluster.ask(call, token, Deadline.in(settings.deadline()));
      if (!answer.isDone()) {
        throw denied(call + ": status " + answer.status(), null);
      }
      return answer.body();
    } catch (CustodyException e) {
      // A wrong secret id is a bad request to Vault, and a missing method a path that is not there.
      throw e.fault() == Fault.REJECTED
          ? new CustodyException(Fault.DENIED, String.valueOf(e.getMessage()), e)
          : e;
    }
  }

  private static Duration life(Fields fields, String name) {
    return Duration.ofSeconds(Math.max(0, fields.number(name).orElse(0)));
  }

  private CustodyException denied(String why, @Nullable Exception cause) {
    return new CustodyException(Fault.DENIED, settings.where() + ": " + why, cause);
  }
}
